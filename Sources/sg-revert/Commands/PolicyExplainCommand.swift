import AWSClient
import ArgumentParser
import CloudTrailEvents
import Foundation
import Ledger
import SecurityGroups
import Worker

struct PolicyExplainCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "explain",
        abstract: "Show what a policy decides about recorded events, and why.",
        discussion: """
            The events are CloudTrail records, bare or as EventBridge and SNS carry them: one, one on each line, an array, a \
            CloudTrail log file, or the output of aws cloudtrail lookup-events. An event does not hold the group's name, VPC \
            and tags: give them where the policy needs them, or let AWS be asked with --live; without it, AWS is not asked.
            """
    )

    @Argument(
        help: ArgumentHelp("The policy file. (default: the settings --policy or --group)", valueName: "file"),
        completion: .file()
    )
    var file: String?

    @Option(
        help: ArgumentHelp("The file with the events, - for standard input.", valueName: "file"),
        completion: .file()
    )
    var event: String

    @Option(help: ArgumentHelp("The VPC of the group.", valueName: "id"))
    var vpc: String?

    @Option(help: ArgumentHelp("The name of the group.", valueName: "name"))
    var name: String?

    @Option(name: .customLong("tag"), help: ArgumentHelp("A tag of the group. (repeatable)", valueName: "key=value"))
    var tags: [String] = []

    @Flag(help: "Ask AWS for what --vpc, --name and --tag do not tell.")
    var live = false

    @Flag(help: "Show each entry that was tried, and why it did not apply.")
    var trace = false

    @Option(
        help: ArgumentHelp(
            "Also show what this ledger saw each rule say before the event, and why it might.",
            valueName: "file"
        ),
        completion: .file(extensions: ["db"])
    )
    var ledger: String?

    @OptionGroup var policy: PolicyOptions
    @OptionGroup var format: FormatOptions
    @OptionGroup var aws: AWSOptions
    @OptionGroup var log: LogOptions
    @OptionGroup var config: ConfigOptions

    func validate() throws {
        guard file == nil || (policy.policy == nil && policy.groups.isEmpty) else {
            throw ValidationError("give the policy as FILE, as --policy, or as --group")
        }
        for tag in tags where !tag.dropFirst().contains("=") || tag.hasPrefix("=") {
            throw ValidationError("--tag: \"\(tag)\" is not KEY=VALUE")
        }
    }

    func run() async throws {
        let settings = try config.settings()
        let policy = try (try file.map { PolicySource.file($0) } ?? self.policy.source(settings)).load()
        let text = try read()
        let found = MessageFile(text: text)
        let messages = found.messages
        let explanations = try await asking { try await explain(messages, policy, settings) }
        let unreadable = messages.compactMap { $0.withoutEvent }
        guard !explanations.isEmpty else {
            let detail = unreadable.first.map { " (\($0))" } ?? ""
            throw RunFailure(description: "\(event): no CloudTrail event in it\(detail)")
        }
        print(explanations)
        for wrapping in found.wrappings.filter(\.isDeadLetter).map(\.rawValue).sorted() {
            complain(
                "\(event) is \(wrapping): a queue message of that shape would be a dead letter, each event in it would not"
            )
        }
        guard unreadable.isEmpty else {
            throw RunFailure(
                description:
                    "\(event): \(unreadable.count) of \(messages.count) messages are no event, first: \(unreadable[0])"
            )
        }
    }

    private func explain(
        _ messages: [DecodedMessage],
        _ policy: Policy,
        _ settings: Settings
    ) async throws -> [Explanation] {
        var explainer = Explainer(policy: policy, group: facts(nil), known: try known())
        guard live else { return try messages.compactMap { try explainer.explain($0) } }
        var groups = LiveGroups(session: try await aws.session(settings, logger: log.logger(settings)))
        var explanations: [Explanation] = []
        for message in messages {
            do {
                explainer.group = facts(try await groups.group(of: message))
                explainer.prefixLists = try await groups.prefixLists(of: message, for: policy)
            } catch {
                throw RunFailure(description: "--live: \(error)")
            }
            explanations += [try explainer.explain(message)].compactMap(\.self)
        }
        return explanations
    }

    /// Reads the contents of a rule that the ledger saw; nil if no ledger is named.
    private func known() throws -> ((String, String, Date?) throws -> [AuditKnownContent])? {
        guard let reader = try ledger.map({ try LedgerReader(path: $0) }) else { return nil }
        return { try reader.knownContents(ofRule: $1, inGroup: $0, before: $2) }
    }

    /// The facts of the group from the flags, and those without a flag from AWS.
    private func facts(_ group: DescribedSecurityGroup?) -> GroupFacts {
        GroupFacts(
            groupID: nil,
            account: group?.ownerID,
            region: nil,
            vpcID: vpc ?? group.map { $0.vpcID ?? "" },
            name: name ?? group.map { $0.name ?? "" },
            tags: groupTags ?? group?.tags
        )
    }

    private var groupTags: [String: String]? {
        guard !tags.isEmpty else { return nil }
        let pairs = tags.compactMap { tag in
            tag.firstIndex(of: "=").map { (String(tag[..<$0]), String(tag[tag.index(after: $0)...])) }
        }
        return Dictionary(pairs) { _, last in last }
    }

    private func read() throws(RunFailure) -> String {
        do {
            let data =
                event == "-"
                ? try FileHandle.standardInput.readToEnd() ?? Data() : try Data(contentsOf: URL(filePath: event))
            // Some editors write a byte order mark at the beginning.
            let text = String(decoding: data, as: UTF8.self)
            return text.hasPrefix("\u{FEFF}") ? String(text.dropFirst()) : text
        } catch {
            throw RunFailure(description: "\(event): cannot be read; check the path and its permissions")
        }
    }

    private func print(_ explanations: [Explanation]) {
        var printer = RowPrinter(
            format: format.format,
            columns: Explanation.ruleColumns,
            tableColumns: Explanation.tableColumns
        )
        for explanation in explanations {
            switch format.format {
            case .json, .jsonl: printer.print(explanation.row(withTrace: trace))
            case .table, .csv: for row in explanation.flatRows { printer.print(row) }
            }
        }
        printer.finish()
        if format.format == .table {
            for text in explanations.compactMap(\.knownText) { StandardOutput.write("\n\(text)\n") }
        }
        if trace, format.format == .table {
            for explanation in explanations { StandardOutput.write("\n\(explanation.traceText)\n") }
        }
    }
}

extension DecodedMessage {
    /// The problem of a message that holds no event at all.
    fileprivate var withoutEvent: UnreadableMessage? {
        if case .unreadable(let message) = self, message.event == nil { message } else { nil }
    }
}
