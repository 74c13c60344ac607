extension RevertMachine {
    /// The event, and the times that the run needs.
    package struct Event: Sendable {
        /// The change that the call made, according to its record.
        package var change: SecurityGroupChange
        /// The group that the call changed.
        package var groupID: SecurityGroupID
        /// True for a `CreateSecurityGroup` record. AWS adds the group's egress rules without a record of them.
        package var isNewGroup = false
        /// The age of the event at the start of the run.
        package var age: Duration
        /// The settle time: for so long after a change, EC2 may still show the earlier state.
        package var settle: Duration
        /// True for an event that sg-revert made itself. It says what stands, and not what a call did.
        package var isOwn = false

        /// Creates an event.
        package init(
            change: SecurityGroupChange,
            groupID: SecurityGroupID,
            isNewGroup: Bool = false,
            age: Duration,
            settle: Duration,
            isOwn: Bool = false
        ) {
            self.change = change
            self.groupID = groupID
            self.isNewGroup = isNewGroup
            self.age = age
            self.settle = settle
            self.isOwn = isOwn
        }

        /// True if the record says what a call added.
        var tellsAdded: Bool { !isOwn && change.kind != .ruleModified && !change.kind.isRemoval }
    }

    /// The knowledge of the ledger about earlier runs of the event.
    package struct History: Sendable {
        /// The rule ids that earlier runs tried to revert. Nil if no run came so far.
        package var matched: Set<SecurityGroupRuleID>?
        /// The rule ids that were recorded as intended together with the claim of this run.
        package var kept: Set<SecurityGroupRuleID> = []
        /// True if the run before this one died before it recorded an outcome.
        package var isTakeover = false
        /// The rules that earlier runs reverted: their ids and their contents.
        package var reverted: [(id: String?, rule: SecurityGroupRule?)] = []
        /// True if the record contradicts what the ledger knows of this event.
        package var isConflict = false
        /// False if the ledger has never seen any of the rules that the record names.
        package var mayKnowRules = true

        /// Creates the history of an event that runs for the first time.
        package init() {}
    }
}
