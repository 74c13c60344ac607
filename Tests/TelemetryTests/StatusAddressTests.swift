import Testing

@testable import Telemetry

/// The setting `--http-address`.
@Suite struct StatusAddressTests {
    @Test(arguments: [
        ("127.0.0.1:9090", "127.0.0.1", 9090, "http://127.0.0.1:9090/x"),
        (":9090", "", 9090, "http://127.0.0.1:9090/x"),
        ("0.0.0.0:1", "0.0.0.0", 1, "http://127.0.0.1:1/x"),
        ("[::1]:80", "::1", 80, "http://[::1]:80/x"), ("[::]:65535", "::", 65_535, "http://127.0.0.1:65535/x"),
        ("[fe80::1%eth0]:80", "fe80::1%eth0", 80, "http://[fe80::1%eth0]:80/x"),
        ("localhost:0", "localhost", 0, "http://localhost:0/x"),
        ("my-host_1.example:80", "my-host_1.example", 80, "http://my-host_1.example:80/x"),
    ])
    func `an address is a host and a port, is written as it was read, and has a URL for this machine`(
        _ text: String,
        host: String,
        port: Int,
        url: String
    ) throws {
        let address = try #require(StatusAddress(text))
        #expect(address.host == host && address.port == port)
        #expect(address.description == text)
        #expect(address.url("/x") == url)
    }

    @Test(arguments: [
        "", ":", "localhost", "9090", "x:", "x:99999", "x:65536", "x:-1", "x:8 0", "x: 80", "x:80 ", "::1:80",
        "[::1:80", "::1]:80", "[::1]80", "a b:1", "a/b:1", "http://x:80", "x@y:80", "x\u{0}:80", "é:80", "x:８０", "*:80",
    ])
    func `any other text is none`(_ text: String) {
        #expect(StatusAddress(text) == nil)
    }

    @Test func `an error names the address as it was set, the reason and the setting`() throws {
        let error = StatusServerError(address: try #require(StatusAddress("[::1]:80")), reason: "Permission denied")
        #expect(
            error.description
                == "the status endpoint cannot listen at [::1]:80: Permission denied; check --http-address"
        )
    }
}
