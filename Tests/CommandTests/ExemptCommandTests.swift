import Foundation
import Ledger
import Testing

@testable import sg_revert

@Suite struct ExemptCommandTests {
    @Test(
        arguments: [
            ("arn:aws:iam::111122223333:role/oncall", []), ("arn:aws:iam::111122223333:role/on*", []),
            ("arn:aws:iam::*:role/*", ["arn:aws:iam::*:role/* exempts everybody, in every account"]),
            (
                "arn:aws:iam::111122223333:role/oncall ",
                ["\"arn:aws:iam::111122223333:role/oncall \" never matches: it has a sign that no ARN has"]
            ),
            (
                "arn:aws:iam::11112222333:role/oncall",
                ["\"arn:aws:iam::11112222333:role/oncall\" never matches: an account has 12 digits"]
            ),
            (
                "arn:aws:iam::111122223333:role/AWSReservedSSO_Admin_1",
                [
                    "the ARN of an IAM Identity Center role has a path: write "
                        + "role/aws-reserved/sso.amazonaws.com/*/AWSReservedSSO_…"
                ]
            ),
        ] as [(String, [String])]
    )
    func `whoever adds an exemption for nobody, or for everybody, is told`(principal: String, warnings: [String]) {
        let now = Date(timeIntervalSince1970: 1_000_000_000)
        let exemption = TemporaryExemption(
            id: "ex-1",
            principal: principal,
            from: now,
            until: now.addingTimeInterval(7200),
            reason: "incident",
            madeBy: "mia"
        )
        #expect(ExemptAddCommand.warnings(of: exemption) == warnings)
    }
}
