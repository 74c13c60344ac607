import Formats
import PolicyFile
import Testing

@testable import sg_revert

/// The configuration file is read whole or refused with a place.
@Suite struct ConfigFileTests {
    @Test func `values keep their text and their place`() throws {
        let file = try ConfigFile(text: "# mine\nqueue-url: https://x/q\ngroup:\n  - sg-1\n  - sg-2\n", path: "c.yaml")
        #expect(file.values(named: "queue-url").map(\.text) == ["https://x/q"])
        #expect(file.values(named: "queue-url").map(\.origin.description) == ["c.yaml:2:12"])
        #expect(file.values(named: "group").map(\.text) == ["sg-1", "sg-2"])
        #expect(file.values(named: "group").map(\.origin.description) == ["c.yaml:4:5", "c.yaml:5:5"])
        #expect(file.values(named: "ledger").isEmpty)
    }

    @Test(arguments: ["", "# nothing\n", "---\n", "~\n", "{}\n"])
    func `a file without anything sets nothing`(text: String) throws {
        let file = try ConfigFile(text: text, path: "c.yaml")
        #expect(ConfigFile.keys.allSatisfy { file.values(named: $0).isEmpty })
    }

    @Test(arguments: [
        ("dryrun: true\n", "c.yaml:1:1: unknown key \"dryrun\"; did you mean \"dry-run\"?"),
        ("ledger: x\nque-url: x\n", "c.yaml:2:1: unknown key \"que-url\"; did you mean \"queue-url\"?"),
        ("something-else-entirely: 1\n", "c.yaml:1:1: unknown key \"something-else-entirely\""),
        ("[1]: x\n", "c.yaml:1:1: unknown key \"\""),
        ("ledger: x\nregion: a\nledger: y\n", "c.yaml:1:1: \"ledger\" is set twice"),
        ("ledger:\n  path: x\n", "c.yaml:2:3: \"ledger\" must be a plain value"),
        ("dry-run: [false, true]\n", "c.yaml:1:10: \"dry-run\" must be a plain value"),
        ("group: [[sg-1]]\n", "c.yaml:1:9: \"group\" must be a plain value"),
        (
            "- ledger\n",
            "c.yaml:1:1: the file must be a mapping of settings, such as \"queue-url: https://…\""
        ),
        ("ledger: \"x\n", "c.yaml:2:1: the file is not YAML"),
    ]
    )
    func `what is wrong is said in one line with line and column`(text: String, line: String) {
        let error = #expect(throws: SettingsError.self) { try ConfigFile(text: text, path: "c.yaml") }
        #expect(error?.description == line)
        #expect(error?.exitCode == 78)
    }

    @Test func `a file that is not there says so`() {
        let error = #expect(throws: SettingsError.self) { try ConfigFile(path: "/nowhere/c.yaml") }
        #expect(error?.description == "/nowhere/c.yaml: cannot be read; check the path and its permissions")
    }

    @Test(
        arguments: [
            ("grup", "group"), ("concurency", "concurrency"), ("wait-second", "wait-seconds"), ("profil", "profile"),
            ("xyzzy", nil), ("", nil),
        ] as [(String, String?)]
    )
    func `the nearest name is offered only where it is near`(name: String, expected: String?) {
        #expect(nearest(to: name, among: ConfigFile.keys) == expected)
    }
}
