/// One entry of a policy that was compared with a change or a rule, and the result.
package struct TraceStep: Hashable, Sendable {
    /// The setting or the line of the policy.
    package let entry: String
    /// True if the entry applies.
    package let applies: Bool
    /// The reason why it does not apply, or what follows from it.
    package let detail: String

    /// Creates a step.
    package init(entry: String, applies: Bool, detail: String) {
        self.entry = entry
        self.applies = applies
        self.detail = detail
    }
}

extension Policy {
    /// The watch entries in the order in which they are tried, up to the one that decides.
    package func traceWatch(_ context: ChangeContext) -> [TraceStep] {
        var steps: [TraceStep] = []
        for entry in watch {
            switch entry.match(context.group) {
            case .no(let fact):
                steps.append(TraceStep(entry: entry.origin, applies: false, detail: "another \(fact.inWords)"))
            case .unknown(let facts):
                let names = facts.map(\.inWords).sorted().joined(separator: " and ")
                steps.append(TraceStep(entry: entry.origin, applies: false, detail: "not known: \(names)"))
            case .yes:
                let kind = context.kind.rawValue
                let detail =
                    entry.changes.contains(context.kind)
                    ? "watches \(kind)" : "matches the group, but its changes lack \(kind): left alone"
                return steps + [TraceStep(entry: entry.origin, applies: true, detail: detail)]
            }
        }
        return steps
    }

    /// The allow, forbid and exempt entries in the order in which they are tried on a rule, up to the one that decides.
    package func trace(_ rule: SecurityGroupRule, _ context: ChangeContext) -> [TraceStep] {
        let lists = expandPrefixLists ? context.prefixLists : nil
        let groupID = context.group.groupID
        var steps: [TraceStep] = []
        for entry in allow {
            guard let shortfall = entry.shortfall(for: rule, in: groupID, lists: lists) else {
                steps.append(TraceStep(entry: entry.origin, applies: true, detail: "covers the rule"))
                if context.kind.isRemoval { break }
                return steps
            }
            let detail = entry.words(for: shortfall, of: rule)
            steps.append(TraceStep(entry: entry.origin, applies: false, detail: detail))
        }
        for entry in forbid {
            guard let miss = entry.miss(of: rule, in: groupID, lists: lists) else {
                steps.append(TraceStep(entry: entry.origin, applies: true, detail: "overlaps the rule"))
                break
            }
            steps.append(TraceStep(entry: entry.origin, applies: false, detail: entry.words(for: miss, of: rule)))
        }
        // If there are forbid entries and none overlaps the rule, no exemption is needed.
        if !forbid.isEmpty, steps.last?.applies != true, !context.kind.isRemoval { return steps }
        let exemption = exemption(covering: context)
        for entry in exempt {
            guard let shortfall = entry.shortfall(for: context) else {
                if entry == exemption {
                    return steps + [TraceStep(entry: entry.origin, applies: true, detail: "exempts the caller")]
                }
                let detail = "exempts the caller, but an entry that lasts comes before it"
                steps.append(TraceStep(entry: entry.origin, applies: false, detail: detail))
                continue
            }
            let detail = entry.words(for: shortfall, of: context)
            steps.append(TraceStep(entry: entry.origin, applies: false, detail: detail))
        }
        return steps
    }
}

extension GroupFact {
    fileprivate var inWords: String {
        self == .vpc ? "VPC" : rawValue
    }
}

extension Allow {
    fileprivate func words(for shortfall: Shortfall, of rule: SecurityGroupRule) -> String {
        switch shortfall {
        case .direction: "is for \(direction?.rawValue ?? "both"), the rule is \(rule.direction.rawValue)"
        case .ipProtocol: "protocol \(ipProtocol?.description ?? "-1") does not cover \(rule.ipProtocol)"
        case .ports:
            list((ports ?? []).map { $0.words(rule.ipProtocol) })
                + " does not cover \(rule.ports.words(rule.ipProtocol))"
        case .source: "no source covers \(rule.peer): \(list(sources.map(\.description)))"
        }
    }

}

extension Forbid {
    fileprivate func words(for miss: Miss, of rule: SecurityGroupRule) -> String {
        switch miss {
        case .direction: "is for \(direction?.rawValue ?? "both"), the rule is \(rule.direction.rawValue)"
        case .ipProtocol: "protocol \(ipProtocol?.description ?? "-1") is not \(rule.ipProtocol)"
        case .ports:
            "\(list((ports ?? []).map { $0.words(rule.ipProtocol) })) has no port of "
                + rule.ports.words(rule.ipProtocol)
        case .source: "no source overlaps \(rule.peer): \(list((sources ?? []).map(\.description)))"
        case .width: "\(rule.peer) is not wider than the entry says"
        }
    }
}

private func list(_ texts: [String]) -> String {
    texts.prefix(8).joined(separator: ", ") + (texts.count > 8 ? ", … (\(texts.count))" : "")
}

extension PortRange {
    fileprivate func words(_ ipProtocol: IPProtocol) -> String {
        if self == .all { return "all" }
        if ipProtocol.isICMP { return to == -1 ? "type \(from)" : "type \(from) code \(to)" }
        return from == to ? "\(from)" : "\(from)-\(to)"
    }
}

extension Exemption {
    fileprivate func words(for shortfall: Shortfall, of context: ChangeContext) -> String {
        switch shortfall {
        case .nobody: "names no caller"
        case .principal: context.issuerARN.map { "no principal matches \($0)" } ?? "the caller has no issuer ARN"
        case .invokedBy: context.invokedBy.map { "is not for calls by \($0)" } ?? "no service made the call"
        case .sourceIdentity:
            context.sourceIdentity.map { "is not for source identity \($0)" } ?? "the session has no source identity"
        case .group: "is for other groups"
        case .time: context.eventTime == nil ? "the event has no time" : "had ended when the call was made"
        }
    }
}
