import ArgumentParser
import Ledger

struct AuditShowCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show",
        abstract: "Tell the whole story of one event.",
        discussion: """
            What was asked, what stood, what was decided and by which line of policy, each call to AWS with its request id, \
            who was told, and how to bring the rule back. In json one object: the event, and in it its rules, runs (with \
            their calls) and notifications.
            """
    )

    @Argument(help: ArgumentHelp("CloudTrail's id of the event.", valueName: "event-id"))
    var eventID: String

    @OptionGroup var ledger: AuditLedgerOptions
    @OptionGroup var format: FormatOptions
    @OptionGroup var config: ConfigOptions

    func run() async throws {
        let settings = try config.settings()
        let story = try await asking {
            // If several ledgers know the event, the one with the most final outcome is shown.
            let readers = try ledger.readers(settings)
            let stories = try readers.compactMap { try $0.story(of: eventID) }
            var merged = EventStream(readers, matching: EventFilter(eventID: eventID), withRules: false)
            let chosen = try merged.next()?.event
            return stories.first { $0.event == chosen }
        }
        guard let story else {
            throw RunFailure(description: "no event \(eventID) in the ledger; audit query lists those that it has")
        }
        switch format.format {
        case .table:
            StandardOutput.write(storyText(story, isStyled: isStyled))
        case .json, .jsonl:
            StandardOutput.write(jsonObject(Row(story)) + "\n")
        case .csv:
            var printer = RowPrinter(format: .csv, columns: AuditEvent.columns, tableColumns: [])
            printer.print(Row(story.event, []))
        }
    }
}

extension Row {
    fileprivate init(_ story: EventStory) {
        self.init(story.event, story.rules)
        let runs = story.runs.map { run in
            Row(run.cells, children: [("calls", run.calls.map { Row($0.cells) })])
        }
        children.append(("runs", runs))
        children.append(("notifications", story.notices.map { Row($0.cells) }))
    }

    private init<Column>(_ cells: Cells<Column>, children: [(String, [Row])] = []) {
        self.init(Cells<Column>.columns, cells.values, children: children)
    }
}
