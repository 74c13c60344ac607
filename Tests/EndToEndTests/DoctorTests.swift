import Foundation
import Testing

extension EndToEnd {
    @Suite(.serialized) struct DoctorTests {
        /// Each check's status, by its name, and everything that was said.
        private func statuses(of result: Program.Result) throws -> [String: String] {
            let rows = try JSON(parsing: result.output).items
            return Dictionary(uniqueKeysWithValues: rows.map { ($0["check"].string ?? "", $0["status"].string ?? "") })
        }

        @Test func `all is well where all is well, and no secret is shown`() async throws {
            let world = try await World()
            let keys = ["AWS_SECRET_ACCESS_KEY": "SECRETKEY", "AWS_SESSION_TOKEN": "SECRETTOKEN"]
            let result = try await world.run(["doctor", "--format", "json", "--log-level", "trace"], environment: keys)
            #expect(result.exitCode == 0, "\(result.errors)")
            let found = try statuses(of: result)
            #expect(!found.values.contains("problem"))
            for check in [
                "credentials", "clock", "endpoint", "queue", "visibility", "redrive", "sqs:ReceiveMessage",
                "sqs:DeleteMessage", "sqs:ChangeMessageVisibility", "sqs:SendMessage", "regions", "groups",
                "ec2:DescribeSecurityGroupRules", "ec2:DescribeSecurityGroups", "ec2:RevokeSecurityGroupIngress",
                "ec2:RevokeSecurityGroupEgress", "ec2:AuthorizeSecurityGroupIngress", "policy", "ledger", "topic",
                "sns:Publish",
            ] { #expect(found[check] == "ok", "\(check): \(found[check] ?? "no line")") }
            #expect(found["senders"] == "not-tried")
            #expect(result.output.contains("environment variables"))
            #expect(result.output.contains("signed for us-east-1"))
            #expect(!(result.output + result.errors).contains("SECRET"))
            #expect(!FileManager.default.fileExists(atPath: world.ledger), "it makes nothing")

            try await world.work()
            let table = try await world.run(["doctor"])
            #expect(table.exitCode == 0)
            #expect(table.output.hasPrefix("check "))
            #expect(table.output.contains("ledger.db with 0 events"))
        }

        @Test func `the claims table is checked: its key, that it expires, that it may be read and written`()
            async throws
        {
            let world = try await World()
            func check(_ table: String) async throws -> [String: String] {
                let environment = ["SG_REVERT_CLAIMS": "dynamodb://\(table)"]
                return try statuses(of: try await world.run(["doctor", "--format", "json"], environment: environment))
            }
            let name = world.folder.lastPathComponent
            try await world.aws.createTable("good-\(name)")
            let good = try await check("good-\(name)")
            for line in ["claims", "claims-expire", "dynamodb:GetItem", "dynamodb:UpdateItem", "dynamodb:PutItem"] {
                #expect(good[line] == "ok", "\(line): \(good[line] ?? "no line")")
            }
            #expect(try await world.aws.items("good-\(name)").isEmpty, "it writes nothing")
            try await world.aws.createTable("kept-\(name)", expires: false)
            #expect(try await check("kept-\(name)")["claims-expire"] == "warning")
            try await world.aws.createTable("other-\(name)", key: "id")
            #expect(try await check("other-\(name)")["claims"] == "problem")
            #expect(try await check("none-\(name)")["claims"] == "problem")
        }

        @Test func `a topic that only the policy names is checked as that of a setting`() async throws {
            let world = try await World()
            for (topic, status) in [(world.topic, "ok"), ("arn:aws:sns:us-east-1:123456789012:nowhere", "problem")] {
                try world.write(policy: "notify: { topic_arn: \"\(topic)\" }")
                let result = try await world.start(
                    ["doctor", "--format", "json"],
                    by: .file,
                    environment: ["SG_REVERT_TOPIC_ARN": ""]
                ).end()
                #expect(try statuses(of: result)["topic"] == status, "\(result.output)")
            }
        }

        @Test(arguments: [
            (["SG_REVERT_GROUPS": ""], "policy"),
            (["SG_REVERT_GROUPS": "", "SG_REVERT_POLICY": "/etc/hostname"], "policy"),
            (["SG_REVERT_TOPIC_ARN": "arn:aws:sns:nowhere:1:t"], "topic"),
            (["SG_REVERT_LEDGER": "/etc/passwd"], "ledger"),
            (["AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": ""], "credentials"),
            (["SG_REVERT_QUEUE_URL": "http://127.0.0.1:1/123456789012/none"], "queue"),
            (["SG_REVERT_GROUPS": "sg-0123456789abcdef0"], "groups"),
            (["SG_REVERT_TOPIC_ARN": "arn:aws:sns:us-east-1:123456789012:nowhere"], "topic"),
            (["SG_REVERT_DEAD_LETTER_QUEUE_URL": "http://127.0.0.1:1/123456789012/dead"], "redrive"),
            (["AWS_REGION": "atlantis-1"], "session"), (["SG_REVERT_DRY_RUN": "ture"], "dry-run"),
        ])
        func `a problem is exit 2, and is named with what to do`(
            environment: [String: String],
            check: String
        ) async throws {
            let world = try await World()
            let result = try await world.run(["doctor", "--format", "json"], environment: environment)
            #expect(result.exitCode == 2)
            #expect(try statuses(of: result).filter { $0.value == "problem" }.map(\.key) == [check])
            let row = try JSON(parsing: result.output).items.first { $0["check"].string == check }
            #expect(row?["fix"].string?.isEmpty == false)
            #expect(result.errorLines == ["sg-revert: problems with \(check)"])
        }
    }
}
