import FoundationEssentials
import SecurityGroups
import Testing

@Suite struct ExemptionTests {
    private static let terraform = "arn:aws:iam::111122223333:role/terraform"
    private static let sso =
        "arn:aws:iam::111122223333:role/aws-reserved/sso.amazonaws.com/eu-west-1/AWSReservedSSO_Admin_0123abcd"

    @Test(arguments: [
        (terraform, terraform, true), (terraform, terraform + "2", false), (terraform, "x" + terraform, false),
        ("arn:aws:iam::111122223333:role/Terraform", terraform, false), ("*", terraform, true), ("*", "", true),
        ("", "", true), ("", "a", false), ("?", "", false), ("?", "a", true), ("?", "ab", false), ("a?c", "abc", true),
        ("a*c", "ac", true), ("a*c", "abbbc", true), ("a*c", "abcd", false), ("a**c", "abc", true),
        ("*b", "abab", true),
        ("*ab*ab*", "abxab", true), ("*ab*ab*", "abxa", false), ("a*b?d", "aXbcbcd", true), ("a.c", "abc", false),
        ("arn:aws:iam::*:role/terraform", terraform, true), ("arn:aws:iam::*:role/*", sso, true),
        ("arn:aws:iam::111122223333:role/aws-reserved/sso.amazonaws.com/*/AWSReservedSSO_Admin_*", sso, true),
        ("arn:aws:iam::111122223333:role/AWSReservedSSO_Admin_*", sso, false),
        ("arn:aws:iam::????????????:role/terraform", terraform, true), ("[a-z]*", terraform, false),
    ])
    func `a pattern means the whole ARN`(pattern: String, arn: String, matches: Bool) {
        #expect(Wildcard(pattern).matches(arn) == matches)
    }

    @Test func `no pattern backtracks without bound`() {
        let pattern = Wildcard(String(repeating: "*a", count: 50) + "b")
        #expect(!pattern.matches(String(repeating: "a", count: 2_000)))
    }

    private func context(
        _ arn: String? = terraform,
        group: String? = "sg-0a1b2c3d4e5f60718",
        at time: Double? = 1000
    ) -> ChangeContext {
        ChangeContext(
            group: GroupFacts(groupID: group, account: nil, region: nil),
            kind: .ingressAdded,
            issuerARN: arn,
            eventTime: time.map { Date(timeIntervalSince1970: $0) }
        )
    }

    @Test func `one principal of several is enough, and without an issuer none is`() {
        let exemption = Exemption(principals: ["x", Wildcard(Self.terraform)], origin: "")
        #expect(exemption.covers(context()))
        #expect(!exemption.covers(context(Self.sso)))
        #expect(!Exemption(principals: ["*"], origin: "").covers(context(nil)))
        #expect(!Exemption(principals: [], origin: "").covers(context()))
    }

    @Test(arguments: [
        ("eks.amazonaws.com", nil, true, false), ("eks.amazonaws.com", "mia", true, true),
        ("ecs.amazonaws.com", "mia", false, false), (nil, "mia", false, false), (nil, nil, false, false),
        ("eks.amazonaws.com", "tom", true, false),
    ])
    func `all callers that an entry asks for must match`(
        service: String?,
        identity: String?,
        byService: Bool,
        byBoth: Bool
    ) {
        let context = ChangeContext(
            group: GroupFacts(groupID: nil, account: nil, region: nil),
            kind: .ingressAdded,
            issuerARN: Self.terraform,
            invokedBy: service,
            sourceIdentity: identity,
            eventTime: nil
        )
        #expect(Exemption(invokedBy: ["eks.amazonaws.com"], origin: "").covers(context) == byService)
        let both = Exemption(principals: ["*"], invokedBy: ["eks.*"], sourceIdentity: ["mi?"], origin: "")
        #expect(both.covers(context) == byBoth)
        #expect(!Exemption(origin: "").covers(context))
    }

    @Test(arguments: [(["sg-0a1b2c3d4e5f60718"], true), (["sg-0fedcba9876543210"], false), ([], false)])
    func `groups bound it`(groups: [String], covers: Bool) {
        let exemption = Exemption(principals: ["*"], groups: Set(groups), origin: "")
        #expect(exemption.covers(context()) == covers)
        #expect(!exemption.covers(context(group: nil)))
    }

    @Test(arguments: [(999.0, true), (999.999, true), (1000.0, false), (1001.0, false), (nil, false)])
    func `the event's time bounds it`(time: Double?, covers: Bool) {
        let exemption = Exemption(
            principals: ["*"],
            until: Date(timeIntervalSince1970: 1000),
            origin: ""
        )
        #expect(exemption.covers(context(at: time)) == covers)
    }
}
