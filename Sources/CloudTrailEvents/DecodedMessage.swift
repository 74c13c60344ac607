package import SecurityGroups

/// What the body of a message turned out to be.
package enum DecodedMessage: Hashable, Sendable {
    /// A successful call that changed the rules of a group.
    case change(CloudTrailEvent, SecurityGroupChange)
    /// A record that is none of our business: `notARuleChange` or `callFailed`. The other reasons need a policy.
    case ignored(CloudTrailEvent, IgnoreReason)
    /// Nothing that can ever be read.
    case unreadable(UnreadableMessage)

    /// Reads the body of a queue's message: a CloudTrail record, bare or as EventBridge sends it, also through SNS.
    ///
    /// Every text has an answer, in time and memory linear in its length: whoever can send to the queue chooses the
    /// text.
    package init(body: String) {
        self.init { () throws(UnreadableMessage) in try MessageEnvelope(body: body) }
    }

    init(_ envelope: () throws(UnreadableMessage) -> MessageEnvelope) {
        do throws(UnreadableMessage) {
            self = try Self.decode(envelope())
        } catch {
            self = .unreadable(error)
        }
    }

    private static func decode(_ envelope: MessageEnvelope) throws(UnreadableMessage) -> Self {
        guard let event = CloudTrailEvent(envelope) else {
            throw UnreadableMessage(.noEventID, "no CloudTrail record with an eventID")
        }
        // What a record is about must be said. Without that, a record that is missing it would be dropped as harmless.
        for (name, value) in [("eventSource", event.eventSource), ("eventName", event.eventName)] where value.isEmpty {
            throw UnreadableMessage(.undecodable, "\(name): missing", event: event)
        }
        // A record of network activity tells of packets through an endpoint, and repeats the call's names.
        if let category = envelope.record["eventCategory"].text, category != "Management" {
            return .ignored(event, .notARuleChange)
        }
        // RDS, ElastiCache and Redshift have calls of nearly the same names.
        guard event.eventSource == "ec2.amazonaws.com", let call = RuleCall(rawValue: event.eventName) else {
            return .ignored(event, .notARuleChange)
        }
        let decoder = ChangeDecoder(record: envelope.record)
        // A refused call is recorded with its whole request: to act on it could take a rule that was there before.
        guard event.errorCode == nil, event.errorMessage == nil, !decoder.isRefused else {
            return .ignored(event, .callFailed)
        }
        do throws(UnreadableField) {
            return .change(event, try call.change(decoder))
        } catch {
            throw UnreadableMessage(.undecodable, error.detail, event: event)
        }
    }
}

/// The calls that change the rules of a group.
private enum RuleCall: String {
    case authorizeIngress = "AuthorizeSecurityGroupIngress"
    case authorizeEgress = "AuthorizeSecurityGroupEgress"
    case revokeIngress = "RevokeSecurityGroupIngress"
    case revokeEgress = "RevokeSecurityGroupEgress"
    case modifyRules = "ModifySecurityGroupRules"
    case createGroup = "CreateSecurityGroup"

    func change(_ decoder: ChangeDecoder) throws(UnreadableField) -> SecurityGroupChange {
        switch self {
        case .authorizeIngress: try decoder.added(.ingressAdded, .ingress)
        case .authorizeEgress: try decoder.added(.egressAdded, .egress)
        case .revokeIngress: decoder.removed(.ingressRemoved, .ingress)
        case .revokeEgress: decoder.removed(.egressRemoved, .egress)
        case .modifyRules: decoder.modified()
        case .createGroup: try decoder.created()
        }
    }
}
