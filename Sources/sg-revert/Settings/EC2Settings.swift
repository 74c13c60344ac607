import AWSClient
import ArgumentParser
import Worker

/// The settings of work in EC2: the role in other accounts, the Regions, and the settle time.
struct EC2Settings: ParsableArguments {
    @Option(.roleARN)
    var roleARN: String?

    @Option(.externalID)
    var externalID: String?

    @Option(.regions)
    var regions: [String] = []

    @Option(.settleSeconds)
    var settleSeconds: String?

    /// Sets the Regions and the settle time of a worker.
    func apply(to options: inout WorkerOptions, _ settings: Settings) throws(SettingsError) {
        let regions = try regions(settings)
        if !regions.isEmpty { options.regions = Set(regions.map(\.description)) }
        options.settle = .seconds(try settings.number(settleSeconds, .settleSeconds))
    }

    /// The Regions that the setting names.
    func regions(_ settings: Settings) throws(SettingsError) -> [AWSRegion] {
        try settings.list(regions, .regions, expected: "an AWS Region, such as eu-west-1") { AWSRegion($0) }
    }

    /// The sessions of the role that is assumed in other accounts; nil if the setting names none.
    func roles(_ settings: Settings, base session: AWSSession) throws(SettingsError) -> RoleSessions? {
        let externalID = try settings.text(externalID, .externalID)
        let expected = "the ARN of a role, such as arn:aws:iam::{account}:role/sg-revert"
        let roles = try settings.value(roleARN, .roleARN, expected: expected) { text in
            try? RoleSessions(base: session, template: text, externalID: externalID)
        }
        if roles == nil, externalID != nil {
            throw .missing(
                what: "role for --external-id",
                how: "\(Setting.roleARN.flag) or \(Setting.roleARN.variable)"
            )
        }
        return roles
    }
}
