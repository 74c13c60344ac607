import AWSClient
import Foundation
import Ledger
import SecurityGroups

extension SharedRule {
    /// The rules of a run that the other hosts must know.
    ///
    /// These are the rules that an exempt caller made, those that the run put back for a reason that no policy file says, and those
    /// that it reported.
    ///
    /// - Parameter call: The time of the call; nil for a sweep. An approval by a record replaces the report of a sweep, although the
    ///   sweep came after the call.
    static func all(of result: RunResult, eventID: String, call: Date?, now: Date) -> [Self] {
        // A forged record may have a time in the future. Later words must still count.
        let called = call.map { min($0, now.addingTimeInterval(15 * 60)) }
        let reverted = Set(result.rules.filter { $0.outcome == .reverted }.compactMap(\.ruleID))
        let approved = result.sightings.compactMap { sighting -> Self? in
            guard let content = sighting.content, let approval = sighting.approval?.elsewhere else { return nil }
            // What a sweep restored says so since now.
            let restored = reverted.contains(sighting.ruleID.description) ? now : nil
            return Self(
                ruleID: sighting.ruleID.description,
                content: "\(content.rule)",
                eventID: eventID,
                asOf: called ?? restored ?? approval.eventTime ?? .distantPast,
                approval: approval
            )
        }
        let reported = result.rules.compactMap { rule -> Self? in
            guard rule.outcome == .reported, let id = rule.ruleID, let content = rule.rule else { return nil }
            return Self(
                ruleID: id,
                content: "\(content)",
                eventID: eventID,
                asOf: called ?? .distantPast,
                approval: nil
            )
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
            asOf: Self.asOf(item) ?? .distantPast,
            approval: item["approved_by"]?.string.map { source in
                Approval(
                    source: source,
                    caller: Caller(
                        issuerARN: item["approver_arn"]?.string,
                        invokedBy: item["approver_service"]?.string,
                        sourceIdentity: item["approver_identity"]?.string
                    ),
                    eventTime: Self.time(item["event_time"])
                )
            }
        )
    }

    /// The time of an item of the table.
    static func asOf(_ item: DynamoDBItem) -> Date? { time(item["as_of"]) }

    private static func time(_ value: DynamoDBValue?) -> Date? {
        value?.integer.map { Date(timeIntervalSince1970: Double($0) / 1000) }
    }

    /// The item of the table. It is kept for a year, because a rule may stand for a long time.
    func item(now: Date) -> DynamoDBItem {
        var item = SharedKey.rule(ruleID)
        item["content"] = .string(content)
        item["event_id"] = .string(eventID)
        item["approved_by"] = (approval?.source).map(DynamoDBValue.string)
        item["approver_arn"] = (approval?.caller.issuerARN).map(DynamoDBValue.string)
        item["approver_service"] = (approval?.caller.invokedBy).map(DynamoDBValue.string)
        item["approver_identity"] = (approval?.caller.sourceIdentity).map(DynamoDBValue.string)
        item["event_time"] = (approval?.eventTime).map(SharedWrite.milliseconds)
        item["expires_at"] = SharedWrite.expiry(now, after: 365 * 86_400)
        item["as_of"] = SharedWrite.milliseconds(asOf)
        return item
    }

    /// The write of a worker.
    func write(now: Date) -> DynamoDBWrite {
        // A host that could not reach the table writes late. What another host or a person has said since must stay.
        let isNewer = "#as_of <= :as_of"
        var (text, names) = ("attribute_not_exists(#as_of) OR \(isNewer)", ["#as_of": "as_of"])
        var values: DynamoDBItem = [":as_of": SharedWrite.milliseconds(asOf)]
        if approval?.isOutsidePolicy == true {
            // The ledger of this host may still have the approval that a person took back elsewhere.
            text += " AND attribute_not_exists(#forgotten) OR \(isNewer) AND #forgotten <> :content"
            names["#forgotten"] = "forgotten"
            values[":content"] = .string(content)
        }
        let condition = DynamoDBExpression(text, names: names, values: values)
        return DynamoDBWrite(.put(item(now: now)), condition: condition)
    }
}
