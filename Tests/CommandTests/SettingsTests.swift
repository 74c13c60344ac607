import ArgumentParser
import Foundation
import SecurityGroups
import Testing
import Worker

@testable import sg_revert

/// A setting comes from the flag, else the environment, else the file, else the default.
@Suite struct SettingsTests {
    private func made(_ environment: [String: String] = [:], file: String? = nil) throws -> Settings {
        guard let file else { return try Settings(configPath: nil, environment: environment) }
        let path = FileManager.default.temporaryDirectory.appendingPathComponent("config-\(UUID()).yaml").path
        try file.write(toFile: path, atomically: true, encoding: .utf8)
        defer { try? FileManager.default.removeItem(atPath: path) }
        return try Settings(configPath: path, environment: environment)
    }

    @Test(
        arguments: [
            ("1", "2", "3", 1), (nil, "2", "3", 2), (nil, " \t", "3", 3), (nil, nil, "3", 3), (nil, "2", nil, 2),
            (nil, "", "", nil), (nil, nil, nil, nil), (nil, " 2 ", nil, 2),
        ] as [(String?, String?, String?, Int?)]
    )
    func `precedence, and a blank text is none`(flag: String?, variable: String?, file: String?, expected: Int?) throws
    {
        var environment: [String: String] = [:]
        environment["SG_REVERT_WAIT_SECONDS"] = variable
        let settings = try made(environment, file: file.map { "wait-seconds: \($0)\n" })
        #expect(try settings.number(flag, .waitSeconds) == expected ?? 20)
    }

    @Test(
        arguments: [
            ("21", nil, nil, "--wait-seconds: \"21\" is not a whole number from 0 to 20", 64),
            ("", nil, nil, "--wait-seconds: \"\" is not a whole number from 0 to 20", 64),
            (nil, "x", "5", "SG_REVERT_WAIT_SECONDS: \"x\" is not a whole number from 0 to 20", 78),
            (nil, nil, "-1", ":1:15: \"-1\" is not a whole number from 0 to 20", 78),
        ] as [(String?, String?, String?, String, Int32)]
    )
    func `a value that cannot be read is an error that says where, what, and what would do: 64 for a flag, else 78`(
        flag: String?,
        variable: String?,
        file: String?,
        line: String,
        code: Int32
    ) throws {
        var environment: [String: String] = [:]
        environment["SG_REVERT_WAIT_SECONDS"] = variable
        let settings = try made(environment, file: file.map { "wait-seconds: \($0)\n" })
        let error = #expect(throws: SettingsError.self) {
            try settings.number(flag, .waitSeconds)
        }
        #expect(error?.description.hasSuffix(line) == true)
        #expect(error?.exitCode == code)
    }

    @Test(
        arguments: [
            ("true", true), ("YES", true), ("on", true), ("1", true), ("false", false), ("no", false), ("Off", false),
            ("0", false), ("ture", nil), ("2", nil), ("", false),
        ] as [(String, Bool?)]
    )
    func `yes and no have four spellings each, and nothing else is either`(text: String, expected: Bool?) throws {
        let settings = try made(["SG_REVERT_DRY_RUN": text])
        if let expected {
            #expect(try settings.isOn(false, .dryRun) == expected)
        } else {
            #expect(throws: SettingsError.self) { try settings.isOn(false, .dryRun) }
        }
        #expect(try settings.isOn(true, .dryRun), "the flag beats the environment")
    }

    @Test func `a list is a repeated flag, commas, or a list in the file, and a flag without anything is an error`()
        throws
    {
        func list(_ settings: Settings, _ flags: [String] = []) throws -> [Int] {
            try settings.list(flags, .group, expected: "numbers", read: { Int($0) })
        }
        let settings = try made(["SG_REVERT_GROUPS": "1, 2,,3 "], file: "group: [7, 8]\n")
        #expect(try list(settings) == [1, 2, 3])
        #expect(try list(settings, ["4", "5,6"]) == [4, 5, 6])
        #expect(try list(made(file: "group: [7, 8]\n")) == [7, 8])
        #expect(try list(made(file: "group: 7\n")) == [7])
        let none = try made()
        #expect(try list(none) == [])
        #expect(throws: SettingsError.self) { try list(none, [""]) }
        let error = #expect(throws: SettingsError.self) { try list(none, ["1", "x"]) }
        #expect(error?.description == "--group: \"x\" is not numbers")
    }

    @Test func `the errors say what to do`() {
        let missing = SettingsError.missing(what: "queue", how: "--queue-url or SG_REVERT_QUEUE_URL")
        #expect(missing.description == "no queue: set --queue-url or SG_REVERT_QUEUE_URL")
        #expect(missing.exitCode == 78)
        #expect(SettingsError.badFile("x").exitCode == 78)
        #expect(Setting.deadLetterQueueURL.variable == "SG_REVERT_DEAD_LETTER_QUEUE_URL")
    }

    @Test(arguments: [
        ("SG_REVERT_DRYRUN", "; did you mean SG_REVERT_DRY_RUN?"),
        ("SG_REVERT_GROUP", "; did you mean SG_REVERT_GROUPS?"),
        ("SG_REVERT_PROFILE", "; did you mean AWS_PROFILE?"),
        ("SG_REVERT_REGION", "; did you mean AWS_REGION?"), ("SG_REVERT_SOMETHING_ELSE", "; see worker --help"),
        ("sg_revert_dry_run", "; did you mean SG_REVERT_DRY_RUN?"),
        ("SGREVERT_DRY_RUN", "; did you mean SG_REVERT_DRY_RUN?"),
        ("SG-REVERT-GROUPS", "; did you mean SG_REVERT_GROUPS?"),
    ]
    )
    func `a variable of ours that does not exist is refused with the nearest name`(name: String, hint: String) throws {
        let error = #expect(throws: SettingsError.self) { try made([name: "true"]) }
        #expect(error?.description == "\(name) is no setting\(hint)")
        #expect(error?.exitCode == 78)
        _ = try made([name: " ", "SG_REVERTED": "x", "sg_revert_x": "x"])
    }

    @Test func `names, variables and defaults are the contract's, and no two settings share one`() {
        #expect(Set(Setting.all.map(\.name)).count == Setting.all.count)
        #expect(Set(Setting.all.flatMap(\.variables)).count == Setting.all.flatMap(\.variables).count)
        let defaults = WorkerOptions(queueURL: "", policy: .watching([]))
        let numbers: [(Setting, Int)] = [
            (Setting.concurrency, defaults.concurrency), (.waitSeconds, Int(defaults.wait.components.seconds)),
            (.settleSeconds, Int(defaults.settle.components.seconds)),
            (.shutdownSeconds, Int(defaults.shutdown.components.seconds)),
        ]
        for (setting, value) in numbers {
            #expect(setting.defaultText == "\(value)", "\(setting.name)")
        }
    }

    @Test func `the help of a flag names its default and its variable`() {
        let help = WorkerCommand.helpMessage(columns: 500)
        for setting in Setting.all {
            #expect(help.contains("--\(setting.name)"), "\(setting.name)")
            #expect(help.contains("environment: \(setting.variable)"), "\(setting.name)")
        }
        #expect(help.contains("(default: 20; environment: SG_REVERT_WAIT_SECONDS)"))
    }

    @Test(arguments: [
        ("https://sqs.eu-west-1.amazonaws.com/1/q", true), ("http://localhost:9324/1/q", true),
        ("ftp://x/q", false),
        ("q", false), ("https:///q", false),
    ]
    )
    func `a queue's URL is an http address, and is asked for by name`(text: String, isGood: Bool) throws {
        let options = try QueueOptions.parse(["--queue-url", text])
        let settings = try made()
        if isGood {
            #expect(try options.queueURL(settings) == text)
        } else {
            #expect(throws: SettingsError.self) { try options.queueURL(settings) }
        }
        let none = try QueueOptions.parse([])
        #expect(throws: SettingsError.self) { try none.queueURL(settings) }
    }

    @Test(
        arguments: [
            (["--ledger", "/x.db"], ["STATE_DIRECTORY": "/s"], "/x.db"), ([], ["SG_REVERT_LEDGER": "/y.db"], "/y.db"),
            ([], ["STATE_DIRECTORY": "/s:/t", "XDG_STATE_HOME": "/u"], "/s/ledger.db"),
            ([], ["STATE_DIRECTORY": " ", "XDG_STATE_HOME": "/u", "HOME": "/h"], "/u/sg-revert/ledger.db"),
            ([], ["XDG_STATE_HOME": "", "HOME": "/h"], "/h/.local/state/sg-revert/ledger.db"), ([], [:], nil),
        ] as [([String], [String: String], String?)]
    )
    func `the ledger is where it is said, else in the service's state directory, else in the user's`(
        arguments: [String],
        environment: [String: String],
        path: String?
    ) throws {
        let options = try LedgerOptions.parse(arguments)
        let settings = try made(environment)
        if let path {
            #expect(try options.path(settings) == path)
        } else {
            #expect(throws: SettingsError.self) { try options.path(settings) }
        }
    }

    @Test func `a webhook that is not https is an error that does not repeat the address`() throws {
        let address = "http://hooks.example/services/secret-path"
        var notify = try NotifySettings.parse([])
        #expect(
            throws: SettingsError.unreadable(
                .environment("SG_REVERT_WEBHOOK_URL"),
                value: "…",
                expected: "an https URL"
            )
        ) {
            _ = try notify.webhook(try made(["SG_REVERT_WEBHOOK_URL": address]))
        }
        notify = try NotifySettings.parse(["--webhook-url", address])
        #expect(throws: SettingsError.unreadable(.flag("--webhook-url"), value: "…", expected: "an https URL")) {
            _ = try notify.webhook(try made())
        }
        notify = try NotifySettings.parse([
            "--webhook-url", "https://hooks.example/x", "--webhook-secret-file", "/nowhere",
        ])
        #expect(throws: SettingsError.self) { _ = try notify.webhook(try made()) }
    }

    @Test(arguments: [
        ("default", true), ("my.bus/x-1_2", true), ("arn:aws:events:eu-west-1:111122223333:event-bus/x", true),
        ("arn:aws:sns:eu-west-1:111122223333:x", false), ("a b", false),
        (String(repeating: "x", count: 257), false),
    ]
    )
    func `an event bus is a name or an ARN`(text: String, isGood: Bool) throws {
        let notify = try NotifySettings.parse(["--event-bus", text])
        let found = try? notify.bus(made())
        #expect(found == (isGood ? text : nil))
    }
}
