import Formats
import Foundation
import Ledger
import SecurityGroups
import Worker

/// Whether colour and weight may be used: on a terminal, and not where somebody asked for none.
var isStyled: Bool {
    StandardOutput.isTerminal && ProcessInfo.processInfo.environment["NO_COLOR"]?.isEmpty ?? true
}

/// The story of one event for people, on one screen.
func storyText(_ story: EventStory, isStyled: Bool) -> String {
    var page = Page(isStyled: isStyled)
    let event = story.event
    page.heading("\(tableCell(event["outcome"])): \(tableCell(event["event_name"])) on \(tableCell(event["group_id"]))")
    page.line("event", event["event_id"])
    page.line("who", event["issuer_arn"] == .null ? event["actor_arn"] : event["issuer_arn"])
    if event["actor_arn"] != event["issuer_arn"], event["issuer_arn"] != .null {
        page.line("session", event["actor_arn"])
    }
    page.line("from", event["source_ip"], event["user_agent"])
    page.line("where", event["account"], event["region"], event["group_id"])
    page.line("called", event["event_time"])
    page.line("received", event["received_at"], after: event["event_time"])
    page.line("finished", event["finished_at"], after: event["event_time"])
    if let exposed = event["exposed_ms"].integer { page.line("open for", .text(duration(exposed))) }
    page.line("reason", event["reason"])
    page.line("error", event["error_code"], event["error_message"])
    if event["dry_run"] == .boolean(true) { page.line("dry run", .text("nothing was to be changed")) }

    if !story.rules.isEmpty { page.heading("Rules") }
    for rule in story.rules {
        page.text("  \(words(rule))")
        page.line("stood", .text(standing(rule)))
        page.line("decided", rule["decision"], rule["reason"])
        page.line("undo", rule["undo"])
    }

    if !story.runs.isEmpty { page.heading("Runs") }
    for run in story.runs {
        let cells = Dictionary(zip(EventStory.Run.columns, run.values)) { first, _ in first }
        let end = cells["ended_at"].map { $0 == .null ? "has not ended" : "ended \(tableCell($0))" } ?? ""
        let outcome = cells["outcome"].map { $0 == .null ? "" : ": \(tableCell($0))" } ?? ""
        let kept = cells["replaces"] == .boolean(false) ? " (the earlier outcome stands)" : ""
        page.text(
            "  \(tableCell(cells["attempt"] ?? .null)). \(tableCell(cells["worker"] ?? .null)), "
                + "claimed \(tableCell(cells["claimed_at"] ?? .null)), \(end)\(outcome)\(kept)"
        )
        for call in run.calls {
            let call = Dictionary(zip(EventStory.Call.columns, call.values)) { first, _ in first }
            let details = ["request_ids", "error"].compactMap { call[$0]?.text }.filter { !$0.isEmpty }
            page.line(
                "  \(call["ms"]?.integer ?? 0) ms",
                .text(([call["action"]?.text ?? ""] + details).joined(separator: "  "))
            )
        }
    }

    if !story.notices.isEmpty { page.heading("Notifications") }
    for notice in story.notices {
        let cells = Dictionary(zip(EventStory.Sending.columns, notice.values)) { first, _ in first }
        let time = cells["sent_at"] == .null ? cells["due_at"].map { "due \(tableCell($0))" } : cells["sent_at"]?.text
        page.line(
            cells["outcome"]?.text ?? "",
            cells["state"] ?? .null,
            .text(time ?? ""),
            cells["last_error"] ?? .null
        )
    }
    return page.result
}

/// Milliseconds for people: `1.5 s`, `3 min 20 s`, `2 h 5 min`.
func duration(_ milliseconds: Int64) -> String {
    let seconds = milliseconds / 1000
    return switch seconds {
    case ..<1: "\(milliseconds) ms"
    case ..<60: "\(Double(milliseconds / 100) / 10) s"
    case ..<3600: "\(seconds / 60) min \(seconds % 60) s"
    case ..<86_400: "\(seconds / 3600) h \(seconds / 60 % 60) min"
    default: "\(seconds / 86_400) d \(seconds / 3600 % 24) h"
    }
}

/// A rule of the ledger in words, with its id and description.
func words(_ rule: AuditRule) -> String {
    let ports = PortRange(from: Int(rule["from_port"].integer ?? -1), to: Int(rule["to_port"].integer ?? -1))
    let text = ruleInWords(
        direction: tableCell(rule["direction"]),
        ipProtocol: tableCell(rule["protocol"]),
        ports: ports,
        peer: tableCell(rule["source"])
    )
    let notes = [rule["rule_id"].text, rule["description"].text.map { "\"\($0)\"" }].compactMap {
        $0.map { plainText($0) }
    }
    return plainText(text) + (notes.isEmpty ? "" : " (\(notes.joined(separator: ", ")))")
}

/// What the worker found of a rule, and did about it.
private func standing(_ rule: AuditRule) -> String {
    switch rule["outcome"].text.flatMap(RuleOutcome.init) {
    case .reverted: "reverted: revoked, and seen to be gone"
    case .alreadyGone: "already-gone: no longer there when we looked"
    case .changedSince: "changed-since: there, but no longer what the event added"
    case .allowed: "allowed: left alone"
    case .exempt: "exempt: left alone"
    case .reported: "reported: there, and left there by a dry run"
    case .suppressed: "suppressed: over a limit of reverts, left until the limit has room"
    case .notRestored: "not-restored: removed, and not known well enough to be put back"
    case .failed: "failed: could not be reverted"
    case nil: tableCell(rule["outcome"])
    }
}

/// Lines with labels, under headings.
private struct Page {
    let isStyled: Bool
    private(set) var result = ""

    init(isStyled: Bool) {
        self.isStyled = isStyled
    }

    mutating func heading(_ text: String) {
        if !result.isEmpty { result += "\n" }
        result += isStyled ? "\u{1B}[1m\(text)\u{1B}[0m\n" : "\(text)\n"
    }

    mutating func text(_ text: String) {
        result += text + "\n"
    }

    /// The values that there are, in one line.
    mutating func line(_ label: String, _ values: AuditValue...) {
        let texts = values.filter { $0 != .null && $0 != .text("") }.map { tableCell($0) }
        guard !texts.isEmpty else { return }
        let padding = String(repeating: " ", count: max(1, 12 - label.count))
        result += "  \(label)\(padding)\(texts.joined(separator: "  "))\n"
    }

    /// A time, and how long after another it was.
    mutating func line(_ label: String, _ time: AuditValue, after start: AuditValue) {
        let passed = time.text.flatMap { RFC3339.parse($0) }.flatMap { end in
            start.text.flatMap { RFC3339.parse($0) }.map { Int64(end.timeIntervalSince($0) * 1000) }
        }
        line(label, time, passed.map { .text("(\(duration($0)) after the call)") } ?? .null)
    }
}
