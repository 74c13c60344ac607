import SecurityGroups
import Testing

@Suite struct CIDRBlockTests {
    @Test(arguments: [
        ("0.0.0.0/0", "0.0.0.0/0"), ("208.236.235.254/0", "0.0.0.0/0"), ("100.68.0.18/18", "100.68.0.0/18"),
        ("10.255.255.255/9", "10.128.0.0/9"), ("192.0.2.129/25", "192.0.2.128/25"), ("192.0.2.1/31", "192.0.2.0/31"),
        ("192.0.2.1/32", "192.0.2.1/32"), ("192.0.2.1", "192.0.2.1/32"), ("255.255.255.255/1", "128.0.0.0/1"),
        ("2001:db8::1/33", "2001:db8::/33"), ("ffff::/1", "8000::/1"), ("2001:db8::1", "2001:db8::1/128"),
        ("2001:db8::ff/127", "2001:db8::fe/127"),
    ])
    func `host bits are cleared`(text: String, canonical: String) {
        #expect(CIDRBlock(text)?.description == canonical)
    }

    @Test(arguments: [
        ("10.1.0.0/16", "10.0.0.0/15"), ("10.0.0.0/16", "10.0.0.0/15"), ("128.0.0.0/1", "0.0.0.0/0"),
        ("192.0.2.129/32", "192.0.2.128/31"), ("192.0.3.0/24", "192.0.2.0/23"), ("8000::/1", "::/0"),
        ("2001:db8::1/128", "2001:db8::/127"), ("0.0.0.0/0", nil),
    ])
    func `the parent is the block of which this one is a half`(text: String, parent: String?) throws {
        #expect(try #require(CIDRBlock(text)).parent?.description == parent)
    }

    /// RFC 5952: lower case, no leading zeros, the longest run of zeros shortened, the first of equal ones, never a
    /// single one.
    @Test(arguments: [
        ("2001:0DB8:0000:0000:0000:0000:0000:0001/128", "2001:db8::1/128"), ("0:0:0:0:0:0:0:0/0", "::/0"),
        ("2001:db8:0:0:1:0:0:1/128", "2001:db8::1:0:0:1/128"), ("2001:0:0:1:0:0:0:1/128", "2001:0:0:1::1/128"),
        ("2001:db8:0:1:1:1:1:1/128", "2001:db8:0:1:1:1:1:1/128"), ("::ffff:c000:201/128", "::ffff:192.0.2.1/128"),
        ("2001:db8::/32", "2001:db8::/32"),
    ])
    func `IPv6 has RFC 5952's spelling`(text: String, canonical: String) {
        #expect(CIDRBlock(text)?.description == canonical)
    }

    @Test(arguments: ["0.0.0.0/0", "10.0.0.0/8", "::/0", "::1/128", "::102:304/128", "::ffff:0:0/96", "fe80::/10"])
    func `the canonical form reads back as the same block`(text: String) throws {
        let block = try #require(CIDRBlock(text))
        #expect(CIDRBlock(block.description) == block)
    }

    @Test(arguments: [
        "", "/", "/8", "10.0.0.0/", "10.0.0.0/33", "::/129", "10.0.0.0/-1", "10.0.0.0/+8", "10.0.0.0/08",
        "10.0.0.0/8/8", "10.0.0.0/ 8",
        " 10.0.0.0/8", "10.0.0.0/8\n", "10.0.0/8", "10.0.0.0.0/8", "256.0.0.0/8", "010.0.0.0/8", "0x0a.0.0.0/8",
        "10.0.0.0/٨",
        "10.0.0.0/99999999999999999999", "1::2::3/64", "12345::/16", "fe80::1%eth0/64", ":::/0", "[::]/0", "any",
        "10.0.0.0\u{0}x/8",
        "10.0.0.0\u{0}", "10.0.0.0/8\u{0}", "10.0.0.0/\u{301}8",
    ])
    func `junk is no block`(text: String) {
        #expect(CIDRBlock(text) == nil)
    }

    @Test(arguments: [
        ("0.0.0.0/0", "10.0.0.0/8", true), ("10.0.0.0/8", "10.0.0.0/8", true), ("10.0.0.0/8", "10.200.0.0/16", true),
        ("10.0.0.0/8", "11.0.0.0/16", false), ("10.0.0.0/16", "10.0.0.0/8", false),
        ("10.0.0.0/9", "10.128.0.0/16", false),
        ("10.0.0.0/9", "10.127.255.255/32", true), ("192.0.2.1/32", "192.0.2.1/32", true),
        ("192.0.2.1/32", "192.0.2.0/32", false),
        ("0.0.0.0/0", "::/0", false), ("::/0", "0.0.0.0/0", false), ("::/0", "2001:db8::/32", true),
        ("2001:db8::/33", "2001:db8:8000::/48", false), ("2001:db8::/33", "2001:db8:7fff::/48", true),
        ("2000::/3", "3fff::/16", true),
    ])
    func `a block contains what lies in it entirely`(outer: String, inner: String, contained: Bool) throws {
        #expect(try #require(CIDRBlock(outer)).contains(#require(CIDRBlock(inner))) == contained)
    }
}
