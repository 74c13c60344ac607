import Testing

extension EndToEnd {
    @Suite(.serialized) struct RevertTests {
        @Test func `every family of sources in one call is reverted, and what stood before stays`() async throws {
            let world = try await World()
            let before = try await world.authorize(Permission("tcp", 443...443, from: .ipv4("192.0.2.0/24")))
            let standing = Set(try await world.aws.rules(world.group))
            let other = try await world.aws.createGroup()
            let record = try await world.authorize(
                Permission("tcp", 22...22, from: .ipv4("0.0.0.0/0"), .ipv4("198.51.100.0/24"), description: "=for all"),
                Permission("tcp", 22...22, from: .ipv6("::/0")),
                Permission("udp", 53...53, from: .prefixList("pl-0123456789abcdef0")),
                Permission("tcp", 8000...8100, from: .group(other)),
                Permission("-1", from: .ipv4("203.0.113.7/32"))
            )
            #expect(try await world.ingress().count == 7, "the rules stand before the worker comes")
            try await world.send(record)
            try await world.work()

            #expect(Set(try await world.aws.rules(world.group)) == standing)
            let row = try await world.row(of: record)
            #expect(row["outcome"] == "reverted")
            #expect(Set(row["rules"].items.compactMap(\.["outcome"].string)) == ["reverted"])
            #expect(
                Set(row["rules"].items.compactMap(\.["source"].string)) == [
                    "0.0.0.0/0", "198.51.100.0/24", "::/0", "pl-0123456789abcdef0", other, "203.0.113.7/32",
                ]
            )
            #expect(try await world.isQuiet)
            #expect(try await world.events().count == 1, "of \(before["eventID"]) no record was sent")
        }

        @Test func `the row of a revert has every column of the contract`() async throws {
            let world = try await World()
            let record = try await world.authorize(.ssh)
            try await world.send(record)
            try await world.work()

            let row = try await world.row(of: record)
            #expect(row.keys == Columns.events.union(["rules"]))
            let expected: [String: JSON] = [
                "event_id": record["eventID"], "outcome": "reverted", "reason": nil,
                "event_name": "AuthorizeSecurityGroupIngress", "account": .text(CloudTrailRecord.account),
                "region": "us-east-1", "group_id": .text(world.group), "actor_arn": record["userIdentity"]["arn"],
                "issuer_arn": record["userIdentity"]["sessionContext"]["sessionIssuer"]["arn"],
                "source_ip": "198.51.100.23", "user_agent": "aws-cli/2.31.0", "attempts": 1, "deliveries": 1,
                "error_code": nil, "error_message": nil, "dry_run": false,
            ]
            for (name, value) in expected { #expect(row[name] == value, "\(name)") }
            let times = ["event_time", "received_at", "finished_at", "notified_at"].map { row[$0].string ?? "" }
            #expect(times.allSatisfy { $0.wholeMatch(of: /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z/) != nil }, "\(times)")
            #expect(times == times.sorted())
            #expect(try #require(row["exposed_ms"].integer) >= 0)
            #expect(try #require(row["worker"].string).contains(":"))
            #expect(row["aws_request_id"].string != nil)

            let rule = try #require(row["rules"].items.first)
            #expect(row["rules"].items.count == 1 && rule.keys == Columns.rules)
            let recorded = record["responseElements"]["securityGroupRuleSet"]["items"].items.first
            let expectedRule: [String: JSON] = [
                "event_id": record["eventID"], "rule_id": recorded?["securityGroupRuleId"] ?? nil,
                "group_id": .text(world.group), "direction": "ingress", "protocol": "tcp", "from_port": 22,
                "to_port": 22, "source": "0.0.0.0/0", "description": nil, "decision": "revert",
                "reason": "--group \(world.group)", "outcome": "reverted",
            ]
            for (name, value) in expectedRule { #expect(rule[name] == value, "\(name)") }
            let undo = try #require(rule["undo"].string)
            #expect(undo.hasPrefix("aws ec2 authorize-security-group-ingress "))
            #expect(undo.contains(world.group) && undo.contains("0.0.0.0/0"))
        }

        @Test func `people are told once: who, what, where, when, and what was done`() async throws {
            let world = try await World()
            let record = try await world.authorize(
                Permission("tcp", 22...22, from: .ipv4("0.0.0.0/0"), description: "for Zoë")
            )
            try await world.send(record)
            try await world.work()

            let notifications = try await world.notifications()
            let notification = try #require(notifications.first)
            #expect(notifications.count == 1)
            let subject = try #require(notification["Subject"].string)
            #expect(subject.count < 100 && subject.utf8.allSatisfy { (0x20...0x7E).contains($0) })
            #expect(subject.contains("reverted 1 rule") && subject.contains(world.group))
            let text = try #require(notification["Message"].string)
            let words = [
                "arn:aws:iam::\(CloudTrailRecord.account):role/network-admin", "alice@example.com",
                "ingress tcp 22 from 0.0.0.0/0", "for Zoë", CloudTrailRecord.account, "us-east-1", world.group,
                String(try #require(record["eventTime"].string).dropLast()), "reverted",
                "aws ec2 authorize-security-group-ingress", try #require(record["eventID"].string),
            ]
            for word in words { #expect(text.contains(word), "\(text)") }
            #expect(notification["MessageAttributes"]["notice_id"]["Value"].string?.isEmpty == false)
        }

        @Test func `a record without rule ids is reverted by what it added`() async throws {
            let world = try await World()
            let kept = try await world.authorize(Permission("tcp", 443...443, from: .ipv4("0.0.0.0/0")))
            let standing = try await world.ingress()
            var record = try await world.authorize(.ssh)
            record["responseElements"] = ["requestId": record["requestID"], "_return": true]
            try await world.send(record)
            try await world.work()
            #expect(try await world.ingress() == standing, "\(kept["eventID"]) stays")
            #expect(try await world.row(of: record)["outcome"] == "reverted")
        }

        @Test func `a dry run reports, touches nothing and tells nobody`() async throws {
            let world = try await World()
            let record = try await world.authorize(.ssh)
            let standing = try await world.ingress()
            let body = try await world.send(record)
            try await world.work("--dry-run")
            let row = try await world.row(of: record)
            #expect(row["outcome"] == "reported" && row["dry_run"] == true)
            #expect(row["rules"].items.map(\.["outcome"]) == ["reported"])
            #expect(try await world.ingress() == standing)
            #expect(try await world.notifications().isEmpty)

            // Sent again it is a duplicate; replayed on purpose it is decided afresh, now in earnest. A sweep would
            // close the rule first.
            try await world.send(body: body)
            try await world.work("--snapshot-minutes", "0")
            #expect(try await world.row(of: record)["outcome"] == "reported")
            #expect(try await world.ingress() == standing)
            try await world.send(body: body, to: world.deadLetters)
            #expect(try await world.run(["dlq", "replay"]).exitCode == 0)
            try await world.work("--snapshot-minutes", "0")
            let replayed = try await world.row(of: record)
            #expect(replayed["outcome"] == "reverted" && replayed["dry_run"] == false)
            #expect(try await world.ingress().isEmpty)
        }
    }
}

/// The columns of the ledger's views, as users know them.
enum Columns {
    static let eventsInOrder = [
        "event_id", "outcome", "reason", "event_name", "account", "region", "group_id", "actor_arn", "issuer_arn",
        "source_ip", "user_agent", "event_time", "received_at", "finished_at", "exposed_ms", "attempts", "deliveries",
        "worker", "aws_request_id", "error_code", "error_message", "notified_at", "dry_run",
        "actor_type", "invoked_by", "actor_id", "policy_digest",
    ]
    static let rulesInOrder = [
        "event_id", "rule_id", "group_id", "direction", "protocol", "from_port", "to_port", "source", "description",
        "decision", "reason", "outcome", "undo",
    ]
    static let events = Set(eventsInOrder)
    static let rules = Set(rulesInOrder)
}
