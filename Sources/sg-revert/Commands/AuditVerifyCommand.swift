import ArgumentParser
import Formats
import Ledger

struct AuditVerifyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract: "Check that nothing in the ledger was altered, removed, inserted or moved.",
        discussion: """
            Recomputes the hash chain over the audit trail and holds both views against it, every column but deliveries. \
            The first entry that is wrong is named, and the exit code is 2. Whoever can write the file can compute the \
            chain anew, or cut off its end: keep the head elsewhere (--anchor prints it, and the worker logs it once an \
            hour), and check with it later (--anchor SEQ:HASH).
            """
    )

    @OptionGroup var ledger: LedgerOptions

    @Option(
        defaultAsFlag: "",
        help: ArgumentHelp(
            "Print the head of the trail; with a value, check that this earlier head is still in it.",
            valueName: "seq:hash"
        )
    )
    var anchor: String?

    @OptionGroup var config: ConfigOptions

    func run() async throws {
        let path = try ledger.path(config.settings())
        let earlier = try anchor.flatMap { text -> Anchor? in
            guard !text.isEmpty else { return nil }
            guard let anchor = Anchor(text) else {
                throw ValidationError("--anchor: \"\(text)\" is not SEQ:HASH, as --anchor alone prints it")
            }
            return anchor
        }
        var progress = ProgressBar("verifying", total: 1)
        let found = try await asking {
            defer { progress.clear() }
            return try LedgerReader(path: path).verify(anchor: earlier, progress: { progress.show($0) })
        }
        for gap in found.gaps { StandardOutput.write("note: \(gap)\n") }
        if let last = found.findings.last {
            for finding in found.findings.dropLast() { complain("\(finding)") }
            throw RunFailure(description: "\(last)", exitCode: 2)
        }
        if anchor == "" {
            if let head = found.anchor { StandardOutput.write("\(head)\n") }
        } else {
            let head = found.anchor.map { ", head \($0)" } ?? ""
            StandardOutput.write("in order: \(found.entries) entries, \(found.events) events\(head)\n")
        }
    }
}
