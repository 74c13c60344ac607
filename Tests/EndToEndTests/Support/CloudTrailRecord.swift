import AWSClient
import Foundation

/// Builds what CloudTrail would have written of a call, which the emulator does not.
enum CloudTrailRecord {
    /// The account that the emulator's keys belong to.
    static let account = "123456789012"

    /// The record of a successful Authorize: its real request, and the rules that EC2 shows since.
    static func authorize(_ group: String, _ permissions: [Permission], added: [DescribedSecurityGroupRule]) -> JSON {
        record(
            "AuthorizeSecurityGroupIngress",
            request: ["groupId": .text(group), "ipPermissions": ["items": .array(permissions.map(\.recorded))]],
            response: [
                "requestId": .text(UUID().uuidString.lowercased()), "_return": true,
                "securityGroupRuleSet": ["items": .array(added.map(rule))],
            ]
        )
    }

    /// The record of a Revoke, with the rules that stood before.
    static func removal(_ group: String, _ rules: [DescribedSecurityGroupRule]) -> JSON {
        record(
            "RevokeSecurityGroupIngress",
            request: [
                "groupId": .text(group),
                "securityGroupRuleIds": [
                    "items": .array(rules.map { ["securityGroupRuleId": .text($0.securityGroupRuleID)] })
                ],
            ],
            response: ["_return": true, "revokedSecurityGroupRuleSet": ["items": .array(rules.map(rule))]]
        )
    }

    /// The record of a Modify that gave the rule `id` another source, and the port 22.
    static func modify(_ group: String, _ id: String, cidr: String) -> JSON {
        record(
            "ModifySecurityGroupRules",
            request: [
                "ModifySecurityGroupRulesRequest": [
                    "GroupId": .text(group),
                    "SecurityGroupRule": [
                        "SecurityGroupRuleId": .text(id), "tag": 1,
                        "SecurityGroupRule": [
                            "IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "CidrIpv4": .text(cidr),
                        ],
                    ],
                ]
            ],
            response: ["ModifySecurityGroupRulesResponse": ["return": true]]
        )
    }

    /// The record of a CreateTags or DeleteTags of one tag.
    static func tags(_ group: String, _ eventName: String, _ key: String, _ value: String) -> JSON {
        record(
            eventName,
            request: [
                "resourcesSet": ["items": [["resourceId": .text(group)]]],
                "tagSet": ["items": [["key": .text(key), "value": .text(value)]]],
            ],
            response: ["_return": true]
        )
    }

    /// A record of any call, with fresh ids, by a person's session of a role.
    static func record(_ eventName: String, request: JSON, response: JSON) -> JSON {
        [
            "eventVersion": "1.11",
            "userIdentity": [
                "type": "AssumedRole",
                "principalId": "AROAEXAMPLEEXAMPLE000:alice@example.com",
                "arn": "arn:aws:sts::\(account):assumed-role/network-admin/alice@example.com",
                "accountId": .text(account),
                "sessionContext": [
                    "sessionIssuer": [
                        "type": "Role",
                        "principalId": "AROAEXAMPLEEXAMPLE000",
                        "arn": "arn:aws:iam::\(account):role/network-admin",
                        "accountId": .text(account),
                        "userName": "network-admin",
                    ]
                ],
            ],
            "eventTime": .text(Date().formatted(.iso8601)),
            "eventSource": "ec2.amazonaws.com",
            "eventName": .text(eventName),
            "awsRegion": "us-east-1",
            "sourceIPAddress": "198.51.100.23",
            "userAgent": "aws-cli/2.31.0",
            "requestParameters": request,
            "responseElements": response,
            "requestID": .text(UUID().uuidString.lowercased()),
            "eventID": .text(UUID().uuidString.lowercased()),
            "readOnly": false,
            "eventType": "AwsApiCall",
            "managementEvent": true,
            "recipientAccountId": .text(account),
            "eventCategory": "Management",
        ]
    }

    /// A record as EventBridge hands it to a queue.
    static func envelope(_ record: JSON) -> JSON {
        [
            "version": "0",
            "id": .text(UUID().uuidString.lowercased()),
            "detail-type": "AWS API Call via CloudTrail",
            "source": "aws.ec2",
            "account": .text(account),
            "time": record["eventTime"],
            "region": "us-east-1",
            "resources": [],
            "detail": record,
        ]
    }

    private static func rule(_ rule: DescribedSecurityGroupRule) -> JSON {
        var item: JSON = [
            "groupOwnerId": .text(account),
            "groupId": .text(rule.groupID),
            "securityGroupRuleId": .text(rule.securityGroupRuleID),
            "isEgress": .boolean(rule.isEgress),
            "ipProtocol": .text(rule.ipProtocol),
        ]
        item["fromPort"] = .number(rule.fromPort ?? -1)
        item["toPort"] = .number(rule.toPort ?? -1)
        let texts = [
            "cidrIpv4": rule.cidrIPv4, "cidrIpv6": rule.cidrIPv6, "prefixListId": rule.prefixListID,
            "description": rule.description,
        ]
        for case (let name, let text?) in texts where !text.isEmpty { item[name] = .text(text) }
        if let group = rule.referencedGroupID {
            item["referencedGroupInfo"] = ["groupId": .text(group), "userId": .text(account)]
        }
        return item
    }
}
