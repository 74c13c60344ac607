import Foundation
import Testing

@testable import AWSClient

@Suite struct CredentialDocumentTests {
    private func document(_ json: String) -> CredentialDocument? {
        CredentialDocument(Array(json.utf8))
    }

    private static let complete = [
        "AccessKeyId": "A", "SecretAccessKey": "S", "Token": "T", "Expiration": "2027-01-15T09:00:00Z",
        "AccountId": "1",
    ]

    private func credentials(_ members: [String: String]) throws -> Credentials? {
        CredentialDocument(Array(try JSONEncoder().encode(members)))?.credentials
    }

    @Test func `reads what a process prints and what a metadata service answers`() throws {
        let expected = Credentials(
            accessKeyID: "A",
            secretAccessKey: "S",
            sessionToken: "T",
            expiration: TestSystem.start + 3600,
            accountID: "1"
        )
        #expect(try credentials(Self.complete) == expected)
        // A process calls the token otherwise.
        let process = Self.complete.filter { $0.key != "Token" }.merging(["SessionToken": "T"]) { $1 }
        #expect(try credentials(process) == expected)
    }

    @Test(arguments: ["AccessKeyId", "SecretAccessKey"], [nil, ""])
    func `has no credentials without both keys`(name: String, value: String?) throws {
        var members = Self.complete
        members[name] = value
        #expect(try credentials(members) == nil)
    }

    @Test(arguments: [
        ("", false), ("soon", false), ("2027-13-15T09:00:00Z", false), ("2027-01-15T09:00:00.250Z", true),
    ])
    func `has no credentials whose end cannot be read`(expiration: String, isReadable: Bool) throws {
        let members = Self.complete.merging(["Expiration": expiration]) { $1 }
        #expect((try credentials(members) != nil) == isReadable)
    }

    @Test func `keeps keys without an expiration until somebody deletes them`() throws {
        let keys = try credentials(["AccessKeyId": "A", "SecretAccessKey": "S"])
        #expect(keys == Credentials(accessKeyID: "A", secretAccessKey: "S"))
    }

    @Test func `tells the reason why there are no credentials`() {
        let refused = document(#"{"Code":"AssumeRoleUnauthorizedAccess","Message":"no","Extra":[1]}"#)
        #expect(refused?.code == "AssumeRoleUnauthorizedAccess")
        #expect(refused?.message == "no")
        #expect(refused?.credentials == nil)
    }

    @Test(arguments: ["", "null", "[]", "\"x\"", "{", #"{"Version":"one"}"#, #"{"AccessKeyId":5}"#, "\u{0}"])
    func `is nothing for any other text`(text: String) {
        #expect(document(text) == nil)
    }
}
