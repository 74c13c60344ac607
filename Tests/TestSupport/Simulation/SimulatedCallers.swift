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

    /// - Parameters:
    ///   - isLossy: whether some records never arrive.
    ///   - hasForgers: whether somebody puts messages of his own on the queue.
    package init(_ aws: SimulatedAWS, isLossy: Bool, hasForgers: Bool) {
        self.aws = aws
        self.isLossy = isLossy
        self.hasForgers = hasForgers
    }

    /// Makes the rules that stand before the guard comes.
    package func prepare() {
        aws.with { world in
            var step = Step(now: .zero, isLossy: isLossy)
            for group in Self.groups.compactMap({ SecurityGroupID($0.id) }) {
                for _ in 0..<Int.random(in: 0...2, using: &world.generator) {
                    let origin = SimulatedRules.Origin(maker: .baseline, eventID: nil, at: .zero)
                    _ = world.rules.add(step.content(&world), to: group, by: origin)
                }
            }
        }
    }

    /// Lets the callers act for `duration`, about every few seconds.
    package func act(for duration: Duration) async {
        while aws.machine.elapsed < duration {
            let pause = aws.with { $0.generator.chance(20) ? .milliseconds(50) : $0.generator.duration(200...9_000) }
            guard (try? await aws.machine.sleep(pause)) != nil else { break }
            let now = aws.machine.elapsed
            let text = aws.with { world in
                var step = Step(now: now, isLossy: isLossy)
                if hasForgers, world.generator.chance(15) { step.forge(&world) } else { step.take(&world) }
                return step.text
            }
            aws.note(text)
        }
    }
}
