import AWSClient
import Foundation
import Testing

@Suite("HostSystem")
struct HostSystemTests {
    @Test("tells a file that is not there from one that cannot be read")
    func readFile() throws {
        let directory = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: directory) }
        let file = directory.appending(path: "config")
        try Data("[default]".utf8).write(to: file)

        let read = HostSystem.current.readFile
        #expect(try read(file.path()) == Array("[default]".utf8))
        #expect(try read(directory.appending(path: "missing").path()) == nil)
        #expect(try read("/dev/null") == [])
        #expect(throws: (any Error).self) { try read(directory.path()) }
    }
}
