import ArgumentParser
import Foundation
import Testing

@testable import sg_revert

@Suite struct DocumentationTests {
    private static let readme = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .appendingPathComponent("README.md")

    /// The line of the README's table that a setting asks for.
    private func line(of setting: Setting) -> String {
        let cells = [
            "`\(setting.flag)`" + (setting.kind == .list ? " (repeat)" : ""),
            setting.variables.map { "`\($0)`" }.joined(separator: ", ") + (setting.kind == .list ? " (commas)" : ""),
            setting.defaultText ?? (setting.kind == .boolean ? "off" : "–"),
            setting.meaning,
        ]
        return "| \(cells.joined(separator: " | ")) |"
    }

    @Test func `the README has every setting as the program describes it, and no other`() throws {
        let lines = try String(contentsOf: Self.readme, encoding: .utf8).split(separator: "\n").map(String.init)
        let header = try #require(lines.firstIndex(of: "| flag | environment | default | meaning |"))
        let table = lines[(header + 2)...].prefix { $0.hasPrefix("|") }
        #expect(Array(table) == Setting.all.map { line(of: $0) })
    }

    @Test func `the README names every exit code and every command`() throws {
        let text = try String(contentsOf: Self.readme, encoding: .utf8)
        for command in SgRevert.configuration.subcommands {
            #expect(text.contains("`sg-revert \(command.configuration.commandName ?? "")"))
        }
        for code in [0, 1, 2, 64, 78] { #expect(text.contains("| \(code) | ")) }
    }
}
