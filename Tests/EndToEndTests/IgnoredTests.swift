import Testing

extension EndToEnd {
    @Suite(.serialized) struct IgnoredTests {
        /// What is done to the record of an added rule, and why it is then none of the worker's business.
        struct Change: Sendable, CustomTestStringConvertible {
            let testDescription: String
            let reason: JSON
            let apply: @Sendable (inout JSON) -> Void
        }

        @Test(arguments: [
            Change(testDescription: "a call that failed", reason: "call-failed") {
                $0["errorCode"] = "Client.InvalidPermission.Duplicate"
                $0["errorMessage"] = "the specified rule already exists"
                $0["responseElements"] = nil
            },
            Change(testDescription: "another service's call of the same name", reason: "not-a-rule-change") {
                $0["eventSource"] = "rds.amazonaws.com"
            },
            Change(testDescription: "another call", reason: "not-a-rule-change") {
                $0["eventName"] = "RunInstances"
                $0["requestParameters"] = ["instancesSet": ["items": []]]
                $0["responseElements"] = nil
            },
            Change(testDescription: "a revoke", reason: "not-watched") {
                $0["eventName"] = "RevokeSecurityGroupIngress"
                $0["responseElements"] = ["_return": true]
            },
            Change(testDescription: "an added egress rule", reason: "not-watched") {
                $0["eventName"] = "AuthorizeSecurityGroupEgress"
                $0["responseElements"] = ["_return": true]
            },
        ])
        func `what is not for us is recorded with the reason, and deleted`(_ change: Change) async throws {
            let world = try await World()
            var record = try await world.authorize(.ssh)
            let standing = try await world.ingress()
            change.apply(&record)
            try await world.send(record)
            try await world.work()
            let row = try await world.row(of: record)
            #expect(row["outcome"] == "ignored" && row["reason"] == change.reason)
            #expect(row["event_name"] == record["eventName"])
            #expect(try await world.ingress() == standing && standing.count == 1)
            #expect(try await world.isQuiet)
            #expect(try await world.notifications().isEmpty)
        }

        @Test func `a group that nobody watches keeps its rules`() async throws {
            let world = try await World()
            let other = try await world.aws.createGroup()
            let record = try await world.authorize(.ssh, in: other)
            try await world.send(record)
            try await world.work()
            let row = try await world.row(of: record)
            #expect(row["outcome"] == "ignored" && row["reason"] == "not-watched" && row["group_id"] == .text(other))
            #expect(try await world.ingress(other).count == 1)
            #expect(try await world.isQuiet)
        }

        @Test func `the record of the worker's own revoke is its own change`() async throws {
            let world = try await World()
            let record = try await world.authorize(.ssh)
            try await world.send(record)
            try await world.work()
            var own = CloudTrailRecord.record(
                "RevokeSecurityGroupIngress",
                request: ["groupId": .text(world.group), "ipPermissions": [:]],
                response: ["_return": true]
            )
            own["requestID"] = try await world.row(of: record)["aws_request_id"]
            try await world.send(own)
            try await world.work()
            let row = try await world.row(of: own)
            #expect(row["outcome"] == "ignored" && row["reason"] == "own-change")
        }
    }
}
