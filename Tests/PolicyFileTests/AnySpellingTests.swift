import Foundation
import PolicyFile
import SecurityGroups
import TestSupport
import Testing

/// Made-up policies, written in any of the ways that YAML has. The seeds are fixed.
@Suite struct AnySpellingTests {
    /// What an entry of the policy says: keys and their values.
    private typealias Entry = [(key: String, values: [String])]

    private var random = SeededGenerator(seed: 1)

    /// A scalar: plain, or in quotes of either kind.
    private mutating func scalar(_ text: String) -> String {
        switch random.pick([0, 1, 2]) {
        case 0 where !text.hasPrefix(":") && !text.hasPrefix("*"): text
        case 1: "'\(text)'"
        default: "\"\(text)\""
        }
    }

    /// The value of a key: one scalar, a list in brackets, or a list of lines.
    private mutating func value(_ values: [String], indent: String) -> String {
        if values.count == 1, random.chance(50) { return " \(scalar(values[0]))" }
        if random.chance(50) {
            return " [\(values.map { scalar($0) }.joined(separator: random.pick([", ", ",", " ,  "])))]"
        }
        return values.map { "\n\(indent)  - \(scalar($0))" }.joined()
    }

    private mutating func remark() -> String { random.pick(["", "", "", "  # a remark: [x]", "\n\n  # another"]) }

    /// A section of entries, with the keys of each in any order.
    private mutating func section(_ name: String, _ entries: [Entry]) -> String {
        guard !entries.isEmpty else { return "" }
        var text = "\(name):\(remark())\n"
        for entry in entries {
            for (index, pair) in entry.shuffled(using: &random).enumerated() {
                let isList = !["name", "direction", "protocol", "action", "until", "then"].contains(pair.key)
                let written = isList ? value(pair.values, indent: "    ") : " \(scalar(pair.values[0]))"
                text += "\(index == 0 ? "  - " : "    ")\(pair.key):\(written)\(remark())\n"
            }
        }
        return text
    }

    private mutating func some(_ values: [String]) -> [String] {
        let chosen = values.filter { _ in random.chance(40) }
        return chosen.isEmpty ? [random.pick(values)] : chosen
    }

    private mutating func allow() throws -> (Entry, Allow) {
        var entry: Entry = []
        let direction: Direction? = random.pick([nil, .ingress, .egress])
        if let direction { entry.append(("direction", [direction.rawValue])) }
        let isTCP = random.chance(60)
        var ports: [PortRange]?
        if isTCP {
            entry.append(("protocol", [random.pick(["tcp", "6"])]))
            if random.chance(70) {
                let texts = some(["443", "80", "8000-8100", "0-65535"])
                entry.append(("ports", texts))
                ports = texts.map { text in
                    let bounds = text.split(separator: "-").compactMap { Int($0) }
                    return PortRange(from: bounds[0], to: bounds[bounds.count - 1])
                }
            }
        }
        let sources: [String: RuleSource] = [
            "10.0.0.0/8": .cidr(try #require(CIDRBlock("10.0.0.0/8"))), "::/0": .cidr(try #require(CIDRBlock("::/0"))),
            "2001:db8::/32": .cidr(try #require(CIDRBlock("2001:db8::/32"))),
            "192.0.2.7": .cidr(try #require(CIDRBlock("192.0.2.7/32"))),
            "pl-0123456789abcdef0": .prefixList("pl-0123456789abcdef0"),
            "sg-0fedcba9876543210": .group("sg-0fedcba9876543210"), "self": .itself, "any-group": .anyGroup,
        ]
        let chosen = some(sources.keys.sorted())
        entry.append(("sources", chosen))
        let expected = Allow(
            direction: direction,
            ipProtocol: isTCP ? .tcp : nil,
            ports: ports,
            sources: chosen.compactMap { sources[$0] },
            origin: ""
        )
        return (entry, expected)
    }

    private mutating func watch() -> (Entry, Watch) {
        var entry: Entry = []
        let groups = random.chance(40) ? some(["sg-0a1b2c3d4e5f60718", "sg-0fedcba9876543210"]) : nil
        if let groups { entry.append(("groups", groups)) }
        let accounts = random.chance(40) ? some(["111122223333", "444455556666"]) : nil
        if let accounts { entry.append(("accounts", accounts)) }
        let regions = random.chance(40) ? some(["eu-west-1", "us-gov-west-1"]) : nil
        if let regions { entry.append(("regions", regions)) }
        let names = random.chance(40) ? some(["web-*", "*", "db-?"]) : nil
        if let names { entry.append(("names", names)) }
        let changes = some(ChangeKind.allCases.map(\.rawValue))
        entry.append(("changes", changes))
        let action: Watch.Action = random.pick([.revert, .report])
        if action == .report || random.chance(50) { entry.append(("action", [action.rawValue])) }
        let expected = Watch(
            groups: groups.map { Set($0) },
            names: names.map { $0.map { Wildcard($0) } },
            accounts: accounts.map { Set($0) },
            regions: regions.map { Set($0) },
            changes: Set(changes.compactMap { ChangeKind(rawValue: $0) }),
            action: action,
            origin: ""
        )
        return (entry, expected)
    }

    @Test(arguments: 1...20 as ClosedRange<UInt64>)
    mutating func `a policy says the same in every spelling`(seed: UInt64) throws {
        random = SeededGenerator(seed: seed)
        for _ in 0..<10 {
            let watches = (0..<random.pick([1, 2, 3])).map { _ in watch() }
            let allows = try (0..<random.pick([0, 1, 2])).map { _ in try allow() }
            var sections = [section("watch", watches.map(\.0)), section("allow", allows.map(\.0))]
            sections.append("version: 1\(remark())\n")
            let text = sections.shuffled(using: &random).joined(separator: random.pick(["", "\n", "# between\n"]))
            let policy: Policy
            do {
                policy = try PolicyDocument(text: text, path: "policy.yaml").policy
            } catch {
                Issue.record("\(error)\n\(text)")
                continue
            }
            func told(_ watch: Watch) -> [String] {
                [
                    "\(watch.groups?.sorted() ?? [])", "\(watch.names?.map(\.description) ?? [])",
                    "\(watch.accounts?.sorted() ?? [])", "\(watch.regions?.sorted() ?? [])",
                    "\(watch.changes.map(\.rawValue).sorted())", "\(watch.action)",
                ]
            }
            func told(_ allow: Allow) -> [String] {
                [
                    "\(String(describing: allow.direction))", "\(String(describing: allow.ipProtocol))",
                    "\(String(describing: allow.ports))", "\(allow.sources)",
                ]
            }
            if policy.watch.map(told) != watches.map({ told($0.1) }) { Issue.record("watch of\n\(text)") }
            if policy.allow.map(told) != allows.map({ told($0.1) }) { Issue.record("allow of\n\(text)") }
        }
    }
}
