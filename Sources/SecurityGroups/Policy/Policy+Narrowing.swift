extension Policy {
    /// True if this policy may forbid a rule that `earlier` let stand. A sweep then reverts rules that have long stood.
    ///
    /// Entries are compared by what they say, without names and lines. So the answer may be true although the entries of both
    /// policies cover the same rules; a false answer is certain.
    package func isNarrower(than earlier: Policy) -> Bool {
        let allowed = Set(allow.map(\.content))
        if earlier.allow.contains(where: { !allowed.contains($0.content) }) { return true }
        if forbidsMore(than: earlier) { return true }
        if expandPrefixLists != earlier.expandPrefixLists { return true }
        return watch.contains { entry in
            let same = earlier.watch.filter { $0.selectors == entry.selectors }
            return entry.isStricter(than: same.isEmpty ? earlier.watch : Array(same.prefix(1)))
        }
    }

    /// Without forbid entries, every rule that no allow entry covers is forbidden.
    private func forbidsMore(than earlier: Policy) -> Bool {
        guard !earlier.forbid.isEmpty else { return false }
        let forbidden = Set(earlier.forbid.map(\.content))
        return forbid.isEmpty || forbid.contains { !forbidden.contains($0.content) }
    }
}

extension Allow {
    /// The entry without its name and its line.
    fileprivate var content: Allow {
        Allow(direction: direction, ipProtocol: ipProtocol, ports: ports, sources: sources, origin: "")
    }
}

extension Forbid {
    /// The entry without its name and its line.
    fileprivate var content: Forbid {
        Forbid(
            direction: direction,
            ipProtocol: ipProtocol,
            ports: ports,
            sources: sources,
            widerThanIPv4: widerThanIPv4,
            widerThanIPv6: widerThanIPv6,
            origin: ""
        )
    }
}

extension Watch {
    /// The selectors alone.
    fileprivate var selectors: Watch {
        Watch(
            groups: groups,
            names: names,
            vpcs: vpcs,
            tags: tags,
            accounts: accounts,
            regions: regions,
            changes: [],
            origin: ""
        )
    }

    /// True if a rule of a group that `others` watched may have stood under them, and may not stand under this entry.
    fileprivate func isStricter(than others: [Watch]) -> Bool {
        others.contains { other in
            !changes.isSubset(of: other.changes) || (baseline == .policy && other.baseline == .firstSight)
                || (action == .revert && other.action == .report)
        }
    }
}
