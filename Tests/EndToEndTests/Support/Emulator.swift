import Foundation

/// The AWS emulator, one process for all tests. It ends with the test process, since it watches its standard input.
final class Emulator: Sendable {
    /// Started when the first test asks for it.
    static let shared = Result { try Emulator() }

    let port: Int
    /// Held open for as long as the tests run.
    private let lifeline = Pipe()

    private init() throws {
        port = try Python.serve("emulator.py", lifeline: lifeline)
    }

    /// What points an AWS client at the emulator, and at nothing else.
    var environment: [String: String] {
        [
            "AWS_ENDPOINT_URL": "http://127.0.0.1:\(port)",
            "AWS_REGION": "us-east-1",
            "AWS_ACCESS_KEY_ID": "testing",
            "AWS_SECRET_ACCESS_KEY": "testing",
        ].merging(Self.closed) { given, _ in given }
    }

    /// Every other way to a real account closed.
    static let closed = [
        "AWS_CONFIG_FILE": "/dev/null",
        "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
        "AWS_EC2_METADATA_DISABLED": "true",
        "http_proxy": "http://127.0.0.1:9",
        "https_proxy": "http://127.0.0.1:9",
        "no_proxy": "127.0.0.1,localhost",
    ]
}
