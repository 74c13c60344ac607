import AWSClient
import Foundation
import SecurityGroups
import TestSupport

/// A fault that a simulation is given on purpose, to prove that the checks find it.
package enum SimulatedFault: String, Sendable, CaseIterable {
    /// Each worker begins with an empty ledger, so that nothing is known from before.
    case forgetsLedger
    /// Messages are deleted as soon as they are received.
    case deletesEarly
    /// EC2 says that it revoked a rule, and the guard is shown that it is gone, but it stands.
    case fakesRevokes
    /// Now and then a rule is revoked that nobody complained of.
    case revokesApproved
    /// Now and then a rule is added that nobody ever approved.
    case opensAnything
    /// Notices are accepted and thrown away.
    case swallowsNotices
    /// Somebody changes the ledger's views.
    case editsLedger
    /// A look at a whole group shows no rule.
    case blindsSnapshots
    /// The ledger forgets which rules stood at first sight.
    case forgetsBaseline
    /// The ledger forgets when temporary exemptions end.
    case forgetsEnds
    /// Nobody tells the workers that the policy was narrowed.
    case keepsOldPolicy
}

extension SimulatedAWS {
    /// Does what `fault` says with a call.
    ///
    /// - Returns: the answer, where the true AWS is not to be asked.
    func spoil(_ request: HTTPRequest, by fault: SimulatedFault) -> HTTPResponse? {
        let call = SimulatedCall(request)
        let now = machine.elapsed
        return with { world in
            switch (fault, call.action) {
            case (.fakesRevokes, "RevokeSecurityGroupIngress"):
                let items = call.list("SecurityGroupRuleId").map {
                    "<item><securityGroupRuleId>\($0)</securityGroupRuleId></item>"
                }
                return .text(
                    "<R><requestId>fake</requestId><return>true</return>"
                        + "<revokedSecurityGroupRuleSet>\(items.joined())</revokedSecurityGroupRuleSet></R>"
                )
            case (.blindsSnapshots, "DescribeSecurityGroupRules") where call.form["Filter.1.Name"] == "group-id":
                return .text("<R><requestId>blind</requestId><securityGroupRuleSet/></R>")
            case (.swallowsNotices, "Publish"):
                return .text("<R><PublishResult><MessageId>n</MessageId></PublishResult></R>")
            case (.revokesApproved, "ReceiveMessage"):
                let approved = world.rules.standing.first {
                    $0.origin.maker == .baseline && !world.script.forgedRules.contains($0.rule.id)
                }
                if let approved, world.generator.chance(30) {
                    world.touched.append(Touch(rule: approved.rule, origin: approved.origin, at: now))
                }
                return nil
            case (.opensAnything, "ReceiveMessage"):
                guard let group = SecurityGroupID(SimulatedCallers.groups[0].id), world.generator.chance(30) else {
                    return nil
                }
                let rule = SecurityGroupRule(
                    direction: .ingress,
                    ipProtocol: .udp,
                    fromPort: 53,
                    toPort: 53,
                    peer: Peer("0.0.0.0/0")
                )
                let origin = SimulatedRules.Origin(maker: .guardian, eventID: nil, at: now)
                if let live = world.rules.add(rule, to: group, by: origin) {
                    world.opened.append(Opening(rule: live, at: now))
                }
                return nil
            default: return nil
            }
        }
    }

    /// Deletes what a receive has just handed out.
    func deleteReceived(_ request: HTTPRequest) {
        guard SimulatedCall(request).action == "ReceiveMessage" else { return }
        let now = machine.elapsed
        with { world in
            for entry in world.queue.entries where entry.visibleAt > now && entry.receives > 0 {
                world.queue.delete(entry.receiptHandle, now: now, using: &world.generator)
            }
        }
    }
}
