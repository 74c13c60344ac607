import Foundation
import Logging
import Synchronization
import Telemetry
import Testing

/// A log line is one line, whatever is in it.
@Suite struct LogLineTests {
    /// Collects what a handler writes, write by write.
    private final class Sink: Sendable {
        private let writes = Mutex<[String]>([])

        var all: [String] { writes.withLock { $0 } }

        func write(_ bytes: [UInt8]) {
            writes.withLock { $0.append(String(decoding: bytes, as: UTF8.self)) }
        }

        func logger(_ format: LogFormat, metadata: Logger.Metadata = [:]) -> Logger {
            var handler = LogLineHandler(label: "test", format: format) { self.write($0) }
            handler.metadata = metadata
            return Logger(label: "test") { _ in handler }
        }

        /// The one line that was written, without its time.
        func textLine() throws -> String {
            let line = try #require(all.first)
            let parts = line.split(separator: " ", maxSplits: 1, omittingEmptySubsequences: false)
            return String(try #require(parts.last))
        }

        /// The texts among the members of the one JSON line that was written.
        func members() throws -> [String: String] {
            let object = try JSONSerialization.jsonObject(with: Data(try #require(all.first).utf8))
            return try #require(object as? [String: Any]).compactMapValues { $0 as? String }
        }
    }

    @Test(arguments: LogFormat.allCases)
    func `each line is one write that ends in a line break`(format: LogFormat) {
        let sink = Sink()
        let logger = sink.logger(format)
        logger.info("one")
        logger.error("two\nlines", metadata: ["key": "a\r\nb"])
        #expect(sink.all.count == 2)
        #expect(sink.all.allSatisfy { $0.hasSuffix("\n") && $0.unicodeScalars.count { $0 == "\n" } == 1 })
    }

    @Test(arguments: LogFormat.allCases)
    func `less severe lines than the level are not written`(format: LogFormat) {
        let sink = Sink()
        var logger = sink.logger(format)
        logger.debug("no")
        logger.logLevel = .debug
        logger.debug("yes")
        #expect(sink.all.count == 1)
    }

    @Test(
        arguments: [
            ([:], "info hello\n"), (["b": "2", "a": "1"], "info hello a=1 b=2\n"),
            (["k": "two words"], "info hello k=\"two words\"\n"), (["k": ""], "info hello k=\"\"\n"),
            (["k": "a=b"], "info hello k=\"a=b\"\n"), (["k": "say \"x\""], "info hello k=\"say \\\"x\\\"\"\n"),
            (["k": "a\u{1B}[31m"], "info hello k=\"a [31m\"\n"), (["k": "=\u{301}"], "info hello k=\"=\u{301}\"\n"),
            (["k": "a\u{202E}b\u{2028}c"], "info hello k=\"a b c\"\n"),
        ] as [([String: String], String)]
    )
    func `text is time, level, message and sorted pairs, quoted where they must be`(
        metadata: [String: String],
        line: String
    ) throws {
        let sink = Sink()
        sink.logger(.text).info("hello", metadata: metadata.mapValues { "\($0)" })
        #expect(try sink.textLine() == line)
    }

    @Test func `JSON is one object with time, level, logger, message and the metadata, keys sorted`() throws {
        let sink = Sink()
        sink.logger(.json).warning("a/b \"c\"", metadata: ["z": "1", "a": ["x", "y"]])
        let members = try sink.members()
        #expect(members["level"] == "warning")
        #expect(members["logger"] == "test")
        #expect(members["message"] == "a/b \"c\"")
        #expect(members["z"] == "1")
        #expect(members["time"]?.contains("T") == true)
        let line = try #require(sink.all.first)
        let order = ["\"time\"", "\"level\"", "\"logger\"", "\"message\"", "\"a\"", "\"z\""]
            .compactMap { line.range(of: $0)?.lowerBound }
        #expect(order.count == 6 && order == order.sorted())
        #expect(line.contains("a/b"))
    }

    @Test func `JSON escapes what steers a terminal, and reads back as what was logged`() throws {
        let hostile = "\u{1B}[2J\u{0}\u{7F}\u{9B}31m\u{202E}\u{2028}\u{E0001}\t\"\\é👍"
        let sink = Sink()
        sink.logger(.json).info("x", metadata: ["k": "\(hostile)"])
        #expect(try sink.members()["k"] == hostile)
        let line = try #require(sink.all.first)
        let steering = line.unicodeScalars.dropLast().filter {
            [.control, .format, .lineSeparator, .paragraphSeparator].contains($0.properties.generalCategory)
        }
        #expect(steering.isEmpty)
        #expect(line.contains("é👍"))
    }

    @Test func `numbers and truths are such in JSON, and lists are lists`() throws {
        let sink = Sink()
        sink.logger(.json).info(
            "x",
            metadata: [
                "count": .stringConvertible(12), "share": .stringConvertible(0.5),
                "nan": .stringConvertible(Double.nan),
                "dry": .stringConvertible(true), "id": "12", "list": ["a", .stringConvertible(2)], "map": ["k": "v"],
            ]
        )
        let line = try #require(sink.all.first)
        for part in [
            #""count":12"#, #""share":0.5"#, #""nan":"nan""#, #""dry":true"#, #""id":"12""#, #""list":["a",2]"#,
            #""map":{"k":"v"}"#,
        ] { #expect(line.contains(part), "\(part)") }
    }

    @Test func `a line's own metadata beats the logger's, which beats nothing`() throws {
        let sink = Sink()
        var logger = sink.logger(.text, metadata: ["a": "handler", "b": "handler"])
        logger[metadataKey: "c"] = "logger"
        #expect(logger[metadataKey: "c"] == "logger")
        logger.info("hello", metadata: ["b": "line"])
        #expect(try sink.textLine() == "info hello a=handler b=line c=logger\n")
    }
}
