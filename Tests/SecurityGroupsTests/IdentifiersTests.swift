import SecurityGroups
import Testing

@Suite struct IdentifiersTests {
    @Test(arguments: ["0a1b2c3d", "0a1b2c3d4e5f60718"])
    func `ids have 8 or 17 digits`(digits: String) {
        #expect(SecurityGroupID("sg-\(digits)")?.description == "sg-\(digits)")
        #expect(SecurityGroupRuleID("sgr-\(digits)")?.description == "sgr-\(digits)")
    }

    @Test(arguments: [
        "", "0a1b2c3", "0a1b2c3d4", "0a1b2c3d4e5f6071", "0a1b2c3d4e5f607189", "0A1B2C3D", "0a1b2c3g", "0a1b2c3 ",
        "0a1b2c3\n",
        "0a1b2c3d\u{0}", "٠a1b2c3", "\u{301}0a1b2c",
    ])
    func `nothing else is an id`(digits: String) {
        #expect(SecurityGroupID("sg-\(digits)") == nil)
        #expect(SecurityGroupRuleID("sgr-\(digits)") == nil)
    }

    @Test(arguments: ["0a1b2c3d", "sgr-0a1b2c3d", "SG-0a1b2c3d", " sg-0a1b2c3d", "sg0a1b2c3d", "xsg-0a1b2c3d"])
    func `a group's id starts with sg-`(text: String) {
        #expect(SecurityGroupID(text) == nil)
    }

    @Test func `a group's id is no rule's id`() {
        #expect(SecurityGroupRuleID("sg-0a1b2c3d") == nil)
    }

    @Test func `an account is 12 digits`() {
        #expect(AccountID("012345678901")?.description == "012345678901")
    }

    @Test(arguments: ["", "12345678901", "1234567890123", "12345678901a", "-12345678901", "1234 5678901", "٠٠٠٠٠٠"])
    func `nothing else is an account`(text: String) {
        #expect(AccountID(text) == nil)
    }
}
