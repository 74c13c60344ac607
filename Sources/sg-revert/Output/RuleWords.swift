import Formats
import Ledger
import SecurityGroups

/// A rule in words, without its id and description, so that equal rules are counted together.
func kind(of rule: AuditRule) -> String {
    ruleInWords(rule[.direction], rule[.ipProtocol], (rule[.fromPort], rule[.toPort]), rule[.source])
}

/// A rule in words, with its id and description.
func words(_ rule: AuditRule) -> String {
    let notes = [rule[.ruleID].text, rule[.description].text.map { "\"\($0)\"" }].compactMap {
        $0.map { plainText($0) }
    }
    return plainText(kind(of: rule)) + (notes.isEmpty ? "" : " (\(notes.joined(separator: ", ")))")
}

/// A standing rule in words, without its id and description.
func kind(of rule: AuditStandingRule) -> String {
    ruleInWords(rule[.direction], rule[.ipProtocol], (rule[.fromPort], rule[.toPort]), rule[.source])
}

/// A content of a rule in words.
func kind(of content: AuditKnownContent) -> String {
    ruleInWords(content[.direction], content[.ipProtocol], (content[.fromPort], content[.toPort]), content[.source])
}

/// The cells of a rule in words.
private func ruleInWords(
    _ direction: AuditValue,
    _ ipProtocol: AuditValue,
    _ ports: (from: AuditValue, to: AuditValue),
    _ peer: AuditValue
) -> String {
    ruleInWords(
        direction: tableCell(direction),
        ipProtocol: tableCell(ipProtocol),
        ports: PortRange(from: Int(ports.from.integer ?? -1), to: Int(ports.to.integer ?? -1)),
        peer: tableCell(peer)
    )
}
