import Foundation
import SecurityGroups
import TestSupport

/// The people, programs and forgers of a simulated account: each step changes EC2 and puts CloudTrail's record on the queue, or
/// puts a lie there.
package struct SimulatedCallers: Sendable {
    /// Who is exempt.
    package static let terraform = "arn:aws:iam::111122223333:role/terraform"
    /// Who is not.
    package static let mallory = "arn:aws:iam::111122223333:role/developer"
    /// Who is exempt for a while.
    package static let oncall = "arn:aws:iam::111122223333:role/oncall"
    /// The groups that the policy watches.
    package static let groups = [
        (id: "sg-0a1b2c3d4e5f60718", region: "eu-west-1"), (id: "sg-0a1b2c3d4e5f60719", region: "eu-west-1"),
        (id: "sg-0a1b2c3d4e5f6071a", region: "us-east-1"),
    ]

    /// The Region of a group.
    static func region(of group: SecurityGroupID) -> String {
        groups.first { $0.id == group.description }?.region ?? "eu-west-1"
    }

    private let aws: SimulatedAWS
    private let isLossy: Bool
    private let hasForgers: Bool
    private let waitsForSnapshot: Bool
    /// Who makes changes, some more often than others.
    private let makers: [String]

    init(_ aws: SimulatedAWS, _ plan: SimulatedPlan) {
        self.aws = aws
        isLossy = plan.isLossy
        hasForgers = plan.hasForgers
        waitsForSnapshot = plan.waitsForSnapshot
        makers = [Self.mallory, Self.mallory, Self.terraform] + (plan.loans > 0 ? [Self.oncall, Self.oncall] : [])
    }

    /// Makes the rules that stand before the guard comes.
    package func prepare() {
        aws.with { world in
            var step = Step(now: .zero, isLossy: isLossy, makers: makers)
            for group in Self.groups.compactMap({ SecurityGroupID($0.id) }) {
                for _ in 0..<Int.random(in: 0...2, using: &world.generator) {
                    let origin = SimulatedRules.Origin(maker: .baseline, eventID: nil, at: .seconds(-3600))
                    _ = world.rules.add(step.content(&world), to: group, by: origin)
                }
            }
        }
    }

    /// Lets the callers act for `duration`, about every few seconds.
    package func act(for duration: Duration) async {
        while waitsForSnapshot, aws.machine.elapsed < duration / 2,
            aws.with({ $0.script.firstSeen.count }) < Self.groups.count
        {
            guard (try? await aws.machine.sleep(.seconds(1))) != nil else { break }
        }
        while aws.machine.elapsed < duration {
            let pause = aws.with { $0.generator.chance(20) ? .milliseconds(50) : $0.generator.duration(200...9_000) }
            guard (try? await aws.machine.sleep(pause)) != nil else { break }
            let now = aws.machine.elapsed
            // The calm may have come already, and nobody waits for what is made in it.
            guard now < duration else { break }
            let text = aws.with { world in
                var step = Step(now: now, isLossy: isLossy, makers: makers)
                if hasForgers, world.generator.chance(15) { step.forge(&world) } else { step.take(&world) }
                return step.text
            }
            aws.note(text)
        }
    }
}
