extension Policy {
    /// Judges one rule of a change that is watched under `watch`.
    ///
    /// An added or modified rule stays if one allow entry covers it entirely, if there are forbid entries and none of
    /// them overlaps it, or if the caller is exempt. A removed rule is put back, unless the caller is exempt or the
    /// policy would not let the rule stand.
    package func decide(_ rule: SecurityGroupRule, _ context: ChangeContext, under watch: Watch) -> Decision {
        let verdict = verdict(on: rule, context, under: watch)
        if context.kind.isRemoval {
            if let exemption = exemption(of: context) { return exemption }
            return isClosed(verdict, rule, under: watch)
                ? Decision(decision: .allow, reason: "\(verdict.origin): it would not let the removed rule stand")
                : Decision(decision: .revert, reason: watch.origin)
        }
        switch verdict {
        case .allowed(let entry): return Decision(decision: .allow, reason: entry.origin, approvedBy: entry.approval)
        case .leftAlone(let reason): return Decision(decision: .allow, reason: reason, approvedBy: "allow")
        case .uncovered, .forbidden:
            return exemption(of: context) ?? Decision(decision: .revert, reason: verdict.origin)
        }
    }

    /// Judges a rule as far as its record tells it. Returns nil if the decision depends on something that the record
    /// does not tell: the direction of a modified rule, or the content of a rule known by id alone. Directions that the
    /// watch entry does not watch do not count.
    package func decide(_ rule: ChangedRule, _ context: ChangeContext, under watch: Watch) -> Decision? {
        if let rule = rule.rule { return decide(rule, context, under: watch) }
        if let traffic = rule.traffic {
            let directions = Direction.allCases.filter { context.kind != .ruleModified || watch.judgesModified($0) }
            let decisions = directions.map {
                decide(SecurityGroupRule(direction: $0, traffic: traffic), context, under: watch)
            }
            return decisions.first.flatMap { first in decisions.allSatisfy { $0 == first } ? first : nil }
        }
        if let exemption = exemption(of: context) { return exemption }
        return allow.isEmpty && forbid.isEmpty ? Decision(decision: .revert, reason: watch.origin) : nil
    }

    /// Judges a rule that the worker itself is about to add or widen, as if a caller who is not exempt had just done
    /// so.
    ///
    /// - Returns: The reason why the rule must not stand, or nil if it may.
    package func objection(
        to rule: SecurityGroupRule,
        in group: GroupFacts,
        under watch: Watch,
        prefixLists: PrefixLists = .unknown
    ) -> String? {
        let context = ChangeContext(
            group: group,
            kind: rule.direction.added,
            issuerARN: nil,
            eventTime: nil,
            prefixLists: prefixLists
        )
        let verdict = verdict(on: rule, context, under: watch)
        return isClosed(verdict, rule, under: watch) ? verdict.origin : nil
    }

    /// The ids of the prefix lists whose entries the decisions about these rules depend on.
    package func prefixLists(neededFor rules: some Sequence<SecurityGroupRule>) -> Set<String> {
        guard expandPrefixLists else { return [] }
        return Set(rules.compactMap { if case .prefixList(let id) = $0.peer { id } else { nil } })
    }

    /// The exemption of the caller of a change; nil if there is none. One that lasts comes before one whose end closes what it let in.
    func exemption(covering context: ChangeContext) -> Exemption? {
        let covering = exempt.filter { $0.covers(context) }
        return covering.first { !$0.isLending } ?? covering.first
    }

    private func exemption(of context: ChangeContext) -> Decision? {
        exemption(covering: context).map {
            Decision(decision: .exempt, reason: $0.origin, approvedBy: $0.approval)
        }
    }

    /// True if the policy would not let a rule stand that is put back.
    ///
    /// A policy with watch entries alone forbids no rule: it only forbids changes. A policy with an allow list forbids
    /// what the list does not cover, if the same entry reverts additions in that direction.
    private func isClosed(_ verdict: Verdict, _ rule: SecurityGroupRule, under watch: Watch) -> Bool {
        switch verdict {
        case .allowed, .leftAlone: false
        case .forbidden: true
        case .uncovered: !allow.isEmpty && watch.changes.contains(rule.direction.added)
        }
    }
}

extension Policy {
    /// The verdict of the allow and forbid entries about a rule, independent of the caller.
    private enum Verdict {
        /// This allow entry covers the rule.
        case allowed(Allow)
        /// The policy does not judge the rule, for this reason.
        case leftAlone(String)
        /// No allow entry covers the rule, and there are no forbid entries. The text is the line of the watch entry.
        case uncovered(String)
        /// This forbid entry overlaps the rule.
        case forbidden(Forbid)

        var origin: String {
            switch self {
            case .allowed(let entry): entry.origin
            case .leftAlone(let reason): reason
            case .uncovered(let origin): origin
            case .forbidden(let entry): entry.origin
            }
        }
    }

    private func verdict(on rule: SecurityGroupRule, _ context: ChangeContext, under watch: Watch) -> Verdict {
        let lists = expandPrefixLists ? context.prefixLists : nil
        let groupID = context.group.groupID
        if let entry = allow.first(where: { $0.covers(rule, in: groupID, lists: lists) }) { return .allowed(entry) }
        if context.kind == .ruleModified, !watch.judgesModified(rule.direction) {
            return .leftAlone("\(watch.origin): its changes leave \(rule.direction.rawValue) alone")
        }
        guard !forbid.isEmpty else { return .uncovered(watch.origin) }
        return forbid.first { $0.overlaps(rule, in: groupID, lists: lists) }.map(Verdict.forbidden)
            ?? .leftAlone("\(watch.origin): no forbid entry overlaps the rule")
    }
}

extension Allow {
    /// The name of the entry as the view `standing_rules` shows it.
    fileprivate var approval: String { "allow \(name ?? place(in: origin))" }
}

/// The file and line of an entry's origin, `policy.yaml:12`.
private func place(in origin: String) -> String {
    origin.split(separator: " ").first.map(String.init) ?? origin
}

extension Exemption {
    /// How an approval names it: `exempt NAME`.
    var approval: String { "exempt \(name ?? place(in: origin))" }
}

extension Direction {
    /// The kind of change that adds a rule of this direction.
    package var added: ChangeKind {
        self == .ingress ? .ingressAdded : .egressAdded
    }
}
