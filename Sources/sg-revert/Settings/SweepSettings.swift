import AWSClient
import ArgumentParser
import Formats
import Ledger
import SecurityGroups
import Worker

/// The worker's settings that a sweep takes: all but those of the queue.
struct SweepSettings: ParsableArguments {
    @Option(.policy)
    var policy: String?

    @Option(name: .customLong("group"), help: ArgumentHelp("Look at this group only (repeatable).", valueName: "id"))
    var groups: [String] = []

    @OptionGroup var ledger: LedgerOptions

    @Option(.roleARN)
    var roleARN: String?

    @Option(.externalID)
    var externalID: String?

    @Option(.regions)
    var regions: [String] = []

    @Option(.claims)
    var claims: String?

    @Option(.settleSeconds)
    var settleSeconds: String?

    /// The groups of `--group`; empty for all.
    ///
    /// - Throws: for a text that is no group's id.
    func chosenGroups() throws -> [SecurityGroupID] {
        try groups.map { text in
            guard let id = SecurityGroupID(text) else {
                throw ValidationError(
                    "--group: \"\(plainText(text))\" is not a security group id, such as sg-0a1b2c3d4e5f60718"
                )
            }
            return id
        }
    }

    /// The policy: that of a file, else the simplest one of the groups.
    func source(_ settings: Settings) throws -> PolicySource {
        if let path = try settings.text(policy, .policy) { return .file(path) }
        var options = PolicyOptions()
        options.policy = nil
        options.groups = groups
        return try options.source(settings)
    }

    /// What the sweep is told to do.
    func options(_ settings: Settings, base session: AWSSession) throws -> WorkerOptions {
        var worker = WorkerSettings()
        worker.roleARN = roleARN
        worker.externalID = externalID
        worker.regions = regions
        worker.topicARN = nil
        worker.claims = claims
        // The fleet's table is in the queue's Region.
        let queueURL = try settings.text(nil, .queueURL) ?? ""
        var options = WorkerOptions(queueURL: queueURL, policy: try source(settings).load())
        options.claimsTable = try worker.claimsTable(settings)
        options.roles = try worker.roles(settings, base: session)
        let regions = try worker.regions(settings)
        if !regions.isEmpty { options.regions = Set(regions.map(\.description)) }
        options.settle = .seconds(try settings.number(settleSeconds, .settleSeconds))
        options.isUntilEmpty = true
        options.topicARN = try worker.topic(settings)
        return options
    }
}
