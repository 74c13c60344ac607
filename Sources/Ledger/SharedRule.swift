package import Foundation
package import SecurityGroups

/// A rule that a host left standing, with the reason.
///
/// The ledger of another host knows nothing of the event. That host reads this item of the table, so that it does not revert the rule
/// as one that nothing explains.
package struct SharedRule: Hashable, Sendable {
    /// The rule's id.
    package let ruleID: String
    /// The rule's content.
    package let content: String
    /// The event that was judged.
    package let eventID: String
    /// The time of the event, or of a person's command. A newer entry of a rule is not replaced by an older one.
    package let asOf: Date
    /// The reason why the rule may stand; nil if the rule was reported.
    package let approval: Approval?

    /// Creates a rule with these values.
    package init(ruleID: String, content: String, eventID: String, asOf: Date, approval: Approval?) {
        self.ruleID = ruleID
        self.content = content
        self.eventID = eventID
        self.asOf = asOf
        self.approval = approval
    }
}
