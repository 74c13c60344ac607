import AWSClient
import ArgumentParser
import Foundation
import Telemetry
import Worker

/// The settings of the status endpoint and of metrics on stdout.
struct StatusSettings: ParsableArguments {
    @Option(.httpAddress)
    var httpAddress: String?

    @Option(.metrics)
    var metrics: String?

    /// The address of the endpoint; nil if it is off.
    func address(_ settings: Settings) throws(SettingsError) -> StatusAddress? {
        try Self.address(httpAddress, settings)
    }

    /// The address of the endpoint, for a command that has this flag alone.
    static func address(_ flag: String?, _ settings: Settings) throws(SettingsError) -> StatusAddress? {
        try settings.value(flag, .httpAddress, expected: "host:port, such as 127.0.0.1:9090") { StatusAddress($0) }
    }

    /// True if metrics are written to stdout in CloudWatch's embedded metric format.
    func isEmbedding(_ settings: Settings) throws(SettingsError) -> Bool {
        try settings.word(metrics, .metrics) == "emf"
    }
}
