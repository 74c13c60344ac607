import CloudTrailEvents
import SecurityGroups
import TestSupport

extension CallRecord {
    static let group = "sg-0a1b2c3d4e5f60718"
}

/// The text as SNS sends it without raw delivery.
func inSNS(_ text: String) -> String {
    let quoted = text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"")
    return #"{"Type":"Notification","TopicArn":"arn:aws:sns:eu-west-1:111122223333:sg","Message":"\#(quoted)"}"#
}

/// `ipPermissions` of one item, with the group's id beside it.
func permissions(_ items: String) -> String {
    #"{"groupId":"\#(CallRecord.group)","ipPermissions":{"items":[\#(items)]}}"#
}

/// EC2's answer with these rules.
func ruleSet(_ items: String, named name: String = "securityGroupRuleSet") -> String {
    #"{"requestId":"5d2f1c0e-aaaa-bbbb-cccc-000000000001","_return":true,"\#(name)":{"items":[\#(items)]}}"#
}

/// One rule of an answer: TCP port 22 in the usual group, from `peer`.
func answeredRule(_ peer: String, id: String = "sgr-0123456789abcdef0", isEgress: Bool = false) -> String {
    #"{"groupOwnerId":"111122223333","groupId":"\#(CallRecord.group)","securityGroupRuleId":"\#(id)","#
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
