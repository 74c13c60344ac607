import CloudTrailEvents
import SecurityGroups

/// A CloudTrail record with made-up ids, of a call that succeeded unless a test says otherwise. All values are raw
/// JSON.
struct Record {
    static let group = "sg-0a1b2c3d4e5f60718"

    var eventName = "AuthorizeSecurityGroupIngress"
    var request = #"{"groupId":"sg-0a1b2c3d4e5f60718","ipPermissions":{}}"#
    var response = #"{"requestId":"5d2f1c0e-aaaa-bbbb-cccc-000000000001","_return":true}"#
    /// What differs from the usual record; nil leaves the member out.
    var members: [String: String?] = [:]

    /// The bare record.
    var json: String {
        var all: [String: String?] = [
            "eventVersion": #""1.11""#,
            "eventID": #""e0000000-1111-2222-3333-444444444444""#,
            "eventName": "\"\(eventName)\"",
            "eventSource": #""ec2.amazonaws.com""#,
            "eventTime": #""2026-11-25T09:30:00Z""#,
            "awsRegion": #""eu-west-1""#,
            "recipientAccountId": #""111122223333""#,
            "requestID": #""5d2f1c0e-aaaa-bbbb-cccc-000000000001""#,
            "sourceIPAddress": #""198.51.100.7""#,
            "userAgent": #""aws-cli/2.31.0""#,
            "userIdentity": #"{"type":"IAMUser","arn":"arn:aws:iam::111122223333:user/mia","userName":"mia"}"#,
            "requestParameters": request,
            "responseElements": response,
        ]
        all.merge(members) { $1 }
        let texts = all.sorted { $0.key < $1.key }.compactMap { key, value in value.map { "\"\(key)\":\($0)" } }
        return "{\(texts.joined(separator: ","))}"
    }

    /// The record as EventBridge sends it.
    var inEventBridge: String {
        #"{"version":"0","id":"d0000000-0000-0000-0000-000000000000","detail-type":"AWS API Call via CloudTrail","#
            + #""source":"aws.ec2","account":"444455556666","time":"2026-11-25T09:30:01Z","region":"eu-central-1","#
            + #""resources":[],"detail":\#(json)}"#
    }
}

/// The text as SNS sends it without raw delivery.
func inSNS(_ text: String) -> String {
    let quoted = text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"")
    return #"{"Type":"Notification","TopicArn":"arn:aws:sns:eu-west-1:111122223333:sg","Message":"\#(quoted)"}"#
}

/// `ipPermissions` of one item, with the group's id beside it.
func permissions(_ items: String) -> String {
    #"{"groupId":"\#(Record.group)","ipPermissions":{"items":[\#(items)]}}"#
}

/// EC2's answer with these rules.
func ruleSet(_ items: String, named name: String = "securityGroupRuleSet") -> String {
    #"{"requestId":"5d2f1c0e-aaaa-bbbb-cccc-000000000001","_return":true,"\#(name)":{"items":[\#(items)]}}"#
}

/// One rule of an answer: TCP port 22 in the usual group, from `peer`.
func answeredRule(_ peer: String, id: String = "sgr-0123456789abcdef0", isEgress: Bool = false) -> String {
    #"{"groupOwnerId":"111122223333","groupId":"\#(Record.group)","securityGroupRuleId":"\#(id)","#
        + #""isEgress":\#(isEgress),"ipProtocol":"tcp","fromPort":22,"toPort":22,\#(peer)}"#
}

extension DecodedMessage {
    var change: SecurityGroupChange? {
        if case .change(_, let change) = self { change } else { nil }
    }

    var unreadable: UnreadableMessage? {
        if case .unreadable(let message) = self { message } else { nil }
    }

    var ignoreReason: IgnoreReason? {
        if case .ignored(_, let reason) = self { reason } else { nil }
    }

    var event: CloudTrailEvent? {
        switch self {
        case .change(let event, _), .ignored(let event, _): event
        case .unreadable(let message): message.event
        }
    }

    /// The rules in words; nil where there is no change.
    var rules: [String]? {
        change?.rules.compactMap(\.rule?.description)
    }
}
