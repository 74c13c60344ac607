import Foundation
import Testing

extension EndToEnd {
    /// A policy that watches groups by their tags.
    @Suite(.serialized) struct TagTests {
        @Test func `taking the tag away, opening the group and putting the tag back keeps nothing open`() async throws {
            let world = try await World()
            try world.write(policy: "selectors: { tags: { sg-revert: enforce } }")
            try await world.aws.tag(world.group, "sg-revert", "enforce")
            try await world.send(CloudTrailRecord.tags(world.group, "CreateTags", "sg-revert", "enforce"))
            try await world.work(by: .file)

            try await world.aws.untag(world.group, "sg-revert")
            let untagged = CloudTrailRecord.tags(world.group, "DeleteTags", "sg-revert", "enforce")
            try await world.send(untagged)
            let opened = try await world.authorize(Permission("tcp", 22...22, from: .ipv4("0.0.0.0/0")))
            try await world.send(opened)
            try await world.work(by: .file)
            #expect(try await world.row(of: untagged)["reason"] == "not-a-rule-change")
            #expect(try await world.row(of: opened)["outcome"] == "reverted")
            #expect(try await world.ingress().isEmpty)
            #expect(try await world.notifications().contains { "\($0)".contains("no longer matches the policy") })

            try await world.aws.tag(world.group, "sg-revert", "enforce")
            try await world.send(CloudTrailRecord.tags(world.group, "CreateTags", "sg-revert", "enforce"))
            let again = try await world.authorize(Permission("tcp", 23...23, from: .ipv4("0.0.0.0/0")))
            try await world.send(again)
            try await world.work(by: .file)
            #expect(try await world.row(of: again)["outcome"] == "reverted")
        }
    }
}
