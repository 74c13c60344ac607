import AWSClient
import ArgumentParser
import SecurityGroups
import Worker

/// The settings of a sweep.
struct SweepSettings: ParsableArguments {
    @Option(.policy)
    var policy: String?

    @Option(name: .customLong("group"), help: ArgumentHelp("Look at this group only (repeatable).", valueName: "id"))
    var groups: [String] = []

    @OptionGroup var ledger: LedgerOptions
    @OptionGroup var ec2: EC2Settings
    @OptionGroup var claims: ClaimsSettings

    /// The groups of `--group`; empty for all groups that the policy watches.
    ///
    /// - Throws: `ValidationError` for a text that is no group's id.
    func chosenGroups() throws -> [SecurityGroupID] {
        try groups.map { try groupID($0, flag: "--group") }
    }

    /// The policy of the file. Without a file, the simplest policy of the groups.
    func source(_ settings: Settings) throws -> PolicySource {
        if let path = try settings.text(policy, .policy) { return .file(path) }
        return try PolicyOptions.source(policy: nil, groups: groups, settings)
    }

    /// The options of the worker that sweeps. It reads nothing from the queue.
    func options(_ settings: Settings, base session: AWSSession) throws -> WorkerOptions {
        // The fleet's table is in the queue's Region.
        let queueURL = try settings.text(nil, .queueURL) ?? ""
        var options = WorkerOptions(queueURL: queueURL, policy: try source(settings).load())
        options.claimsTable = try claims.table(settings)
        options.roles = try ec2.roles(settings, base: session)
        try ec2.apply(to: &options, settings)
        options.isUntilEmpty = true
        options.isDryRun = try settings.isOn(false, .dryRun)
        options.topicARN = try NotifySettings.topic(nil, settings)
        return options
    }
}
