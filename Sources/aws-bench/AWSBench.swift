import AWSClient
import Foundation
import Logging

/// Makes calls one after the other and prints what each took of this process's CPU, in microseconds.
///
///     aws-bench COUNT [URL]
///
/// Without a URL nothing is sent: what is measured is the client alone, from arguments to signature and back.
@main
enum AWSBench {
    /// Answers every request at once.
    private struct Echo: HTTPTransport {
        func send(_ request: HTTPRequest, timeout: Duration) async throws(HTTPTransportError) -> HTTPResponse {
            HTTPResponse(status: 200, body: Array(#"{"Successful":[{"Id":"0"}]}"#.utf8))
        }
    }

    static func main() async throws {
        let arguments = CommandLine.arguments.dropFirst()
        guard let count = arguments.first.flatMap({ Int($0) }), count > 0 else {
            FileHandle.standardError.write(Data("usage: aws-bench COUNT [URL]\n".utf8))
            exit(64)
        }
        let url = arguments.dropFirst().first
        let transport: any HTTPTransport = if url == nil { Echo() } else { try CurlTransport() }
        let session = try AWSSession(
            environment: ["AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": "secret"],
            region: "us-east-1",
            endpointURL: url,
            transport: transport,
            logger: Logger(label: "aws-bench")
        )
        let queueURL = "https://sqs.us-east-1.amazonaws.com/123456789012/q"
        let sqs = try session.sqs(queueURL: queueURL)
        func call() async throws {
            _ = try await sqs.deleteMessageBatch(queueURL: queueURL, receiptHandles: ["handle"])
        }
        for _ in 0..<min(count, 100) { try await call() }
        let start = cpuMicroseconds()
        for _ in 0..<count { try await call() }
        print(Double(cpuMicroseconds() - start) / Double(count))
    }

    private static func cpuMicroseconds() -> Int {
        var usage = rusage()
        getrusage(CInt(RUSAGE_SELF.rawValue), &usage)
        return [usage.ru_utime, usage.ru_stime].reduce(0) { $0 + Int($1.tv_sec) * 1_000_000 + Int($1.tv_usec) }
    }
}
