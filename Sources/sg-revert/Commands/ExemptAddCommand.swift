import ArgumentParser
import Formats
import Foundation
import Ledger
import PolicyFile
import SecurityGroups
import Worker

struct ExemptAddCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "add",
        abstract: "Begin a temporary exemption, and print its id.",
        discussion: """
            It holds from now on in every worker of the ledger, and with --claims on every host that shares the table, from the \
            next event on that the host receives. What was added under it and still stands is reverted within two minutes after \
            its end, unless the policy allows it by then. People are told of its beginning and its end.
            """
    )

    @Option(help: ArgumentHelp("Who: the ARN of a role or user, * and ? as wildcards.", valueName: "arn"))
    var principal: String

    @Option(help: ArgumentHelp("In this group only.", valueName: "id"))
    var group: String?

    @Option(name: .customLong("for"), help: ArgumentHelp("How long, such as 2h.", valueName: "duration"))
    var length: String

    @Option(help: ArgumentHelp("Why.", valueName: "text"))
    var reason: String

    @Option(
        help: ArgumentHelp(
            "revert or leave: what becomes of the rules at the end. (default: revert)",
            valueName: "what"
        )
    )
    var then: String?

    @Option(help: ArgumentHelp("Remind people so long before the end.", valueName: "duration"))
    var remind: String?

    @OptionGroup var ledger: LedgerOptions
    @OptionGroup var shared: FleetTableOptions
    @OptionGroup var config: ConfigOptions

    func run() async throws {
        let settings = try config.settings()
        let new = try exemption(now: Date())
        for warning in Self.warnings(of: new) { complain("warning: \(warning)") }
        let path = try ledger.path(settings)
        let table = try await shared.exemptions(settings)
        let (exemption, failure) = try await asking {
            let ledger = try LedgerDatabase(path: path, worker: new.madeBy) { Date() }
            var exemption = new
            var failure: (any Error)?
            if let table {
                do {
                    try await table.add(exemption)
                    exemption.sharedAt = Date()
                } catch {
                    failure = error
                }
            }
            let added = exemption
            try await ledger.write { try $0.add(added) }
            return (added, failure)
        }
        StandardOutput.write("\(exemption.id)\n")
        if let failure {
            throw RunFailure(
                description: "\(exemption.id) holds in this ledger alone, and on no other host: \(errorText(failure))"
            )
        }
    }

    /// The warnings about an exemption that is wider or longer than a careful person would make it.
    static func warnings(of exemption: TemporaryExemption) -> [String] {
        var warnings: [String] = []
        if Wildcard(exemption.principal).isAnyCaller {
            warnings.append("\(plainText(exemption.principal)) exempts everybody, in every account")
        } else if let warning = principalWarning(exemption.principal) {
            warnings.append(warning)
        }
        if exemption.until.timeIntervalSince(exemption.from) > 86_400 {
            warnings.append(
                "it holds for more than 24 hours; an exempt entry of the policy file is seen by whoever reviews the policy"
            )
        }
        return warnings
    }

    private func exemption(now: Date) throws -> TemporaryExemption {
        guard principal.hasPrefix("arn:") else {
            throw ValidationError("--principal: \"\(plainText(principal))\" is not the ARN of a role or user")
        }
        guard !principal.contains(":assumed-role/") else {
            throw ValidationError(
                "--principal: the ARN of a session never matches; name its role, arn:aws:iam::ACCOUNT:role/NAME"
            )
        }
        let group = try group.map { try groupID($0, flag: "--group").description }
        guard !reason.isBlank else { throw ValidationError("--reason: say why") }
        let longest = TemporaryExemption.longestReason
        guard reason.utf8.count <= longest else {
            throw ValidationError("--reason: \(reason.utf8.count) bytes are too long; say it in at most \(longest)")
        }
        let then: Exemption.End? = try then.map { try choice($0, flag: "--then") }
        let until = now.addingTimeInterval(Double(try duration(length, flag: "--for").components.seconds))
        // RFC 3339 has four digits for a year, so that a later time cannot be read again.
        guard let last = RFC3339.parse("9999-12-31T23:59:59Z"), until <= last else {
            throw ValidationError("--for: \"\(plainText(self.length))\" ends after the year 9999")
        }
        return TemporaryExemption(
            id: "ex-" + String(UInt32.random(in: 0x1000_0000...UInt32.max), radix: 16),
            principal: principal,
            groupID: group,
            from: now,
            until: until,
            then: then ?? .revert,
            remind: try remind.map { try duration($0, flag: "--remind") },
            reason: reason,
            madeBy: personName()
        )
    }
}
