import SecurityGroups
import Testing

@Suite struct PublicAddressTests {
    @Test(arguments: [
        "0.0.0.0/0", "0.0.0.0/1", "128.0.0.0/1", "192.0.0.0/3", "8.8.8.8/32", "9.255.255.255/32", "11.0.0.0/32",
        "10.0.0.0/7", "172.0.0.0/8", "172.32.0.0/32", "192.167.255.255/32", "192.168.0.0/15", "100.63.255.255/32",
        "100.128.0.0/32", "223.255.255.255/32", "192.0.0.9/32", "198.20.0.0/16",
        "::/0", "::/1", "8000::/1", "2000::/3", "2600:1f00::/24", "2a00::/32", "64:ff9b::/96", "2001:200::/23",
        "2001:4:112::/48", "fe00::/7", "::ffff:8.8.8.8/128", "::ffff:0:0/96", "::ffff:8.0.0.0/100", "::/64", "::/80",
        "f800::/5",
    ])
    func `a block with one public address is public`(text: String) throws {
        #expect(try #require(CIDRBlock(text)).hasPublicAddress)
    }

    @Test(arguments: [
        "10.0.0.0/8", "10.1.2.3/32", "172.16.0.0/12", "192.168.1.0/24", "127.0.0.1/32", "169.254.169.254/32",
        "100.64.0.0/10", "0.0.0.0/8", "192.0.2.0/24", "198.51.100.7/32", "203.0.113.0/24", "198.18.0.0/15",
        "224.0.0.0/4", "239.1.2.3/32", "240.0.0.0/4", "255.255.255.255/32", "224.0.0.0/3",
        "::/128", "::1/128", "::/127", "fc00::/7", "fd00:1::/32", "fe80::/10", "ff00::/8", "ff02::1/128",
        "2001:db8::/32", "3fff::/20", "2001::/32", "2002::/16", "100::/64", "100::/63", "64:ff9b:1::/48",
        "::ffff:10.0.0.0/104", "::ffff:192.168.1.1/128", "::ffff:224.0.0.0/100",
    ])
    func `private, special and multicast addresses are not public`(text: String) throws {
        #expect(try !#require(CIDRBlock(text)).hasPublicAddress)
    }

    @Test(arguments: [
        ("10.0.0.0/8", "10.1.0.0/16", true), ("10.1.0.0/16", "10.0.0.0/8", true), ("10.0.0.0/9", "10.128.0.0/9", false),
        ("0.0.0.0/0", "::/0", false), ("::ffff:10.0.0.0/104", "10.1.0.0/16", true),
        ("::ffff:10.0.0.0/104", "11.0.0.0/8", false), ("::/0", "2001:db8::/32", true), ("::/0", "10.0.0.0/8", false),
        ("::/0", "::ffff:10.0.0.0/104", true), ("::ffff:0:0/96", "0.0.0.0/0", true),
        ("::ffff:10.0.0.0/104", "::ffff:10.1.0.0/112", true), ("2001:db8::/32", "::ffff:10.0.0.0/104", false),
    ])
    func `blocks overlap where one holds the other`(one: String, other: String, overlaps: Bool) throws {
        let (one, other) = (try #require(CIDRBlock(one)), try #require(CIDRBlock(other)))
        #expect(one.overlaps(other) == overlaps)
        #expect(other.overlaps(one) == overlaps)
    }
}
