import AWSClient
import Foundation
import Ledger
import SecurityGroups

extension SharedRule {
    /// The rules of a run that the other hosts must know.
    ///
    /// These are the rules that an exempt caller made, those that the run put back for a reason that no policy file says, and those
    /// that it reported.
    static func all(of result: RunResult, eventID: String) -> [Self] {
        let approved = result.sightings.compactMap { sighting -> Self? in
            guard let content = sighting.content, let approval = sighting.approval?.elsewhere else { return nil }
            return Self(
                ruleID: sighting.ruleID.description,
                content: "\(content.rule)",
                eventID: eventID,
                approval: approval
            )
        }
        let reported = result.rules.compactMap { rule -> Self? in
            guard rule.outcome == .reported, let id = rule.ruleID, let content = rule.rule else { return nil }
            return Self(ruleID: id, content: "\(content)", eventID: eventID, approval: nil)
        }
        return approved + reported
    }

    /// Reads an item of the table; nil if it is not the item of a rule.
    init?(_ item: DynamoDBItem, ruleID: String) {
        guard let content = item["content"]?.string, let eventID = item["event_id"]?.string else { return nil }
        self.init(
            ruleID: ruleID,
            content: content,
            eventID: eventID,
            approval: item["approved_by"]?.string.map { source in
                Approval(
                    source: source,
                    caller: Caller(
                        issuerARN: item["approver_arn"]?.string,
                        invokedBy: item["approver_service"]?.string,
                        sourceIdentity: item["approver_identity"]?.string
                    ),
                    eventTime: item["event_time"]?.integer.map { Date(timeIntervalSince1970: Double($0) / 1000) }
                )
            }
        )
    }

    /// The write that stores it for a year, because a rule may stand for a long time.
    func write(now: Date) -> DynamoDBWrite {
        var item = SharedKey.rule(ruleID)
        item["content"] = .string(content)
        item["event_id"] = .string(eventID)
        item["approved_by"] = (approval?.source).map(DynamoDBValue.string)
        item["approver_arn"] = (approval?.caller.issuerARN).map(DynamoDBValue.string)
        item["approver_service"] = (approval?.caller.invokedBy).map(DynamoDBValue.string)
        item["approver_identity"] = (approval?.caller.sourceIdentity).map(DynamoDBValue.string)
        item["event_time"] = (approval?.eventTime).map(SharedWrite.milliseconds)
        item["expires_at"] = SharedWrite.expiry(now, after: 365 * 86_400)
        // A host that could not reach the table writes late. What another host approved since must stay.
        let condition = item["event_time"].map {
            DynamoDBExpression(
                "attribute_not_exists(#event_time) OR #event_time <= :event_time",
                names: ["#event_time": "event_time"],
                values: [":event_time": $0]
            )
        }
        return DynamoDBWrite(.put(item), condition: condition)
    }
}
