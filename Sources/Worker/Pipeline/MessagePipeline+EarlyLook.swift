import SecurityGroups

extension MessagePipeline {
    /// The look with which the run of this event will begin; nil where it is not certain that the run will look at these
    /// rules.
    func earlyLook(for record: EventRecord) -> EarlyLook? {
        guard case .change(let change) = record.content, let gate = try? Gate(record.event, change) else { return nil }
        let (ids, policy, place) = (change.fewRuleIDs, policies.current, gate.place)
        guard !ids.isEmpty, ids.count == change.rules.count, change.unread == nil, !policy.makes(change.kind),
            territory.covers(place, policy: policy, own: identity.account),
            case .watched = policy.watch(gate.context(of: change, by: record.event)),
            revert.lanes?.board.isOut(Lane(.ec2, account: place.account, region: place.region)) != true
        else { return nil }
        return EarlyLook(ids, clock: clock) { [gateway = revert.gateway] in try await gateway.rules(ids, in: place) }
    }
}
