import Foundation
import Testing

@testable import Telemetry

@Suite struct LossyStreamTests {
    @Test func `a pipe that nobody reads holds nobody up, and its reader hears what was lost`() {
        let pipe = Pipe()
        let stream = LossyStream(
            descriptor: pipe.fileHandleForWriting.fileDescriptor,
            lossNote: "because nobody read stderr",
            patience: .milliseconds(20)
        )
        let line = Array((String(repeating: "x", count: 4095) + "\n").utf8)
        let start = ContinuousClock.now
        for _ in 0..<100 { stream.write(line) }
        #expect(ContinuousClock.now - start < .seconds(2))

        var read = pipe.fileHandleForReading.availableData
        stream.write(Array("again\n".utf8))
        while !String(decoding: read, as: UTF8.self).hasSuffix("again\n") {
            read += pipe.fileHandleForReading.availableData
        }
        let text = String(decoding: read, as: UTF8.self)
        let whole = text.split(separator: "\n").count { $0.allSatisfy { $0 == "x" } }
        #expect(text.contains("sg-revert: \(100 - whole) lines were lost, because nobody read stderr"))
    }

    @Test func `without a stream nothing happens`() {
        LossyStream(descriptor: -1).write(Array("x".utf8))
    }

    @Test func `lines for programs are lost without a note`() {
        let pipe = Pipe()
        let stream = LossyStream(descriptor: pipe.fileHandleForWriting.fileDescriptor, patience: .zero)
        let line = Array((String(repeating: "x", count: 4095) + "\n").utf8)
        for _ in 0..<100 { stream.write(line) }
        var read = pipe.fileHandleForReading.availableData
        stream.write(Array("again\n".utf8))
        while read.last(where: { $0 != UInt8(ascii: "\n") }) != UInt8(ascii: "n") {
            read += pipe.fileHandleForReading.availableData
        }
        let lines = String(decoding: read, as: UTF8.self).split(separator: "\n")
        #expect(lines.dropLast().allSatisfy { $0.allSatisfy { $0 == "x" } })
        #expect(lines.last == "again")
    }
}
