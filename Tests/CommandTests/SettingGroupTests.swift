import AWSClient
import ArgumentParser
import Foundation
import InMemoryLogging
import Logging
import SecurityGroups
import Testing
import Worker

@testable import sg_revert

/// The settings that belong together, each as the commands take them.
@Suite struct SettingGroupTests {
    private func made(_ environment: [String: String] = [:]) throws -> Settings {
        try Settings(configPath: nil, environment: environment)
    }

    private func session() throws -> AWSSession {
        try AWSSession(
            environment: ["AWS_ACCESS_KEY_ID": "AKIAEXAMPLE", "AWS_SECRET_ACCESS_KEY": "secret"],
            region: "eu-west-1",
            transport: CurlTransport(),
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        )
    }

    @Test(
        arguments: [
            ("dynamodb://claims", "claims"), ("dynamodb://a.b-c_1", "a.b-c_1"), ("claims", nil), ("dynamodb://", nil),
            ("dynamodb://ab", nil), ("dynamodb://a b c", nil), ("sqlite://claims", nil),
        ] as [(String, String?)]
    )
    func `the table of a fleet is named with its kind`(text: String, table: String?) throws {
        let claims = try ClaimsSettings.parse(["--claims", text])
        if let table {
            #expect(try claims.table(made()) == table)
        } else {
            let error = #expect(throws: SettingsError.self) { try claims.table(made()) }
            #expect(error?.description.contains("dynamodb://TABLE with the name of a table") == true)
        }
    }

    @Test func `without the setting there is no table, and the name may be 255 letters long`() throws {
        #expect(try ClaimsSettings.parse([]).table(made()) == nil)
        let long = String(repeating: "x", count: 255)
        #expect(try ClaimsSettings.parse([]).table(made(["SG_REVERT_CLAIMS": "dynamodb://\(long)"])) == long)
        #expect(throws: SettingsError.self) {
            try ClaimsSettings.parse([]).table(made(["SG_REVERT_CLAIMS": "dynamodb://\(long)x"]))
        }
    }

    @Test func `a role in other accounts is the ARN of a role, and an external id needs one`() throws {
        let template = "arn:aws:iam::{account}:role/sg-revert"
        let roles = try EC2Settings.parse(["--role-arn", template, "--external-id", "x"])
        #expect(
            try roles.roles(made(), base: session())?.arn(account: "444455556666")
                == "arn:aws:iam::444455556666:role/sg-revert"
        )
        #expect(try EC2Settings.parse([]).roles(made(), base: session()) == nil)
        #expect(throws: SettingsError.self) {
            try EC2Settings.parse(["--role-arn", "sg-revert"]).roles(made(), base: session())
        }
        let error = #expect(throws: SettingsError.self) {
            try EC2Settings.parse(["--external-id", "x"]).roles(made(), base: session())
        }
        #expect(error?.description.contains("role for --external-id") == true)
    }

    @Test func `Regions come from repeated flags or a list, and one that cannot exist is refused`() throws {
        let settings = try made(["SG_REVERT_REGIONS": "eu-west-1, us-east-1"])
        #expect(try EC2Settings.parse([]).regions(settings).map(\.description) == ["eu-west-1", "us-east-1"])
        let flags = try EC2Settings.parse(["--regions", "eu-north-1"])
        #expect(try flags.regions(settings).map(\.description) == ["eu-north-1"])
        #expect(throws: SettingsError.self) { try EC2Settings.parse(["--regions", "nowhere"]).regions(made()) }
    }

    @Test func `the worker's options have every setting`() throws {
        let worker = try WorkerSettings.parse([
            "--queue-url", "https://sqs.eu-west-1.amazonaws.com/111122223333/q", "--group", "sg-0a1b2c3d",
            "--topic-arn", "arn:aws:sns:eu-west-1:111122223333:people", "--event-bus", "security",
            "--trusted-sender", "AIDAEXAMPLE", "--dry-run", "--concurrency", "7", "--wait-seconds", "3",
            "--snapshot-minutes", "2", "--shutdown-seconds", "9", "--settle-seconds", "4", "--regions", "eu-north-1",
            "--claims", "dynamodb://claims", "--notify-format", "json",
        ])
        let options = try worker.options(made(), policy: .watching([]))
        #expect(options.queueURL == "https://sqs.eu-west-1.amazonaws.com/111122223333/q")
        #expect(options.deadLetterQueueURL == nil && options.webhook == nil)
        #expect(options.topicARN == "arn:aws:sns:eu-west-1:111122223333:people" && options.eventBus == "security")
        #expect(options.trustedSenders == ["AIDAEXAMPLE"] && options.isDryRun && options.concurrency == 7)
        #expect(options.wait == .seconds(3) && options.snapshotInterval == .seconds(120))
        #expect(options.shutdown == .seconds(9) && options.settle == .seconds(4))
        #expect(options.regions == ["eu-north-1"] && options.claimsTable == "claims" && options.notifyFormat == .json)
    }

    @Test func `a sender that SQS cannot attest is refused`() throws {
        #expect(throws: SettingsError.self) { try WorkerSettings.trustedSenders(["a b"], made()) }
        #expect(try WorkerSettings.trustedSenders([], made(["SG_REVERT_TRUSTED_SENDERS": "A,B"])) == ["A", "B"])
    }

    @Test(arguments: [
        ("arn:aws:sns:eu-west-1:111122223333:people", true), ("arn:aws:sns:eu-west-1:111122223333:people.fifo", false),
        ("arn:aws:sqs:eu-west-1:111122223333:people", false), ("people", false),
    ])
    func `a topic is the ARN of a standard topic`(text: String, isGood: Bool) throws {
        let notify = try NotifySettings.parse(["--topic-arn", text])
        #expect((try? notify.topic(made())) == (isGood ? text : nil))
    }

    @Test(arguments: [("key", 3), ("key\r\n", 3), ("k y\n\n", 3), ("\n", nil), ("", nil)] as [(String, Int?)])
    func `a webhook's secret is the content of a file, without the end of its last line`(
        content: String,
        count: Int?
    ) throws {
        let file = FileManager.default.temporaryDirectory.appendingPathComponent("secret-\(UUID())")
        try Data(content.utf8).write(to: file)
        defer { try? FileManager.default.removeItem(at: file) }
        let notify = try NotifySettings.parse([
            "--webhook-url", "https://hooks.example/x", "--webhook-secret-file", file.path,
        ])
        if count != nil {
            #expect(try notify.webhook(made())?.isSigned == true)
        } else {
            let error = #expect(throws: SettingsError.self) { try notify.webhook(made()) }
            #expect(error?.description.contains("a file that can be read and holds a secret") == true)
        }
    }

    @Test func `a log has a level, and text or JSON`() throws {
        #expect(try LogOptions.parse(["--log-level", "debug"]).logger(made()).logLevel == .debug)
        #expect(try LogOptions.parse([]).logger(made(["SG_REVERT_LOG_LEVEL": "error"])).logLevel == .error)
        #expect(try LogOptions.parse([]).logger(made()).logLevel == .info)
        #expect(throws: SettingsError.self) { try LogOptions.parse(["--log-level", "loud"]).logger(made()) }
        #expect(throws: SettingsError.self) { try LogOptions.parse(["--log-format", "xml"]).logger(made()) }
    }

    @Test func `a sweep takes a policy file or groups, and looks at the groups that are named`() throws {
        let named = try SweepSettings.parse(["--group", "sg-0a1b2c3d"])
        #expect(try named.chosenGroups().map(\.description) == ["sg-0a1b2c3d"])
        guard case .groups(let ids) = try named.source(made()) else {
            Issue.record("no groups")
            return
        }
        #expect(ids.map(\.description) == ["sg-0a1b2c3d"])
        let both = try SweepSettings.parse(["--group", "sg-0a1b2c3d", "--policy", "p.yaml"])
        #expect(try both.source(made()) == .file("p.yaml"))
        #expect(throws: SettingsError.self) { try SweepSettings.parse([]).source(made()) }
        let options = try named.options(made(["SG_REVERT_QUEUE_URL": "https://q.example/1/q"]), base: session())
        #expect(options.isUntilEmpty && options.queueURL == "https://q.example/1/q")
    }

    @Test func `a policy of groups has a digest of its own, and a file that is none is exit 78`() throws {
        let ids = try ["sg-0a1b2c3d", "sg-11111111"].map { try #require(SecurityGroupID($0)) }
        let (one, two) = (try PolicySource.groups([ids[0]]).load(), try PolicySource.groups(ids).load())
        #expect(one.digest.count == 64 && one.digest != two.digest)
        let failure = #expect(throws: PolicyFailure.self) { try PolicySource.file("/nowhere.yaml").load() }
        #expect(failure?.exitCode == 78 && failure?.description.contains("/nowhere.yaml") == true)
    }

    @Test func `the log tells at the start by which policy and in which Regions it judges`() throws {
        let log = InMemoryLogHandler()
        var options = WorkerOptions(
            queueURL: "https://sqs.eu-west-1.amazonaws.com/111122223333/q",
            policy: Policy(
                watch: (1...21).map { Watch(regions: ["eu-north-1"], origin: "watch[\($0)]") },
                digest: "abc"
            )
        )
        func tell() throws -> Logger.Metadata {
            StartReport(
                session: try session(),
                options: options,
                source: .file("policy.yaml"),
                logger: Logger(label: "test") { _ in log }
            ).tellSettings()
            return try #require(log.entries.last?.metadata)
        }
        let line = try tell()
        #expect(
            line["policy"] == "policy.yaml" && line["policy.digest"] == "abc"
                && line["policy.entries"].map { "\($0)" } == "21"
        )
        #expect(line["policy.watch"].map { "\($0)" }?.hasSuffix("watch[20],…") == true)
        #expect(line["regions"] == "eu-north-1,eu-west-1" && line["version"] == "\(Version.text)")
        options.regions = ["us-east-1"]
        #expect(try tell()["regions"] == "us-east-1")
    }
}
