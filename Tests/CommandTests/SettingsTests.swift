import ArgumentParser
import Foundation
import Testing

@testable import sg_revert

@Suite("A setting comes from the flag, else the environment, else the file, else the default")
struct SettingsTests {
    private func made(_ environment: [String: String] = [:], file: String? = nil) throws -> Settings {
        guard let file else { return try Settings(configPath: nil, environment: environment) }
        let path = FileManager.default.temporaryDirectory.appendingPathComponent("config-\(UUID()).yaml").path
        try file.write(toFile: path, atomically: true, encoding: .utf8)
        defer { try? FileManager.default.removeItem(atPath: path) }
        return try Settings(configPath: path, environment: environment)
    }

    @Test(
        "Precedence, and a blank text is none",
        arguments: [
            ("1", "2", "3", 1), (nil, "2", "3", 2), (nil, " \t", "3", 3), (nil, nil, "3", 3), (nil, "2", nil, 2),
            (nil, "", "", nil), (nil, nil, nil, nil), (nil, " 2 ", nil, 2),
        ] as [(String?, String?, String?, Int?)]
    )
    func precedence(flag: String?, variable: String?, file: String?, expected: Int?) throws {
        var environment: [String: String] = [:]
        environment["SG_REVERT_WAIT_SECONDS"] = variable
        let settings = try made(environment, file: file.map { "wait-seconds: \($0)\n" })
        #expect(try settings.number(flag, "wait-seconds", in: 0...20) == expected)
    }

    @Test(
        "A value that cannot be read is an error that says where, what, and what would do: 64 for a flag, else 78",
        arguments: [
            ("21", nil, nil, "--wait-seconds: \"21\" is not a whole number from 0 to 20", 64),
            ("", nil, nil, "--wait-seconds: \"\" is not a whole number from 0 to 20", 64),
            (nil, "x", "5", "SG_REVERT_WAIT_SECONDS: \"x\" is not a whole number from 0 to 20", 78),
            (nil, nil, "-1", ":1:15: \"-1\" is not a whole number from 0 to 20", 78),
        ] as [(String?, String?, String?, String, Int32)]
    )
    func unreadable(flag: String?, variable: String?, file: String?, line: String, code: Int32) throws {
        var environment: [String: String] = [:]
        environment["SG_REVERT_WAIT_SECONDS"] = variable
        let settings = try made(environment, file: file.map { "wait-seconds: \($0)\n" })
        let error = #expect(throws: SettingsError.self) {
            try settings.number(flag, "wait-seconds", in: 0...20)
        }
        #expect(error?.description.hasSuffix(line) == true)
        #expect(error?.exitCode == code)
    }

    @Test(
        "Yes and no have four spellings each, and nothing else is either",
        arguments: [
            ("true", true), ("YES", true), ("on", true), ("1", true), ("false", false), ("no", false), ("Off", false),
            ("0", false), ("ture", nil), ("2", nil), ("", false),
        ] as [(String, Bool?)]
    )
    func booleans(text: String, expected: Bool?) throws {
        let settings = try made(["SG_REVERT_DRY_RUN": text])
        if let expected {
            #expect(try settings.isOn(false, "dry-run") == expected)
        } else {
            #expect(throws: SettingsError.self) { try settings.isOn(false, "dry-run") }
        }
        #expect(try settings.isOn(true, "dry-run"), "the flag beats the environment")
    }

    @Test("A list is a repeated flag, commas, or a list in the file, and a flag without anything is an error")
    func lists() throws {
        func list(_ settings: Settings, _ flags: [String] = []) throws -> [Int] {
            try settings.list(flags, "group", variable: "SG_REVERT_GROUPS", expected: "numbers", read: { Int($0) })
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

    @Test("The errors say what to do")
    func errors() {
        let missing = SettingsError.missing(what: "queue", flag: "--queue-url", variable: "SG_REVERT_QUEUE_URL")
        #expect(missing.description == "no queue: set --queue-url or SG_REVERT_QUEUE_URL")
        #expect(missing.exitCode == 78)
        #expect(SettingsError.badFile("x").exitCode == 78)
        #expect(Settings.variable(for: "dead-letter-queue-url") == "SG_REVERT_DEAD_LETTER_QUEUE_URL")
    }

    @Test(
        "A queue's URL is an http address, and is asked for by name",
        arguments: [
            ("https://sqs.eu-west-1.amazonaws.com/1/q", true), ("http://localhost:9324/1/q", true),
            ("ftp://x/q", false),
            ("q", false), ("https:///q", false),
        ]
    )
    func queueURL(text: String, isGood: Bool) throws {
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
        "The ledger is where it is said, else in the service's state directory, else in the user's",
        arguments: [
            (["--ledger", "/x.db"], ["STATE_DIRECTORY": "/s"], "/x.db"), ([], ["SG_REVERT_LEDGER": "/y.db"], "/y.db"),
            ([], ["STATE_DIRECTORY": "/s:/t", "XDG_STATE_HOME": "/u"], "/s/ledger.db"),
            ([], ["STATE_DIRECTORY": " ", "XDG_STATE_HOME": "/u", "HOME": "/h"], "/u/sg-revert/ledger.db"),
            ([], ["XDG_STATE_HOME": "", "HOME": "/h"], "/h/.local/state/sg-revert/ledger.db"), ([], [:], nil),
        ] as [([String], [String: String], String?)]
    )
    func ledger(arguments: [String], environment: [String: String], path: String?) throws {
        let options = try LedgerOptions.parse(arguments)
        let settings = try made(environment)
        if let path {
            #expect(try options.path(settings) == path)
        } else {
            #expect(throws: SettingsError.self) { try options.path(settings) }
        }
    }
}
