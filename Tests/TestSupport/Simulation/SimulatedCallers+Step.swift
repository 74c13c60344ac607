import Foundation
import SecurityGroups
import TestSupport

extension SimulatedCallers {
    /// One step of somebody.
    struct Step {
        let now: Duration
        let isLossy: Bool
        let makers: [String]
        /// What was done, for the trace.
        private(set) var text = "nobody acts"

        init(now: Duration, isLossy: Bool, makers: [String]) {
            self.now = now
            self.isLossy = isLossy
            self.makers = makers
        }

        /// A true call, and its record.
        mutating func take(_ world: inout SimulatedAWS.World) {
            let maker = world.generator.pick(makers)
            switch Int.random(in: 0..<100, using: &world.generator) {
            case 0..<50: add(by: maker, &world)
            case 50..<72: modify(by: maker, &world)
            case 72..<88: remove(by: maker, &world)
            case 88..<94: addTwice(&world)
            default:
                add(by: maker, &world)
                modify(by: maker, &world)
            }
        }

        mutating func content(
            _ world: inout SimulatedAWS.World,
            _ direction: Direction? = nil
        ) -> SecurityGroupRule {
            let port = world.generator.pick([22, 443, 443, 8443, 5432])
            let source = world.generator.pick([
                "0.0.0.0/0", "10.0.0.0/8", "10.0.0.0/8", "10.20.0.0/16", "203.0.114.7/32",
            ])
            let isEgress = world.generator.chance(20)
            return SecurityGroupRule(
                direction: direction ?? (isEgress ? .egress : .ingress),
                ipProtocol: .tcp,
                fromPort: port,
                toPort: port,
                peer: Peer(source)
            )
        }

        func record(
            by issuerARN: String,
            in group: SecurityGroupID,
            prefix: String = "event",
            _ world: inout SimulatedAWS.World
        ) -> SimulatedRecord {
            defer { world.script.nextEvent += 1 }
            return SimulatedRecord(
                eventID: "\(prefix)-\(world.script.nextEvent)",
                requestID: "caller-\(world.script.nextEvent)",
                time: SimulatedMachine.start.addingTimeInterval(now.inSeconds.rounded(.down)),
                region: SimulatedCallers.region(of: group),
                issuerARN: issuerARN
            )
        }

        private func origin(_ maker: String, _ record: SimulatedRecord) -> SimulatedRules.Origin {
            SimulatedRules.Origin(maker: .caller(maker), eventID: record.eventID, at: now)
        }

        private mutating func add(by maker: String, _ world: inout SimulatedAWS.World) {
            let rule = content(&world)
            guard let group = SecurityGroupID(world.generator.pick(SimulatedCallers.groups).id) else { return }
            let record = record(by: maker, in: group, &world)
            guard let live = world.rules.add(rule, to: group, by: origin(maker, record)) else { return }
            // A record of the years before rule ids names none.
            let body = world.generator.chance(15) ? record.authorizeWithoutID(live) : record.authorize(live)
            deliver(record, body, live, &world)
        }

        /// Adds a rule that somebody added before, and that is gone.
        private mutating func addTwice(_ world: inout SimulatedAWS.World) {
            guard !world.script.bodies.isEmpty else { return }
            let old = world.generator.pick(world.script.bodies).live
            let record = record(by: SimulatedCallers.mallory, in: old.groupID, &world)
            let origin = origin(SimulatedCallers.mallory, record)
            guard let live = world.rules.add(old.rule, to: old.groupID, by: origin) else { return }
            deliver(record, record.authorize(live), live, &world)
        }

        private mutating func modify(by maker: String, _ world: inout SimulatedAWS.World) {
            guard let old = standing(&world) else { return }
            let rule = content(&world, old.rule.direction)
            let record = record(by: maker, in: old.groupID, &world)
            guard let live = world.rules.modify(old.id, to: rule, by: origin(maker, record)) else { return }
            deliver(record, record.modify(live), live, &world)
        }

        private mutating func remove(by maker: String, _ world: inout SimulatedAWS.World) {
            guard let old = standing(&world) else { return }
            let record = record(by: maker, in: old.groupID, &world)
            guard world.rules.remove(old.id, by: origin(maker, record)) else { return }
            deliver(record, record.revoke(old), old, &world)
        }

        func standing(_ world: inout SimulatedAWS.World) -> LiveRule? {
            let rules = world.rules.standing
            return rules.isEmpty ? nil : world.generator.pick(rules).rule
        }

        /// Delivers a true record: mostly soon, now and then late, twice or never.
        private mutating func deliver(
            _ record: SimulatedRecord,
            _ body: String,
            _ live: LiveRule,
            _ world: inout SimulatedAWS.World
        ) {
            let name = record.issuerARN.split(separator: "/").last ?? ""
            text = "\(name) \(record.eventID) \(live.id) in \(live.groupID) \(live.rule)"
            if isLossy, world.generator.chance(5) {
                world.script.lost.insert(record.eventID)
                text += " lost"
                return
            }
            world.script.delivered.insert(record.eventID)
            world.script.bodies.append((record.eventID, record, live))
            for copy in 0..<(world.generator.chance(6) ? 2 : 1) {
                let delay =
                    world.generator.chance(8)
                    ? world.generator.duration(20_000...240_000) : world.generator.duration(300...9_000)
                world.queue.send(
                    body,
                    messageID: "\(record.eventID)-m\(copy)",
                    eventID: record.eventID,
                    visibleAt: now + delay
                )
                text += " visible at \((now + delay).inSeconds)"
            }
        }
    }
}

extension SimulatedCallers.Step {
    /// Puts a lie on the queue.
    mutating func forge(_ world: inout SimulatedAWS.World) {
        world.script.forged += 1
        if world.generator.chance(15) {
            let body = world.generator.pick(["", "not json", "{}", #"{"detail":{"eventID":"forged-shape"}}"#])
            world.queue.send(body, messageID: "junk-\(world.script.forged)", eventID: nil, visibleAt: now)
            return
        }
        let maker = world.generator.pick([SimulatedCallers.mallory, SimulatedCallers.terraform])
        let known = standing(&world)
        guard let group = known?.groupID ?? SecurityGroupID(world.generator.pick(SimulatedCallers.groups).id),
            let made = SecurityGroupRuleID("sgr-0fffffffffffffff1")
        else { return }
        let rule = content(&world, known?.rule.direction)
        let id = world.generator.chance(30) ? made : known?.id ?? made
        let lie = LiveRule(id: id, groupID: group, rule: rule, ruleDescription: nil)
        var record = record(by: maker, in: group, prefix: "forged", &world)
        if world.generator.chance(25), let last = world.script.bodies.last {
            // The id of an event that truly happened, with other content.
            world.script.forgedEvents.insert(last.eventID)
            record = SimulatedRecord(
                eventID: last.eventID,
                requestID: record.requestID,
                time: record.time,
                region: record.region,
                issuerARN: maker
            )
        }
        world.script.forgedRules.insert(lie.id)
        if let known { world.script.forgedRules.insert(known.id) }
        world.script.forgedContents.insert(rule)
        if let known { world.script.forgedContents.insert(known.rule) }
        let body =
            switch Int.random(in: 0..<4, using: &world.generator) {
            case 0: record.authorize(lie)
            case 1: record.modify(lie)
            case 2: record.revoke(lie)
            default: record.authorize(known ?? lie)
            }
        tell("forger \(record.eventID) \(lie.id) in \(group) \(rule) as \(maker)")
        world.queue.send(
            body,
            messageID: "forged-\(world.script.forged)",
            eventID: record.eventID,
            visibleAt: now
        )
    }

    private mutating func tell(_ text: String) { self.text = text }
}
