package import SecurityGroups

/// The content of a message's body.
package enum DecodedMessage: Sendable {
    /// A successful call that changed the rules of a group.
    case change(CloudTrailEvent, SecurityGroupChange)
    /// A record that the worker ignores: `notARuleChange` or `callFailed`. The other reasons depend on a policy.
    case ignored(CloudTrailEvent, IgnoreReason)
    /// A body that can never be read.
    case unreadable(UnreadableMessage)

    /// Reads the body of a queue's message: a CloudTrail record, alone or as EventBridge sends it, also through SNS.
    ///
    /// Time and memory are linear in the length of the text, because whoever can send to the queue chooses the text.
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
        guard let event = envelope.event else {
            throw UnreadableMessage(.noEventID, "no CloudTrail record with an eventID")
        }
        // A record must say what it is about. Otherwise a change could be hidden by leaving the field out.
        for (name, value) in [("eventSource", event.eventSource), ("eventName", event.eventName)] where value.isEmpty {
            throw UnreadableMessage(.undecodable, "\(name): missing", event: event)
        }
        // A record of network activity is about packets through an endpoint, and repeats the names of calls.
        if let category = envelope.record["eventCategory"].text, category != "Management" {
            return .ignored(event, .notARuleChange)
        }
        // RDS, ElastiCache and Redshift have calls with similar names.
        guard event.eventSource == "ec2.amazonaws.com", let call = RuleCall(rawValue: event.eventName) else {
            return .ignored(event, .notARuleChange)
        }
        let decoder = ChangeDecoder(record: envelope.record)
        // A failed call is recorded with its whole request. Acting on it could revoke a rule that stood before.
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
