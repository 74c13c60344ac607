import Foundation
import Testing

@testable import sg_revert

@Suite struct OutputFileTests {
    private let folder: String

    init() throws {
        folder = FileManager.default.temporaryDirectory.appendingPathComponent("output-\(UUID())").path
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    }

    private func remove() {
        try? FileManager.default.removeItem(atPath: folder)
    }

    @Test func `a file is made or replaced, and only its owner may read it`() throws {
        defer { remove() }
        let path = "\(folder)/page.html"
        for text in ["first", "second, longer"] {
            try OutputFile.replace(path, with: Array(text.utf8))
            #expect(try String(contentsOfFile: path, encoding: .utf8) == text)
        }
        let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? NSNumber
        #expect(mode?.intValue == 0o600)
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == ["page.html"])
    }

    @Test func `nothing but a regular file is written to`() throws {
        defer { remove() }
        let target = "\(folder)/target"
        try Data("kept".utf8).write(to: URL(fileURLWithPath: target))
        #expect(symlink(target, "\(folder)/link") == 0)
        #expect(symlink("\(folder)/nowhere", "\(folder)/dangling") == 0)
        #expect(mkfifo("\(folder)/pipe", 0o600) == 0)
        for (name, kind) in [("link", "link"), ("dangling", "link"), ("pipe", "pipe"), (".", "directory")] {
            let error = #expect(throws: RunFailure.self) { try OutputFile.replace("\(folder)/\(name)", with: [1]) }
            #expect(error?.description.contains(kind) == true)
            #expect(error?.exitCode == 1)
        }
        #expect(throws: RunFailure.self) { try OutputFile.replace("/dev/null", with: [1]) }
        #expect(try String(contentsOfFile: target, encoding: .utf8) == "kept")
        let error = #expect(throws: RunFailure.self) { try OutputFile.replace("\(folder)/none/x", with: [1]) }
        #expect(error?.description == "\(folder)/none/x: cannot be written: No such file or directory")
    }
}
