import Testing

@testable import Ledger

/// The row of an event, rebuilt from its entries alone.
@Suite struct EventReplayTests {
    private static let at = "2026-11-25T09:30:00.000Z"

    private func entries(_ contents: [(TrailKind, String)]) -> [TrailEntry] {
        contents.enumerated().map { index, content in
            .made(Int64(index) + 1, content.0.rawValue, before: index == 0 ? nil : Int64(index), text: content.1)
        }
    }

    private func replay(_ contents: [(TrailKind, String)]) -> EventReplay { EventReplay(entries(contents)) }

    private static let claimed = (
        TrailKind.claimed,
        #"{"attempt":1,"event":{"account":"111122223333","digest":"d","event_name":"Authorize","group_id":"sg-1","#
            + #""user_agent":"aws-cli"},"fence":1,"message_id":"m1","received_at":"2026-11-25T09:29:59.000Z"}"#
    )

    private static func ended(
        _ outcome: String,
        replaces: Bool = true,
        _ more: String = "",
        rules: String = "[]"
    ) -> String {
        #"{"attempt":1,"replaces":\#(replaces),"result":{"dry_run":false,"outcome":"\#(outcome)"\#(more)},"rules":\#(rules)}"#
    }

    @Test func `a first claim gives the row its facts, and what it leaves out is null`() {
        let replay = replay([Self.claimed])
        #expect(replay.cells[.eventID] == .text("e") && replay.cells[.account] == .text("111122223333"))
        #expect(replay.cells[.receivedAt] == .text("2026-11-25T09:29:59.000Z"))
        #expect(replay.cells[.attempts] == .integer(1) && replay.cells[.worker] == .text("one"))
        #expect(replay.cells[.dryRun] == .boolean(false) && replay.cells[.userAgent] == .text("aws-cli"))
        #expect(replay.cells[.region] == .null && replay.cells[.outcome] == nil)
        #expect(replay.rules.isEmpty && replay.lastSeq == 1 && replay.findings.isEmpty)
    }

    @Test func `a later claim changes the number of attempts and the worker alone`() {
        let again = (
            TrailKind.claimed, #"{"attempt":2,"fence":2,"message_id":"m2","received_at":"2026-11-25T10:00:00.000Z"}"#
        )
        let (first, second) = (replay([Self.claimed]), replay([Self.claimed, again]))
        let changed = EventColumn.allCases.filter { first.cells[$0] != second.cells[$0] }
        #expect(changed == [.attempts] && second.cells[.attempts] == .integer(2) && second.lastSeq == 2)
    }

    @Test(arguments: [TrailKind.finished, .failed, .deadLettered, .ignored])
    func `the end of a run makes the row's outcome if it says that it replaces the one before`(_ kind: TrailKind) {
        let rules = #"[{"rule_id":"sgr-1"}]"#
        let first = (TrailKind.finished, Self.ended("allowed", #","reason":"first""#, rules: "[]"))
        let second = Self.ended("failed", #","error_code":"Throttled""#, rules: rules)
        let replaced = replay([Self.claimed, first, (kind, second)])
        #expect(replaced.cells[.outcome] == .text("failed") && replaced.cells[.errorCode] == .text("Throttled"))
        #expect(replaced.cells[.reason] == .null && replaced.rules.count == 1)
        let kept = replay([Self.claimed, first, (kind, Self.ended("failed", replaces: false, rules: rules))])
        #expect(kept.cells[.outcome] == .text("allowed") && kept.cells[.reason] == .text("first") && kept.rules.isEmpty)
        #expect(kept.lastSeq == 3)
    }

    @Test func `an event that ended as ignored has no user agent, and any other keeps it`() {
        #expect(replay([Self.claimed, (.ignored, Self.ended("ignored"))]).cells[.userAgent] == .null)
        #expect(replay([Self.claimed, (.failed, Self.ended("failed"))]).cells[.userAgent] == .text("aws-cli"))
    }

    @Test func `the time at which people were told is that of the outcome that stands`() {
        let told = { (outcome: String, at: String) in
            (TrailKind.notified, #"{"kind":"\#(outcome)","notified_at":"\#(at)"}"#)
        }
        let history = [Self.claimed, (.failed, Self.ended("failed")), told("failed", "10:00")]
        #expect(replay(history).cells[.notifiedAt] == .text("10:00"))
        let reverted = history + [(.finished, Self.ended("reverted"))]
        #expect(replay(reverted).cells[.notifiedAt] == nil)
        #expect(replay(reverted + [told("reverted", "11:00")]).cells[.notifiedAt] == .text("11:00"))
        #expect(replay(reverted + [told("failed", "12:00")]).cells[.notifiedAt] == nil)
    }

    private static let carried = (
        TrailKind.carried,
        #"{"event":{"event_id":"e","event_name":"Authorize","outcome":"failed","attempts":3,"dry_run":true},"#
            + #""notified":{"failed":"10:00","suppressed":"09:00"},"rules":[{"rule_id":"sgr-9"}]}"#
    )

    @Test func `what a prune restated counts, and entries from before it add nothing`() {
        let replay = replay([Self.claimed, (.finished, Self.ended("reverted")), Self.carried])
        #expect(replay.cells[.outcome] == .text("failed") && replay.cells[.attempts] == .integer(3))
        #expect(replay.cells[.dryRun] == .boolean(true) && replay.cells[.notifiedAt] == .text("10:00"))
        #expect(replay.cells[.account] == .null && replay.cells[.userAgent] == .null)
        #expect(replay.rules.map { $0["rule_id"]?.string } == ["sgr-9"])
    }

    @Test
    func `a run after a prune goes on from what the prune restated, also with an outcome that was told before it`() {
        let after = replay([Self.carried, (.failed, Self.ended("suppressed"))])
        #expect(after.cells[.eventID] == .text("e") && after.cells[.attempts] == .integer(3))
        #expect(after.cells[.outcome] == .text("suppressed") && after.cells[.notifiedAt] == .text("09:00"))
        #expect(after.rules.isEmpty)
    }

    @Test func `of two that a prune restated the later one counts`() {
        let second = (TrailKind.carried, #"{"event":{"event_id":"e","outcome":"reverted"},"notified":{},"rules":[]}"#)
        let replay = replay([Self.carried, second])
        #expect(replay.cells[.outcome] == .text("reverted") && replay.cells[.notifiedAt] == nil && replay.rules.isEmpty)
    }

    @Test(arguments: [TrailKind.baseline, .exemption, .pruned, .note])
    func `an entry about something else changes no cell`(_ kind: TrailKind) {
        let other = (kind, #"{"event":{"account":"x"},"attempt":9,"replaces":true,"result":{"outcome":"reverted"}}"#)
        #expect(replay([Self.claimed, other]).cells == replay([Self.claimed]).cells)
    }

    @Test(arguments: ["", "[]", "7", "{", #"{"attempt":1.5}"#])
    func `an entry that is no object is a finding, and the others are replayed`(_ text: String) {
        let replay = replay([Self.claimed, (.note, text), (.finished, Self.ended("allowed"))])
        #expect(replay.findings == [.unreadable(seq: 2)] && replay.cells[.outcome] == .text("allowed"))
    }

    @Test(arguments: [
        (TrailKind.finished, #"{"replaces":true}"#), (.finished, #"{"result":{"outcome":"reverted"}}"#),
        (.finished, #"{"replaces":"true","result":{"outcome":"reverted"}}"#), (.carried, "{}"), (.notified, "{}"),
        (.notified, #"{"kind":7,"notified_at":"10:00"}"#),
    ])
    func `an entry without the members that it needs changes no outcome`(_ kind: TrailKind, _ text: String) {
        let replay = replay([Self.claimed, (.ignored, Self.ended("allowed")), (kind, text)])
        if kind != .carried { #expect(replay.cells[.outcome] == .text("allowed")) }
        #expect(replay.cells[.notifiedAt] == nil && replay.rules.isEmpty)
    }

    // MARK: Comparison with the views

    private static let full = [
        claimed,
        (
            TrailKind.finished,
            ended(
                "reverted",
                #","aws_request_id":"r1","exposed_ms":1500,"finished_at":"10:00","policy_digest":"p","reason":"why""#,
                rules: #"[{"rule_id":"sgr-1","from_port":22,"source":"0.0.0.0/0"},{"rule_id":"sgr-2","undo":"aws"}]"#
            )
        ),
    ]

    /// The rows that the views show if nothing was changed.
    private func shown(_ replay: EventReplay) -> (event: AuditEvent, rules: [AuditRule]) {
        let event = AuditEvent(
            values: EventColumn.allCases.map { replay.cells[$0] ?? .null },
            eventID: "e",
            cursor: EventCursor(eventTime: "", eventID: "e")
        )
        let rules = replay.rules.map { rule in
            AuditRule(values: RuleColumn.allCases.map { AuditValue(rule[$0.rawValue]) }, eventID: "e")
        }
        return (event, rules)
    }

    @Test func `a row that is as its entries make it has no finding`() {
        let replay = replay(Self.full)
        let (event, rules) = shown(replay)
        #expect(replay.check(event, rules).isEmpty)
    }

    @Test(arguments: EventColumn.allCases)
    func `another value in any column of an event is found, except in the count of deliveries`(_ column: EventColumn) {
        let replay = replay(Self.full)
        let (event, rules) = shown(replay)
        for value in [AuditValue.text("forged"), .integer(99), .null] where value != event[column] {
            var values = event.values
            values[column.position] = value
            let forged = AuditEvent(values: values, eventID: "e", cursor: event.cursor)
            let found = replay.check(forged, rules)
            guard column != .deliveries else {
                #expect(found.isEmpty)
                continue
            }
            let expected = JSON(event[column]).text
            #expect(
                found == [
                    .differs(eventID: "e", column: column.rawValue, shown: JSON(value).text, expected: expected, seq: 2)
                ]
            )
        }
    }

    @Test(arguments: RuleColumn.allCases)
    func `another value in any column of a rule is found, and names the rule by its place`(_ column: RuleColumn) {
        let replay = replay(Self.full)
        let (event, rules) = shown(replay)
        var values = rules[1].values
        values[column.position] = .text("forged")
        let found = replay.check(event, [rules[0], AuditRule(values: values, eventID: "e")])
        // The view takes the event's id from the event's own row.
        guard column != .eventID else { return #expect(found.isEmpty) }
        let expected = JSON(rules[1][column]).text
        #expect(
            found == [
                .differs(
                    eventID: "e",
                    column: "rule 2's \(column.rawValue)",
                    shown: #""forged""#,
                    expected: expected,
                    seq: 2
                )
            ]
        )
    }

    @Test func `rules in another order, one too many and one too few are found`() {
        let replay = replay(Self.full)
        let (event, rules) = shown(replay)
        func columns(_ rules: [AuditRule]) -> [String] {
            replay.check(event, rules).compactMap {
                if case .differs(_, let column, _, _, _) = $0 { column } else { nil }
            }
        }
        #expect(columns([rules[0]]) == ["the number of rules"])
        #expect(columns(rules + [rules[0]]) == ["the number of rules"])
        #expect(columns([]) == ["the number of rules"])
        #expect(Set(columns([rules[1], rules[0]])).isSuperset(of: ["rule 1's rule_id", "rule 2's rule_id"]))
    }

    @Test func `a row without a claim in the trail is a stray, whatever else the trail says`() {
        let (event, rules) = shown(replay(Self.full))
        let unclaimed = replay([(.finished, Self.ended("reverted"))])
        #expect(unclaimed.check(event, rules) == [.strayEvent(eventID: "e")])
        let unreadable = replay([(.claimed, "x")])
        #expect(unreadable.check(event, rules) == [.unreadable(seq: 1), .strayEvent(eventID: "e")])
    }
}
