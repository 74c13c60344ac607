import Foundation
import Testing

/// The worker ends when it is told to, although nobody reads its log and nobody answers its calls.
@Suite struct StopTests {
    /// Starts a worker whose stderr is a full pipe that nobody reads, signals it, and tells its status and how long it took.
    private func stop(signals: Int) async throws -> (status: String, seconds: Double) {
        let folder = try AuditFolder()
        let script = """
            mkfifo pipe
            exec 3<>pipe
            dd if=/dev/zero bs=65536 count=1 status=none >&3
            AWS_ACCESS_KEY_ID=a AWS_SECRET_ACCESS_KEY=b AWS_REGION=eu-west-1 AWS_EC2_METADATA_DISABLED=true \
            "$1" worker --queue-url http://127.0.0.1:1/111122223333/q --group sg-0a1b2c3d 2>pipe &
            # The worker catches SIGTERM, signal 15, once it can stop gracefully.
            until [ $(( 0x$(sed -n 's/^SigCgt:[[:space:]]*//p' /proc/$!/status) >> 14 & 1 )) = 1 ]; do sleep 0.05; done
            for number in $(seq \(signals)); do kill -TERM $!; sleep 0.2; done
            start=$(date +%s%N)
            wait $!
            echo $? $(( $(date +%s%N) - start ))
            """
        let result = try await folder.run(["-c", script, "sh", "$program"], program: "/bin/sh")
        let words = result.output.split(whereSeparator: \.isWhitespace)
        try #require(words.count == 2, "\(result.errors)")
        return (String(words[0]), (Double(words[1]) ?? 1e12) / 1e9)
    }

    @Test func `a second signal ends it at once`() async throws {
        let end = try await stop(signals: 2)
        #expect(["0", "1"].contains(end.status))
        #expect(end.seconds < 20, "a graceful stop may take 33 s")
    }

    @Test func `a full pipe on stderr does not hold up a graceful stop`() async throws {
        let end = try await stop(signals: 1)
        #expect(end.status == "0")
        #expect(end.seconds < 20)
    }
}
