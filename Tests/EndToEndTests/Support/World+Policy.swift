import Foundation
import TestSupport

extension World {
    /// Which policy the program is to use.
    enum PolicyKind {
        /// The file that `write(policy:)` wrote, and not the watched group.
        case file
    }

    private var policyFile: URL { folder.appendingPathComponent("policy.yaml") }
    private var recordFile: URL { folder.appendingPathComponent("record.json") }
    private var changes: [String: String] { ["SG_REVERT_GROUPS": "", "SG_REVERT_POLICY": policyFile.path] }

    /// Writes the policy file. The first lines are of the one watch entry, which is for the group unless they have other
    /// `selectors`; `allow` begins the rest.
    func write(policy text: String) throws {
        var watch = ["groups: [\(group)]"]
        var rest: [String] = []
        for line in text.split(separator: "\n").map(String.init) {
            if line.hasPrefix("selectors: { "), line.hasSuffix(" }") {
                watch[0] = String(line.dropFirst("selectors: { ".count).dropLast(2))
            } else if line.hasPrefix("changes") {
                watch.append(line)
            } else {
                rest.append(line)
            }
        }
        let entry = "watch:\n  - " + watch.joined(separator: "\n    ")
        let policy = (["version: 1", entry] + rest).joined(separator: "\n") + "\n"
        try policy.write(to: policyFile, atomically: true, encoding: .utf8)
    }

    /// Writes a record where `explain` reads it.
    func write(record: JSON) throws {
        try record.encoded.write(to: recordFile, atomically: true, encoding: .utf8)
    }

    /// What `policy explain` says of the record.
    func explain(_ flags: String...) async throws -> JSON {
        let arguments = ["policy", "explain", "--event", recordFile.path, "--format", "json"] + flags
        let result = try await run(arguments, environment: changes)
        guard result.exitCode == 0 else { throw TooLate(description: result.errors) }
        return try JSON(parsing: result.output).items.first ?? nil
    }

    /// Runs the worker by the policy file until the queue is empty, which must succeed.
    func work(by _: PolicyKind, _ flags: String...) async throws {
        let result = try await run(["worker"] + Self.quick + flags, environment: changes)
        guard result.exitCode == 0 else {
            throw TooLate(description: "the worker ended with \(result.exitCode): \(result.errors)")
        }
    }

    /// Starts the program by the policy file.
    func start(
        _ arguments: [String],
        by _: PolicyKind,
        environment more: [String: String] = [:]
    ) throws -> Program {
        try start(arguments, environment: changes.merging(more) { $1 })
    }

    /// Pastes a command into a shell where `aws` is the AWS CLI.
    func paste(_ command: JSON?) async throws {
        let text = try (command?.string).orThrow("there is a command to paste")
        let process = try Python.shell(text, environment: environment, in: folder)
        try await eventually("\(text) has ended") { !process.isRunning }
        guard process.exitCode == 0 else {
            throw TooLate(description: "\(text) ended with \(process.waitUntilExit())")
        }
    }
}
