import AWSClient
package import CloudTrailEvents
import Formats
package import SecurityGroups

/// A rule change in a watched group, every text that a call could carry proven to be one that EC2 could have made.
///
/// A class for the same reason as `EventRun`.
final class WatchedChange: Sendable {
    let event: CloudTrailEvent
    let change: SecurityGroupChange
    let groupID: SecurityGroupID
    let place: Place
    /// Decides for each rule what to do.
    let planner: RevertPlanner
    /// Why an event of our own was made; nil for a record.
    let reason: String?

    init(
        event: CloudTrailEvent,
        change: SecurityGroupChange,
        groupID: SecurityGroupID,
        place: Place,
        planner: RevertPlanner,
        reason: String? = nil
    ) {
        self.event = event
        self.change = change
        self.groupID = groupID
        self.place = place
        self.planner = planner
        self.reason = reason
    }

    /// True for the record of a new group, whose egress no call added.
    var isNewGroup: Bool { event.eventName == "CreateSecurityGroup" }
}

/// The check before the first AWS call. An event with a name that cannot exist stops here.
struct Gate {
    /// The account and the Region of the change.
    let place: Place
    /// The group that was changed; nil for a revoke that names the group by name.
    let groupID: SecurityGroupID?

    /// Checks all names of an event.
    ///
    /// - Throws: `ImpossibleName`, for the first name that cannot exist.
    init(_ event: CloudTrailEvent, _ change: SecurityGroupChange) throws(ImpossibleName) {
        guard let region = event.region.flatMap({ AWSRegion($0) }) else {
            throw ImpossibleName(kind: "Region", text: event.region)
        }
        var account: AccountID?
        if let text = event.account {
            guard let id = AccountID(text) else { throw ImpossibleName(kind: "account", text: text) }
            account = id
        }
        place = Place(account: account, region: region)
        guard change.rules.count <= SecurityGroupChange.maximumRules else {
            throw ImpossibleName(kind: "number of rules", text: "\(change.rules.count)")
        }
        if let text = change.groupID {
            guard let id = SecurityGroupID(text) else { throw ImpossibleName(kind: "security group", text: text) }
            groupID = id
        } else {
            groupID = nil
        }
        for rule in change.rules {
            if let text = rule.id, rule.strictID == nil {
                throw ImpossibleName(kind: "security group rule", text: text)
            }
        }
    }
}

extension Gate {
    /// The facts for the policy, as far as the event tells them.
    func context(of change: SecurityGroupChange, by event: CloudTrailEvent) -> ChangeContext {
        ChangeContext(
            group: GroupFacts(
                groupID: groupID?.description,
                account: place.account?.description,
                region: place.region.description
            ),
            kind: change.kind,
            issuerARN: event.actor.issuerARN,
            invokedBy: event.actor.invokedBy,
            sourceIdentity: event.actor.sourceIdentity,
            eventTime: event.eventTime
        )
    }
}

/// The name in an event that cannot exist, in words; nil if every name could be AWS's own. Only then does the worker
/// act on the event.
package func impossibleName(in event: CloudTrailEvent, _ change: SecurityGroupChange) -> String? {
    do throws(ImpossibleName) {
        _ = try Gate(event, change)
        return nil
    } catch {
        return "\(error)"
    }
}

/// A name in an event that AWS cannot have written.
struct ImpossibleName: Error, CustomStringConvertible {
    let kind: String
    let text: String?

    var description: String {
        guard let text else { return "the event names no \(kind)" }
        return "\"\(plainText(text, limit: 100))\" is no \(kind) that can exist"
    }
}
