import AWSClient
import Foundation
import Testing

extension EndToEnd {
    /// Events of other accounts are acted on by a role in them.
    @Suite(.serialized) struct AccountTests {
        private static let member = "222222222222"
        private static let stranger = "333333333333"
        private static let role = ["SG_REVERT_ROLE_ARN": "arn:aws:iam::{account}:role/sg-revert-member"]

        /// A rule in a new group of another account, and its record.
        private func open(in account: String, of world: World) async throws -> (aws: AWS, group: String, record: JSON) {
            let aws = try world.aws.inAccount(account)
            let group = try await aws.createGroup()
            let added = try await aws.authorize(group, [.ssh])
            var record = CloudTrailRecord.authorize(group, [.ssh], added: added)
            record["recipientAccountId"] = .text(account)
            return (aws, group, record)
        }

        private func write(accounts: [String], of world: World) throws {
            try world.write(policy: "selectors: { accounts: [\"\(accounts.joined(separator: "\", \""))\"] }")
        }

        @Test func `a rule in an account that the policy names is reverted there, and one in ours here`() async throws {
            let world = try await World()
            let other = try await open(in: Self.member, of: world)
            let ours = try await world.authorize(.ssh)
            try write(accounts: [CloudTrailRecord.account, Self.member], of: world)
            try await world.send(other.record)
            try await world.send(ours)
            try await world.work(by: .file, "--role-arn", "arn:aws:iam::{account}:role/sg-revert-member")
            #expect(try await other.aws.rules(other.group).filter { !$0.isEgress }.isEmpty)
            #expect(try await world.ingress().isEmpty)
            #expect(try await world.row(of: other.record)["outcome"] == "reverted")
            #expect(try await world.row(of: other.record)["account"].string == Self.member)
        }

        @Test func `an account that the policy does not name is never assumed into`() async throws {
            let world = try await World()
            let proxy = try FaultProxy()
            let other = try await open(in: Self.stranger, of: world)
            try write(accounts: [CloudTrailRecord.account, Self.member], of: world)
            try await world.send(other.record)
            let result = try await world.start(
                // The looks at what stands assume the role in accounts that the policy names.
                ["worker", "--snapshot-minutes", "0"] + World.quick,
                by: .file,
                environment: Self.role.merging(proxy.environment) { $1 }
            )
            .end()
            #expect(result.exitCode == 0, "\(result.errors)")
            let row = try await world.row(of: other.record)
            #expect(row["outcome"] == "ignored" && row["reason"] == "not-watched")
            #expect(try await proxy.calls(of: "sts.AssumeRole") == 0)
            #expect(try await other.aws.rules(other.group).filter { !$0.isEgress }.count == 1)
        }
    }
}
