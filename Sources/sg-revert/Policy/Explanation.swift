import Formats
import Ledger
import SecurityGroups
import Worker

/// The decision of a policy about one event, rule by rule.
struct Explanation {
    /// The decision about the event. The raw values are public.
    enum Verdict: String {
        /// At least one rule is reverted.
        case revert
        /// At least one rule is reported, by an entry that changes nothing.
        case report
        /// Every rule is allowed or exempt.
        case allow
        /// The event is ignored.
        case ignore
        /// The worker would not accept it.
        case deadLetter = "dead-letter"
        /// It depends on facts that are not known.
        case undetermined
    }

    /// One rule of the event.
    struct Rule {
        let changed: ChangedRule
        /// Nil where it depends on what is not known.
        var decision: RuleDecision?
        var reason: String
        /// The entries that were tried on it.
        let trace: [TraceStep]
        /// The contents that the ledger saw the rule with before the event, the newest first; nil if no ledger was asked.
        var known: [AuditKnownContent]?
    }

    let eventID: String
    var groupID: String?
    let verdict: Verdict
    let reason: String?
    /// The problem of a dead letter.
    var detail: String?
    var rules: [Rule] = []
    /// The watch entries that were tried.
    var trace: [TraceStep] = []

    /// The columns of the ledger's rules that are known before anything is done.
    static let ruleColumns = Array(AuditRule.columns.prefix { $0 != "outcome" })
    static let tableColumns = [
        "event_id", "decision", "group_id", "direction", "protocol", "from_port", "to_port", "source", "reason",
    ]
    private static let traceColumns = ["entry", "applies", "detail"]

    /// The event as an object that holds its rules.
    func row(withTrace: Bool) -> Row {
        let rows = rules.map { rule in
            row(rule, decision: rule.decision?.rawValue, trace: withTrace ? rule.trace : nil)
        }
        var cells: [AuditValue] = [.text(eventID), .text(verdict.rawValue), .text(reason)]
        var columns = ["event_id", "decision", "reason"]
        if let detail {
            columns.append("detail")
            cells.append(.text(detail))
        }
        return withTrace
            ? Row(columns, cells, children: [("trace", Self.rows(trace)), ("rules", rows)])
            : Row(columns, cells, children: [("rules", rows)])
    }

    /// The event as one row for each rule, or one row that says why there is none.
    var flatRows: [Row] {
        guard !rules.isEmpty else {
            let known: [String: AuditValue] = [
                "event_id": .text(eventID), "group_id": .text(groupID), "decision": .text(verdict.rawValue),
                "reason": .text(words),
            ]
            return [Row(Self.ruleColumns, Self.ruleColumns.map { known[$0] ?? .null })]
        }
        return rules.map { row($0, decision: $0.decision?.rawValue ?? Verdict.undetermined.rawValue, trace: nil) }
    }

    /// Reason and detail.
    private var words: String? {
        detail.map { "\(reason ?? verdict.rawValue): \($0)" } ?? reason
    }

    private func row(_ rule: Rule, decision: String?, trace: [TraceStep]?) -> Row {
        let changed = rule.changed
        let cells: [AuditValue] = [
            .text(eventID), .text(changed.id), .text(groupID), .text(changed.direction?.rawValue),
            .text(changed.traffic?.ipProtocol.description), .integer(changed.traffic?.ports.from),
            .integer(changed.traffic?.ports.to), .text(changed.traffic?.peer.description),
            .text(changed.ruleDescription), .text(decision), .text(rule.reason),
        ]
        var children: [(name: String, rows: [Row])] = trace.map { [("trace", Self.rows($0))] } ?? []
        if let known = rule.known {
            children.append(("before", known.map { Row(AuditKnownContent.columns, $0.values) }))
        }
        return Row(Self.ruleColumns, cells, children: children)
    }

    private static func rows(_ trace: [TraceStep]) -> [Row] {
        trace.map { Row(traceColumns, [.text($0.entry), .boolean($0.applies), .text($0.detail)]) }
    }

    /// The trace for people.
    var traceText: String {
        var lines = ["\(plainText(eventID)): \(verdict.rawValue)" + (words.map { " (\(plainText($0)))" } ?? "")]
        func add(_ steps: [TraceStep], indent: String) {
            lines += steps.map { "\(indent)\($0.applies ? "*" : "-") \(plainText($0.entry)): \(plainText($0.detail))" }
        }
        add(trace, indent: "  ")
        for rule in rules {
            let words = rule.changed.inWords.map { plainText($0) } ?? "rule \(plainText(rule.changed.id ?? "?"))"
            lines.append("  \(words): \(rule.decision?.rawValue ?? Verdict.undetermined.rawValue)")
            add(rule.trace, indent: "    ")
        }
        return lines.joined(separator: "\n")
    }
}

extension Explanation {
    /// The contents that the ledger saw each rule with before the event, as text for people; nil if no ledger was asked.
    var knownText: String? {
        let lines = rules.flatMap { rule -> [String] in
            guard let known = rule.known else { return [] }
            let title = "\(plainText(eventID)): rule \(plainText(rule.changed.id ?? "without an id"))"
            guard !known.isEmpty else { return ["\(title): the ledger did not see it before the event"] }
            return [title]
                + known.map { content in
                    let state = content[.goneAt] == .null ? "stands" : "stood until \(tableCell(content[.goneAt]))"
                    let approval = content[.approvedBy].text.map { "approved by \($0)" } ?? "not approved"
                    let known = "known by \(tableCell(content[.knownBy])) since \(tableCell(content[.firstSeen]))"
                    return "  \(plainText(kind(of: content))): \(state), \(plainText(approval)), \(known)"
                }
        }
        return lines.isEmpty ? nil : lines.joined(separator: "\n")
    }
}

extension ChangedRule {
    /// True if the ledger saw the rule say just this, and approved it.
    func isUnchanged(from known: AuditKnownContent?) -> Bool {
        guard let known, known[.approvedBy] != .null, let traffic else { return false }
        return known[.ipProtocol].text == traffic.ipProtocol.description
            && known[.fromPort].integer == Int64(traffic.ports.from)
            && known[.toPort].integer == Int64(traffic.ports.to) && known[.source].text == traffic.peer.description
    }

    fileprivate var inWords: String? {
        traffic.map { traffic in
            ruleInWords(
                direction: direction?.rawValue ?? "modified",
                ipProtocol: traffic.ipProtocol.description,
                ports: traffic.ports,
                peer: traffic.peer.description
            )
        }
    }
}

extension AuditValue {
    fileprivate static func text(_ value: String?) -> Self {
        value.map { .text($0) } ?? .null
    }

    fileprivate static func integer(_ value: Int?) -> Self {
        value.map { .integer(Int64($0)) } ?? .null
    }
}
