import AWSClient
import SecurityGroups
import TestSupport
import Testing

@testable import Worker

@Suite struct AccountRolesTests {
    private static let own = AccountID("111122223333")
    private static let other = AccountID("444455556666")

    private func roles(own: AccountID? = own) throws -> AccountRoles {
        let session = try ScriptedAWS(time: VirtualTime()).session()
        let sessions = try RoleSessions(base: session, template: "arn:aws:iam::{account}:role/sg-revert-member")
        return AccountRoles(sessions) { own }
    }

    @Test func `only an account that is known not to be ours is acted on by its role`() throws {
        let roles = try roles()
        #expect(roles.isForeign(Self.other))
        #expect(!roles.isForeign(Self.own))
        #expect(!roles.isForeign(nil))
        #expect(try roles.session(account: Self.other) != nil)
        #expect(try roles.session(account: Self.own) == nil)
        #expect(try self.roles(own: nil).session(account: Self.other) == nil)
    }

    @Test(arguments: [
        ("arn:aws:iam::444455556666:role/sg-revert-member", true), ("arn:aws:iam::444455556666:role/other", false),
        ("arn:aws:iam::777788889999:role/sg-revert-member", true), ("sg-revert-member", false),
    ])
    func `a call by such a role is ours`(_ issuer: String, _ isOurs: Bool) throws {
        #expect(try roles().isIssuer(issuer) == isOurs)
    }

    @Test(arguments: [
        ("https://sqs.eu-west-1.amazonaws.com/111122223333/q", own), ("http://localhost:1/111122223333/q", own),
        ("https://example.com/q", nil), ("q", nil),
    ])
    func `a queue's URL names its account`(_ url: String, _ account: AccountID?) {
        #expect(AccountID(inQueueURL: url) == account)
    }
}
