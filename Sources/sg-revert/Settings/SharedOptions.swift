import AWSClient
import ArgumentParser
import Foundation
import Logging
import SecurityGroups
import Telemetry

/// Where the settings come from that no flag makes.
struct ConfigOptions: ParsableArguments {
    @Option(help: ArgumentHelp("A YAML file of settings, keys named like the flags.", valueName: "file"))
    var config: String?

    /// The settings of this run.
    func settings() throws(SettingsError) -> Settings {
        try Settings(configPath: config)
    }
}

/// Which AWS to talk to.
struct AWSOptions: ParsableArguments {
    @Option(help: "The profile of the shared AWS files.")
    var profile: String?

    @Option(help: "The AWS Region.")
    var region: String?

    @Option(
        name: .customLong("endpoint-url"),
        help: ArgumentHelp("Send every call here, as to an emulator.", valueName: "url")
    )
    var endpointURL: String?

    /// A session with AWS, as every AWS SDK would resolve it.
    func session(_ settings: Settings, logger: Logger) async throws -> AWSSession {
        let environment = settings.environment
        let session: AWSSession
        do {
            let profile = try settings.awsText(profile, "profile")
            session = try AWSSession(
                environment: environment,
                profile: profile,
                region: settings.awsText(region, "region"),
                endpointURL: settings.awsText(endpointURL, "endpoint-url"),
                transport: CurlTransport(
                    caBundle: AWSSession.caBundle(environment: environment, profile: profile),
                    proxies: ProxySettings(environment: environment)
                ),
                logger: logger
            )
        } catch let error as any CommandFailure {
            throw error
        } catch AWSClientError.invalidSetting(let name, let value, let reason) where isFlag(name) {
            let error = AWSClientError.invalidSetting(name: name, value: value, reason: reason)
            throw RunFailure(description: "\(error)", exitCode: 64)
        } catch {
            throw RunFailure(description: "\(error)", exitCode: 78)
        }
        // Without an answer the Region stays unknown, which is an error only of the call that needs one.
        return (try? await session.locatingRegion()) ?? session
    }

    /// Whether the session's setting `name` came from the command line; it calls what the file says the same.
    private func isFlag(_ name: String) -> Bool {
        name == "--region" && region != nil || name == "--endpoint-url" && endpointURL != nil
    }
}

extension Settings {
    /// A setting whose variable is one of the standard `AWS_*` ones, which the session reads itself.
    fileprivate func awsText(_ flag: String?, _ name: String) throws(SettingsError) -> String? {
        var variables = ["AWS_\(name.uppercased().replacingOccurrences(of: "-", with: "_"))"]
        if name == "region" { variables.append("AWS_DEFAULT_REGION") }
        let isInEnvironment = variables.contains { environment[$0]?.isBlank == false }
        return flag == nil && isInEnvironment ? nil : try text(flag, name)
    }
}

/// Which queues.
struct QueueOptions: ParsableArguments {
    @Option(name: .customLong("queue-url"), help: ArgumentHelp("The queue that EventBridge fills.", valueName: "url"))
    var queueURL: String?

    @Option(
        name: .customLong("dead-letter-queue-url"),
        help: ArgumentHelp("Where failures go. (default: what the queue's redrive policy names)", valueName: "url")
    )
    var deadLetterQueueURL: String?

    /// The queue's URL.
    func queueURL(_ settings: Settings) throws(SettingsError) -> String {
        guard let url = try url(queueURL, "queue-url", settings) else {
            throw .missing(what: "queue", flag: "--queue-url", variable: "SG_REVERT_QUEUE_URL")
        }
        return url
    }

    /// The dead-letter queue's URL, where it is set.
    func deadLetterQueueURL(_ settings: Settings) throws(SettingsError) -> String? {
        try url(deadLetterQueueURL, "dead-letter-queue-url", settings)
    }

    private func url(_ flag: String?, _ name: String, _ settings: Settings) throws(SettingsError) -> String? {
        try settings.value(
            flag,
            name,
            expected: "a queue's URL, such as https://sqs.eu-west-1.amazonaws.com/111122223333/sg-revert"
        ) {
            guard let url = URL(string: $0), ["http", "https"].contains(url.scheme), url.host?.isEmpty == false else {
                return nil
            }
            return $0
        }
    }
}

/// Which ledger.
struct LedgerOptions: ParsableArguments {
    @Option(help: ArgumentHelp("The SQLite ledger. (default: ledger.db in the state directory)", valueName: "file"))
    var ledger: String?

    /// The ledger's path: in `$STATE_DIRECTORY` (a service manager's), else in the user's state directory.
    func path(_ settings: Settings) throws(SettingsError) -> String {
        try Self.path(ledger, settings)
    }

    static func path(_ flag: String?, _ settings: Settings) throws(SettingsError) -> String {
        if let path = try settings.text(flag, "ledger") { return path }
        func directory(_ name: String) -> String? {
            settings.environment[name].flatMap { $0.isBlank ? nil : $0 }
        }
        // A service manager may name several, divided by colons.
        if let state = directory("STATE_DIRECTORY")?.split(separator: ":").first { return "\(state)/ledger.db" }
        if let state = directory("XDG_STATE_HOME") { return "\(state)/sg-revert/ledger.db" }
        guard let home = directory("HOME") else {
            throw .missing(what: "place for the ledger", flag: "--ledger", variable: "SG_REVERT_LEDGER")
        }
        return "\(home)/.local/state/sg-revert/ledger.db"
    }
}

/// How to log.
struct LogOptions: ParsableArguments {
    @Option(
        name: .customLong("log-level"),
        help: ArgumentHelp("trace, debug, info, notice, warning, error or critical.", valueName: "level")
    )
    var logLevel: String?

    @Option(
        name: .customLong("log-format"),
        help: ArgumentHelp("text or json. (default: text on a terminal, else json)", valueName: "format")
    )
    var logFormat: String?

    /// The logger, which writes to stderr.
    func logger(_ settings: Settings) throws(SettingsError) -> Logger {
        let levels = Logger.Level.allCases.map(\.rawValue)
        let level = try settings.value(logLevel, "log-level", expected: "one of \(levels.joined(separator: ", "))") {
            Logger.Level(rawValue: $0)
        }
        let format = try settings.value(logFormat, "log-format", expected: "text or json", read: LogFormat.init)
        let fallback: LogFormat = isatty(STDERR_FILENO) == 1 ? .text : .json
        var handler = LogLineHandler(label: "sg-revert", format: format ?? fallback)
        handler.logLevel = level ?? .info
        return Logger(label: "sg-revert") { _ in handler }
    }
}
