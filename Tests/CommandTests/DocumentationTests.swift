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

    private static let root = readme.deletingLastPathComponent()

    private func text(_ path: String) throws -> String {
        try String(contentsOf: Self.root.appending(path: path), encoding: .utf8)
    }

    /// Every file below a folder whose name ends so.
    private func files(in folder: String, _ ending: String) throws -> [URL] {
        let found = FileManager.default.enumerator(
            at: Self.root.appending(path: folder),
            includingPropertiesForKeys: nil
        )
        return (found?.allObjects ?? []).compactMap { $0 as? URL }.filter { $0.lastPathComponent.hasSuffix(ending) }
    }

    @Test func `every suite and test that the page of complaints names exists`() throws {
        let page = try text("Sources/Worker/Worker.docc/Complaints.md")
        let tests = try files(in: "Tests", ".swift").map { try String(contentsOf: $0, encoding: .utf8) }.joined()
        let named = page.matches(of: /`(\w+Tests)`/).map { String($0.1) }
        #expect(named.count > 20)
        for suite in Set(named) { #expect(tests.contains("struct \(suite)"), "\(suite)") }
        let all = tests.lowercased()
        for test in page.matches(of: /"([^"]+)"/) { #expect(all.contains(test.1.lowercased()), "\(test.1)") }
    }

    @Test func `every link between the pages, and every file that they name, exists`() throws {
        let pages = try files(in: "Sources", ".md")
        let names = Set(pages.map { $0.deletingPathExtension().lastPathComponent })
        for page in pages {
            let text = try String(contentsOf: page, encoding: .utf8)
            for link in text.matches(of: /<doc:(\w+)>/) {
                #expect(names.contains(String(link.1)), "\(page.lastPathComponent): \(link.1)")
            }
        }
        for link in try text("README.md").matches(of: /\]\(([^)#]+)\)/) where !link.1.contains("://") {
            let path = Self.root.appending(path: String(link.1)).path
            #expect(FileManager.default.fileExists(atPath: path), "README.md: \(link.1)")
        }
        let adding = try text("Sources/Worker/Worker.docc/Adding.md")
        for file in adding.matches(of: /`((?:Sources|infra|Tests)\/[\w\/.+-]+)`/) {
            let path = Self.root.appending(path: String(file.1)).path
            #expect(FileManager.default.fileExists(atPath: path), "Adding.md: \(file.1)")
        }
    }

    @Test func `every command and flag in the pages for operators exists`() throws {
        for page in ["FirstDeployment", "Upgrading", "Runbooks", "Operations"] {
            let text = try text("Sources/Worker/Worker.docc/\(page).md")
            for line in text.split(separator: "\n").map({ $0.trimmingCharacters(in: .whitespaces) }) {
                guard line.hasPrefix("sg-revert "), !line.contains("@") else { continue }
                var words = line.prefix { $0 != "#" }.split(separator: " ").dropFirst().map(String.init)
                var command: any ParsableCommand.Type = SgRevert.self
                while let word = words.first,
                    let next = command.configuration.subcommands.first(where: { $0._commandName == word })
                {
                    command = next
                    words.removeFirst()
                }
                let help = command.helpMessage()
                for flag in words where flag.hasPrefix("--") {
                    #expect(help.contains(flag) || flag == "--version", "\(page): \(line)")
                }
            }
        }
    }
}
