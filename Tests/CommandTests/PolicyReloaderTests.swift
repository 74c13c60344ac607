import Foundation
import InMemoryLogging
import Logging
import SecurityGroups
import Testing
import Worker

@testable import sg_revert

@Suite struct PolicyReloaderTests {
    private let file = FileManager.default.temporaryDirectory.appendingPathComponent("policy-\(UUID()).yaml")
    private let log = InMemoryLogHandler()

    private func write(_ group: String) throws {
        try "version: 1\nwatch: [{ groups: [\(group)] }]\n".write(to: file, atomically: true, encoding: .utf8)
    }

    private func reloader(_ store: PolicyStore, isSweeping: Bool = false) -> PolicyReloader {
        let log = log
        return PolicyReloader(
            source: .file(file.path),
            store: store,
            stamp: PolicyReloader.Stamp(path: file.path),
            isSweeping: isSweeping,
            logger: Logger(label: "test") { _ in log }
        )
    }

    @Test func `a changed file holds, and an unchanged one is not read again`() throws {
        try write("sg-0a1b2c3d")
        let store = PolicyStore(Policy(watch: []))
        let reloader = reloader(store)
        reloader.reloadIfChanged()
        #expect(store.current.watch.isEmpty)
        try write("sg-11111111")
        reloader.reloadIfChanged()
        #expect(store.current.watch.map(\.groups) == [["sg-11111111"]])
        #expect(log.entries.count == 1)
        reloader.reload()
        #expect(log.entries.count == 2)
    }

    @Test(arguments: [true, false])
    func `a policy that lets less stand says that sweeps judge by it, if there are sweeps`(isSweeping: Bool) throws {
        func write(allow: String) throws {
            try "version: 1\nwatch: [{ groups: [sg-0a1b2c3d] }]\nallow: [\(allow)]\n"
                .write(to: file, atomically: true, encoding: .utf8)
        }
        try write(allow: "")
        let store = PolicyStore(Policy(watch: []))
        let reloader = reloader(store, isSweeping: isSweeping)
        try write(allow: "{ sources: [203.0.113.0/24] }, { sources: [198.51.100.0/24] }")
        reloader.reloadIfChanged()
        #expect(log.entries.last.map { "\($0.message)" } == "policy reloaded")
        try write(allow: "{ sources: [203.0.113.0/24] }")
        reloader.reloadIfChanged()
        #expect(log.entries.last.map { "\($0.message)".contains("sweeps judge by it") } == isSweeping)
        #expect(log.entries.last?.level == (isSweeping ? .warning : .notice))
    }

    @Test func `a file that cannot be used changes nothing, and is reported once`() throws {
        try write("sg-0a1b2c3d")
        let store = PolicyStore(Policy(watch: [Watch(origin: "old")]))
        let reloader = reloader(store)
        try write("5\n  nonsense: [")
        reloader.reloadIfChanged()
        reloader.reloadIfChanged()
        #expect(store.current.watch.map(\.origin) == ["old"])
        #expect(log.entries.count == 1)
        #expect(log.entries.first?.level == .error)
        try FileManager.default.removeItem(at: file)
        reloader.reloadIfChanged()
        #expect(log.entries.count == 1)
    }

    @Test func `a policy that names another topic says where people are told from now on`() throws {
        func write(topic: String) throws {
            let notify = "notify: { topic_arn: \"arn:aws:sns:eu-west-1:111122223333:\(topic)\" }\n"
            try "version: 1\nwatch: [{ groups: [sg-0a1b2c3d] }]\n\(notify)"
                .write(to: file, atomically: true, encoding: .utf8)
        }
        try write(topic: "one")
        let store = PolicyStore(Policy(watch: []))
        let reloader = reloader(store)
        try write(topic: "another")
        reloader.reloadIfChanged()
        #expect(store.current.topicARN == "arn:aws:sns:eu-west-1:111122223333:another")
        let line = try #require(log.entries.last)
        #expect("\(line.message)".contains("told from now on"))
        #expect(line.metadata["topic"] == "arn:aws:sns:eu-west-1:111122223333:another")
    }
}
