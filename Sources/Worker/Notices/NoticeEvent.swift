import Foundation
import SecurityGroups

/// An event in a notice's payload: the columns of `audit_events`, and the rules.
struct NoticeEvent: Decodable {
    let eventID: String
    let outcome: String?
    let reason: String?
    let eventName: String?
    let account: String?
    let region: String?
    let groupID: String?
    let actorARN: String?
    let issuerARN: String?
    let actorType: String?
    let invokedBy: String?
    let actorID: String?
    let sourceIP: String?
    let eventTime: String?
    let exposedMilliseconds: Int64?
    let errorMessage: String?
    let rules: [Rule]?

    private enum CodingKeys: String, CodingKey {
        case account, region, rules, outcome, reason
        case eventID = "event_id"
        case eventName = "event_name"
        case groupID = "group_id"
        case actorARN = "actor_arn"
        case issuerARN = "issuer_arn"
        case actorType = "actor_type"
        case invokedBy = "invoked_by"
        case actorID = "actor_id"
        case sourceIP = "source_ip"
        case eventTime = "event_time"
        case exposedMilliseconds = "exposed_ms"
        case errorMessage = "error_message"
    }

    /// A rule of the event: the columns of `audit_rules`.
    struct Rule: Decodable {
        let ruleID: String?
        let direction: String
        let ipProtocol: String
        let fromPort: Int?
        let toPort: Int?
        let source: String
        let description: String?
        let outcome: String
        let reason: String?
        let undo: String?

        private enum CodingKeys: String, CodingKey {
            case direction, source, description, outcome, reason, undo
            case ruleID = "rule_id"
            case ipProtocol = "protocol"
            case fromPort = "from_port"
            case toPort = "to_port"
        }
    }
}
