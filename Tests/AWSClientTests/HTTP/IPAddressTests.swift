import Testing

@testable import AWSClient

@Suite struct IPAddressTests {
    @Test(arguments: [
        ("127.0.0.1", true), ("127.255.1.2", true), ("::1", true), ("[::1]", true), ("[0:0:0:0:0:0:0:1]", true),
        ("128.0.0.1", false), ("0.0.0.0", false), ("::", false), ("::2", false), ("[fd00:ec2::23]", false),
        // An IPv4 address in IPv6 form is no address of this machine for certain.
        ("::ffff:127.0.0.1", false),
    ])
    func `knows the addresses that can only be this machine`(text: String, isLoopback: Bool) throws {
        #expect(try #require(IPAddress(text)).isLoopback == isLoopback)
    }

    @Test(arguments: ["", "localhost", "127.1", "127.0.0.1.", "0x7f.0.0.1", "1.2.3.256", "[127.0.0.1", "::1%lo", "1:2"])
    func `reads no other spelling`(text: String) {
        #expect(IPAddress(text) == nil)
    }

    @Test func `compares addresses, not spellings`() {
        #expect(IPAddress("fd00:0ec2:0::0023") == IPAddress("[FD00:EC2::23]"))
        #expect(IPAddress("127.0.0.1") != IPAddress("::1"))
    }
}
