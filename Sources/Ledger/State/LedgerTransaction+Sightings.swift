import Formats
package import Foundation
import GRDB
package import SecurityGroups

/// The ledger's memory of rules that EC2 showed. Access is restored only from it.
extension LedgerTransaction {
    /// The table and the view. A row is one content of one rule. `gone_at` is null while EC2 last showed this content.
    static let sightingsSchema = """
        CREATE TABLE sightings (
            group_id TEXT NOT NULL,
            rule_id TEXT NOT NULL,
            direction TEXT NOT NULL,
            protocol TEXT NOT NULL,
            from_port INTEGER NOT NULL,
            to_port INTEGER NOT NULL,
            source TEXT NOT NULL,
            account TEXT,
            region TEXT NOT NULL,
            description TEXT,
            peer_owner TEXT,                        -- the account of the group that is the source, where it is another
            first_seen TEXT NOT NULL,
            last_seen TEXT NOT NULL,                -- by an event; a snapshot writes it once for the group
            stood_from TEXT NOT NULL,               -- since when it was seen to say this without a break
            gone_at TEXT,
            known_by TEXT NOT NULL,                 -- baseline, event, sweep, approved
            approved_by TEXT,                       -- allow NAME, exempt NAME, baseline, approved WHO
            approver_arn TEXT,                      -- of the caller whose call was approved
            approver_service TEXT,
            approver_identity TEXT,
            approved_event_time TEXT,
            forgotten_at TEXT,                      -- when a person took the approval back, its exemption ended, or somebody undid what had replaced it
            added_as TEXT,                          -- what the record that added the rule says
            event_id TEXT,                          -- the event that brought it, or whose run saw it
            PRIMARY KEY (group_id, rule_id, direction, protocol, from_port, to_port, source)
        ) STRICT, WITHOUT ROWID;

        CREATE INDEX sightings_unexplained ON sightings (group_id, rule_id) WHERE gone_at IS NULL AND approved_by IS NULL;
        CREATE INDEX sightings_exempt ON sightings (group_id, rule_id) WHERE gone_at IS NULL AND approved_by GLOB 'exempt *';

        CREATE VIEW standing_rules AS SELECT
            \(StandingColumn.allCases.map(\.expression).joined(separator: ", "))
        FROM sightings LEFT JOIN group_snapshots USING (group_id) WHERE gone_at IS NULL;
        """

    /// Records the rules that a run saw.
    ///
    /// - Parameter lending: The sources of approvals that do not last.
    func keep(_ sightings: [RuleSighting], lending: Set<String>, of eventID: String) throws {
        for sighting in sightings {
            try run(
                """
                UPDATE sightings SET gone_at = ?, event_id = coalesce(event_id, ?)
                WHERE group_id = ? AND rule_id = ? AND gone_at IS NULL
                    AND NOT (? AND direction = ? AND protocol = ? AND from_port = ? AND to_port = ? AND source = ?)
                """,
                [nowText, eventID, sighting.groupID.description, sighting.ruleID.description, sighting.content != nil]
                    + (sighting.content.map { arguments($0.rule) } ?? ["", "", 0, 0, ""])
            )
            if let content = sighting.content { try keep(content, sighting, lending, of: eventID) }
            if eventID.hasPrefix(Self.exemptionEnds), sighting.approval != nil { try endExemption(of: sighting) }
            if let rule = sighting.forbidden { try takeFromBaseline(rule, sighting.groupID, sighting.ruleID) }
        }
    }

    /// Lets what an exempt caller made of a rule count no longer: the exemption has ended, and the rule stays for another reason.
    private func endExemption(of sighting: RuleSighting) throws {
        try run(
            "UPDATE sightings SET forgotten_at = ? WHERE group_id = ? AND rule_id = ? AND gone_at IS NULL",
            [nowText, sighting.groupID.description, sighting.ruleID.description]
        )
    }

    /// A rule that a record brought, and that the policy forbade, was no part of the baseline: the first look at its group came
    /// between the call and the record.
    func takeFromBaseline(
        _ rule: SecurityGroupRule,
        _ groupID: SecurityGroupID,
        _ ruleID: SecurityGroupRuleID
    ) throws {
        try run(
            """
            UPDATE sightings SET approved_by = NULL, known_by = 'event'
            WHERE group_id = ? AND rule_id = ? AND direction = ? AND protocol = ? AND from_port = ? AND to_port = ?
                AND source = ? AND known_by = 'baseline'
            """,
            [groupID.description, ruleID.description] + arguments(rule)
        )
    }

    private func keep(
        _ content: RuleContent,
        _ sighting: RuleSighting,
        _ lending: Set<String>,
        of eventID: String
    ) throws {
        let approval = try keptApproval(sighting, lending: lending) == nil ? sighting.approval : nil
        if sighting.approval == nil { try endReplaced(content.rule, sighting, lending) }
        try run(
            """
            INSERT INTO sightings (group_id, rule_id, direction, protocol, from_port, to_port, source, account, region,
                description, peer_owner, first_seen, last_seen, stood_from, known_by, approved_by, approver_arn,
                approver_service, approver_identity, approved_event_time, added_as, event_id)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            ON CONFLICT DO UPDATE SET
                stood_from = iif(gone_at IS NULL, stood_from, excluded.stood_from),
                gone_at = NULL, last_seen = excluded.last_seen, description = excluded.description,
                peer_owner = excluded.peer_owner,
                known_by = iif(known_by = 'sweep', excluded.known_by, known_by),
                event_id = iif(known_by = 'event', event_id, excluded.event_id),
                approved_by = coalesce(excluded.approved_by, approved_by),
                approver_arn = coalesce(excluded.approver_arn, approver_arn),
                approver_service = coalesce(excluded.approver_service, approver_service),
                approver_identity = coalesce(excluded.approver_identity, approver_identity),
                approved_event_time = max(
                    coalesce(excluded.approved_event_time, approved_event_time),
                    coalesce(approved_event_time, excluded.approved_event_time)
                ),
                added_as = coalesce(added_as, excluded.added_as)
            """,
            [sighting.groupID.description, sighting.ruleID.description] + arguments(content.rule) + [
                sighting.account, sighting.region, content.ruleDescription?.bounded, content.peerOwner,
                nowText, nowText, nowText, sighting.knownBy.rawValue, approval?.source.bounded,
                approval?.caller.issuerARN?.bounded, approval?.caller.invokedBy?.bounded,
                approval?.caller.sourceIdentity?.bounded, approval?.eventTime.map(RFC3339.format),
                sighting.added?.description.bounded, eventID,
            ]
        )
    }

    /// Ends the approval of content that other approved content has replaced: whoever narrows a rule does not want it to be widened
    /// again by anybody.
    private func endReplaced(_ rule: SecurityGroupRule, _ sighting: RuleSighting, _ lending: Set<String>) throws {
        let seen = try sightings(of: sighting.ruleID.description, in: sighting.groupID.description)
        guard let known = seen.first(where: { $0.content.rule == rule }), known.approval != nil,
            known.isReplaced(by: seen, lending: lending)
        else { return }
        try endApproval(of: rule, sighting.ruleID, in: sighting.groupID)
    }

    /// Ends the approval of content that a rule has again, although somebody who might do so had replaced it.
    func endApproval(
        of rule: SecurityGroupRule,
        _ ruleID: SecurityGroupRuleID,
        in groupID: SecurityGroupID
    ) throws {
        try run(
            """
            UPDATE sightings SET known_by = 'sweep', approved_by = NULL, approver_arn = NULL, approver_service = NULL,
                approver_identity = NULL, approved_event_time = NULL, forgotten_at = ?
            WHERE group_id = ? AND rule_id = ? AND \(Self.isContent)
            """,
            [nowText, groupID.description, ruleID.description] + arguments(rule)
        )
    }

    /// The approval that the ledger has of the rule's content, if it stays in spite of the one of the sighting; else nil.
    ///
    /// A person's approval stays. The approval of a rule stays if an exempt caller changed only its description. It also stays if an
    /// exempt caller gave the rule its content back, and all that it said in between was made under exemptions that do not last, or under
    /// the same one. Such a rule must not be closed when the exemption ends.
    ///
    /// - Parameter lending: The sources of approvals that do not last.
    package func keptApproval(_ sighting: RuleSighting, lending: Set<String>) throws -> Approval? {
        guard let new = sighting.approval, let rule = sighting.content?.rule else { return nil }
        let seen = try sightings(of: sighting.ruleID.description, in: sighting.groupID.description)
        guard let known = seen.first(where: { $0.content.rule == rule }), let old = known.approval else { return nil }
        if known.goneAt == nil, old.isByPerson { return old }
        guard let exemption = new.isExemption ? new.source : new.exemption, sighting.added == nil else { return nil }
        guard old.isOutsidePolicy || old.isExemption || known.isBaseline else { return nil }
        let isKept =
            known.goneAt == nil
            ? known.stood(beforeEdit: new, under: exemption)
            : !lending.contains(old.source) && known.isReplacedOnly(by: lending.union([exemption]), among: seen)
        guard isKept else { return nil }
        // The other hosts are told this one. An allow entry they find in their own policy.
        return known.isBaseline && !old.isExemption && !old.isByPerson ? Approval(source: Approval.baseline) : old
    }

    private static let isContent = "direction = ? AND protocol = ? AND from_port = ? AND to_port = ? AND source = ?"

    /// Drops up to `limit` contents of rules that were last seen before `before`.
    ///
    /// The contents of a rule that still stands stay: an approved one of them is what the rule is restored to. One rule of
    /// each group stays, so that the ledger still knows that it has seen the group.
    func pruneSightings(before: String, limit: Int) throws -> Int {
        let key = "group_id, rule_id, direction, protocol, from_port, to_port, source"
        try run(
            """
            DELETE FROM sightings WHERE (\(key)) IN (
                SELECT \(key) FROM sightings AS old
                WHERE gone_at < ? AND last_seen < ?
                    AND NOT EXISTS (
                        SELECT 1 FROM sightings AS now
                        WHERE now.group_id = old.group_id AND now.rule_id = old.rule_id AND now.gone_at IS NULL
                    )
                    AND rule_id > (SELECT min(rule_id) FROM sightings AS all_rules WHERE all_rules.group_id = old.group_id)
                LIMIT ?
            )
            """,
            [before, before, limit]
        )
        return db.changesCount
    }

    /// True if the ledger has seen one of these rules.
    func hasSeen(_ ruleIDs: [String], in groupID: String?) throws -> Bool {
        guard let groupID else { return false }
        return try ruleIDs.contains {
            try row("SELECT 1 FROM sightings WHERE group_id = ? AND rule_id = ? LIMIT 1", [groupID, $0.bounded]) != nil
        }
    }

    /// A time that is before `time` by every clock: those of two services, and this machine's, may differ by some seconds.
    static func beforeDoubt(_ time: Date) -> Date { time.addingTimeInterval(-60) }

    /// True if the ledger saw the group in EC2 well before `time`.
    package func knewGroup(_ groupID: String, before time: Date, but eventID: String) throws -> Bool {
        let bound = RFC3339.format(Self.beforeDoubt(time))
        let seen = try row("SELECT 1 FROM sightings WHERE group_id = ? AND first_seen < ? LIMIT 1", [groupID, bound])
        if seen != nil { return true }
        let judged = try row(
            """
            SELECT 1 FROM events WHERE group_id = ? AND coalesce(event_time, '') < ? AND event_id <> ?
                AND outcome IN ('reverted', 'reported', 'suppressed') LIMIT 1
            """,
            [groupID, bound, eventID]
        )
        return judged != nil
    }

    /// One row of the table.
    struct Sighting {
        let content: RuleContent
        let approval: Approval?
        let added: String?
        /// The event that brought it; nil for one that a look at the group found.
        let eventID: String?
        let firstSeen: Date?
        let stoodFrom: Date?
        /// When it was first seen to be gone or to have other content; nil while it stands.
        let goneAt: Date?
        /// True if the first look at the group showed it.
        let isBaseline: Bool

        /// True if the rule said this before the call of `new`, which was made under `exemption`, and not by this exemption.
        func stood(beforeEdit new: Approval, under exemption: String) -> Bool {
            guard let time = new.eventTime, let approval else { return false }
            if approval.isExemption {
                return approval.source != exemption.bounded && approval.eventTime.map { $0 <= time } ?? false
            }
            // The first look at the group may have come between the call and its record.
            return firstSeen.map { $0 < LedgerTransaction.beforeDoubt(time) } ?? false
        }

        /// True if all that has replaced it was approved by one of these sources.
        func isReplacedOnly(by sources: Set<String>, among seen: [Sighting]) -> Bool {
            guard let goneAt else { return false }
            let sources = Set(sources.map(\.bounded))
            let since = seen.filter { $0.content.rule != content.rule && $0.goneAt ?? .distantFuture >= goneAt }
            return !since.isEmpty && since.allSatisfy { $0.approval.map { sources.contains($0.source) } ?? false }
        }

        /// True if the rule said this after it had said what `other` says.
        func isAfter(_ other: Sighting?) -> Bool {
            guard let otherGone = other?.goneAt else { return false }
            return goneAt ?? .distantFuture > otherGone
        }

        /// True if other content has replaced it whose approval lasts.
        func isReplaced(by others: [Sighting], lending: Set<String>) -> Bool {
            others.contains { other in
                other.isAfter(self) && other.approval.map { !lending.contains($0.source) } ?? false
            }
        }

        /// True where the rule was seen to say this before `time`. Without a time, what was seen counts.
        func stood(before time: Date?) -> Bool {
            guard let time else { return true }
            return stoodFrom.map { $0 < time } ?? false
        }

        /// The approval as far as it holds for an event of `time`. A baseline is no older than the first look at its group, so
        /// that one that came after the event approves nothing of it.
        func approval(against time: Date?) -> Approval? {
            guard approval?.isBaseline == true, let time, let firstSeen, firstSeen >= time else { return approval }
            return nil
        }

        /// The content with its approval; nil if it was not approved.
        var approved: ApprovedContent? { approval.map { ApprovedContent(content: content, approval: $0) } }
    }

    /// The contents in which EC2 showed a rule, newest first.
    func sightings(of ruleID: String, in groupID: String) throws -> [Sighting] {
        let sql =
            "\(Self.sightingColumns) WHERE group_id = ? AND rule_id = ? ORDER BY last_seen DESC, gone_at IS NULL DESC"
        return try Row.fetchAll(db.cachedStatement(sql: sql), arguments: [groupID, ruleID]).compactMap(sighting)
    }

    /// The newest approved sighting of a rule of the group that says this, and was not seen to say something else since.
    func approvedSighting(of rule: SecurityGroupRule, in groupID: String) throws -> Sighting? {
        let sql = """
            \(Self.sightingColumns) WHERE group_id = ? AND direction = ? AND protocol = ? AND from_port = ? AND to_port = ?
                AND source = ? AND approved_by IS NOT NULL AND NOT EXISTS (
                    SELECT 1 FROM sightings AS later WHERE later.group_id = sightings.group_id
                        AND later.rule_id = sightings.rule_id AND later.last_seen > sightings.last_seen
                )
            ORDER BY last_seen DESC LIMIT 1
            """
        return try row(sql, [groupID] + arguments(rule)).flatMap(sighting)
    }

    private static let sightingColumns = """
        SELECT direction, protocol, from_port, to_port, source, description, peer_owner, approved_by, approver_arn,
            approver_service, approver_identity, approved_event_time, added_as, event_id, first_seen, stood_from, gone_at, known_by
        FROM sightings
        """

    private func sighting(_ row: Row) throws -> Sighting? {
        guard let content = try content(in: row, from: 0) else { return nil }
        return Sighting(
            content: content,
            approval: approval(in: row, from: 7),
            added: row[12],
            eventID: (row[13] as String?).flatMap { OwnEvent.isID($0) ? nil : $0 },
            firstSeen: RFC3339.parse(row[14] as String),
            stoodFrom: RFC3339.parse(row[15] as String),
            goneAt: (row[16] as String?).flatMap { RFC3339.parse($0) },
            isBaseline: row[17] == KnownBy.baseline.rawValue
        )
    }

    /// Reads the columns `direction, protocol, from_port, to_port, source, description, peer_owner`, the first of which is
    /// at `index`. Nil if the protocol is none.
    func content(in row: Row, from index: Int) throws -> RuleContent? {
        guard let ipProtocol = IPProtocol(row[index + 1] as String) else { return nil }
        let rule = SecurityGroupRule(
            direction: try parse(row[index]),
            ipProtocol: ipProtocol,
            fromPort: row[index + 2],
            toPort: row[index + 3],
            peer: Peer(row[index + 4] as String)
        )
        return RuleContent(rule: rule, ruleDescription: row[index + 5], peerOwner: row[index + 6])
    }

    /// Reads the columns `approved_by, approver_arn, approver_service, approver_identity, approved_event_time`, the first of
    /// which is at `index`. Nil if the rule is not approved.
    func approval(in row: Row, from index: Int) -> Approval? {
        guard let source: String = row[index] else { return nil }
        let time: String? = row[index + 4]
        return Approval(
            source: source,
            caller: Caller(issuerARN: row[index + 1], invokedBy: row[index + 2], sourceIdentity: row[index + 3]),
            eventTime: time.flatMap { RFC3339.parse($0) }
        )
    }

    /// The content of a rule, in the order of the columns.
    func arguments(_ rule: SecurityGroupRule) -> StatementArguments {
        [
            rule.direction.rawValue, rule.ipProtocol.description, rule.ports.from, rule.ports.to,
            rule.peer.description.bounded,
        ]
    }
}
