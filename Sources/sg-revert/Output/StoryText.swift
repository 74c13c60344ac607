import Formats
import Foundation
import Ledger
import SecurityGroups
import Worker

/// True if colours and bold text may be used: on a terminal, and without `NO_COLOR`.
var isStyled: Bool {
    StandardOutput.isTerminal && ProcessInfo.processInfo.environment["NO_COLOR"]?.isEmpty ?? true
}

/// The story of one event for people, on one screen.
func storyText(_ story: EventStory, isStyled: Bool) -> String {
    var page = Page(isStyled: isStyled)
    page.facts(of: story.event)
    if !story.rules.isEmpty { page.heading("Rules") }
    for rule in story.rules { page.rule(rule) }
    if !story.runs.isEmpty { page.heading("Runs") }
    for run in story.runs { page.run(run) }
    if !story.notices.isEmpty { page.heading("Notifications") }
    for notice in story.notices { page.notice(notice.cells) }
    return page.result
}

extension Page {
    fileprivate mutating func facts(of event: AuditEvent) {
        heading("\(tableCell(event[.outcome])): \(tableCell(event[.eventName])) on \(tableCell(event[.groupID]))")
        line("event", event[.eventID])
        line("who", event[.issuerARN] == .null ? event[.actorARN] : event[.issuerARN])
        if event[.actorARN] != event[.issuerARN], event[.issuerARN] != .null { line("session", event[.actorARN]) }
        line("from", event[.sourceIP], event[.userAgent])
        line("where", event[.account], event[.region], event[.groupID])
        line("called", event[.eventTime])
        line("received", event[.receivedAt], after: event[.eventTime])
        line("finished", event[.finishedAt], after: event[.eventTime])
        if let exposed = event[.exposedMilliseconds].integer { line("open for", .text(durationInWords(exposed))) }
        line("reason", event[.reason])
        line("error", event[.errorCode], event[.errorMessage])
        if event[.dryRun] == .boolean(true) { line("dry run", .text("nothing was to be changed")) }
    }

    fileprivate mutating func rule(_ rule: AuditRule) {
        text("  \(words(rule))")
        line("stood", .text(standing(rule)))
        line("decided", rule[.decision], rule[.reason])
        line("undo", rule[.undo])
    }

    fileprivate mutating func run(_ run: EventStory.Run) {
        let cells = run.cells
        let end = cells[.endedAt] == .null ? "has not ended" : "ended \(tableCell(cells[.endedAt]))"
        let outcome = cells[.outcome] == .null ? "" : ": \(tableCell(cells[.outcome]))"
        let kept = cells[.replaces] == .boolean(false) ? " (the earlier outcome stands)" : ""
        text(
            "  \(tableCell(cells[.attempt])). \(tableCell(cells[.worker])), "
                + "claimed \(tableCell(cells[.claimedAt])), \(end)\(outcome)\(kept)"
        )
        for call in run.calls.map(\.cells) {
            let details = [call[.requestIDs], call[.error]].compactMap(\.text).filter { !$0.isEmpty }
            line(
                "  \(call[.milliseconds].integer ?? 0) ms",
                .text(([call[.action].text ?? ""] + details).joined(separator: "  "))
            )
        }
    }

    fileprivate mutating func notice(_ notice: Cells<EventStory.Sending.Column>) {
        let time = notice[.sentAt].text ?? "due \(tableCell(notice[.dueAt]))"
        line(notice[.outcome].text ?? "", notice[.state], .text(time), notice[.lastError])
    }
}

/// A number of milliseconds for people: `1.5 s`, `3 min 20 s`, `2 h 5 min`.
func durationInWords(_ milliseconds: Int64) -> String {
    let seconds = milliseconds / 1000
    return switch seconds {
    case ..<1: "\(milliseconds) ms"
    case ..<60: "\(Double(milliseconds / 100) / 10) s"
    case ..<3600: "\(seconds / 60) min \(seconds % 60) s"
    case ..<86_400: "\(seconds / 3600) h \(seconds / 60 % 60) min"
    default: "\(seconds / 86_400) d \(seconds / 3600 % 24) h"
    }
}

/// The finding of the worker about a rule, and its action.
private func standing(_ rule: AuditRule) -> String {
    switch rule[.outcome].text.flatMap(RuleOutcome.init) {
    case .reverted: "reverted: revoked, and seen to be gone"
    case .alreadyGone: "already-gone: no longer there when we looked"
    case .changedSince: "changed-since: there, but no longer what the event added"
    case .allowed: "allowed: left alone"
    case .exempt: "exempt: left alone"
    case .reported: "reported: there, and left there by a dry run"
    case .suppressed: "suppressed: over a limit of reverts, left until the limit has room"
    case .notRestored: "not-restored: removed, and not known well enough to be put back"
    case .failed: "failed: could not be reverted"
    case nil: tableCell(rule[.outcome])
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

    /// Adds the values that are not null as one line.
    mutating func line(_ label: String, _ values: AuditValue...) {
        let texts = values.filter { $0 != .null && $0 != .text("") }.map { tableCell($0) }
        guard !texts.isEmpty else { return }
        let padding = String(repeating: " ", count: max(1, 12 - label.count))
        result += "  \(label)\(padding)\(texts.joined(separator: "  "))\n"
    }

    /// Adds a time, and the time since another one.
    mutating func line(_ label: String, _ time: AuditValue, after start: AuditValue) {
        let passed = time.text.flatMap { RFC3339.parse($0) }.flatMap { end in
            start.text.flatMap { RFC3339.parse($0) }.map { Int64(end.timeIntervalSince($0) * 1000) }
        }
        line(label, time, passed.map { .text("(\(durationInWords($0)) after the call)") } ?? .null)
    }
}
