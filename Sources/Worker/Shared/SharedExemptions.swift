import AWSClient
import Foundation
package import Ledger
import SecurityGroups

/// The temporary exemptions of a fleet.
///
/// One item of the table holds all of them, so that one read is enough. Each exemption is an attribute whose name is its id. Each
/// write replaces the whole item, under the condition that its `version` is still the one that was read.
package struct SharedExemptions: Hashable, Sendable {
    /// The exemptions, the oldest first.
    package private(set) var exemptions: [TemporaryExemption] = []
    /// The names of attributes that no command wrote. They exempt nobody.
    package private(set) var odd: [String] = []
    private var item: DynamoDBItem = [:]

    static let key = SharedKey.exemptions

    /// The largest number of exemptions in the item. DynamoDB accepts items of up to 400 KB, and each event reads the whole item.
    package static let limit = 200

    /// Reads the item of the table; nil for a table without the item.
    init(_ item: DynamoDBItem?) {
        guard let item else { return }
        self.item = item
        for (name, value) in item.sorted(by: { $0.key < $1.key }) where !Self.own.contains(name) {
            if case .map(let members) = value, let exemption = TemporaryExemption(members, id: name) {
                exemptions.append(exemption)
            } else {
                odd.append(name)
            }
        }
        exemptions.sort { ($0.from, $0.id) < ($1.from, $1.id) }
    }

    private static let own: Set = ["pk", "version", "expires_at"]

    /// The write that adds an exemption; nil if there is no room.
    ///
    /// It removes exemptions that ended so long ago that no late event is judged by them. If there is still no room, it removes
    /// further ones that have ended, the longest ended first.
    func adding(_ exemption: TemporaryExemption, now: Date) -> DynamoDBWrite? {
        let horizon = now.addingTimeInterval(-LedgerDatabase.dedupeHorizon)
        var kept = exemptions.filter { $0.end > horizon }.sorted { $0.end > $1.end }
        while kept.count >= Self.limit, let last = kept.last, last.end <= now { kept.removeLast() }
        guard kept.count < Self.limit else { return nil }
        return write(kept + [exemption], now: now)
    }

    /// The write that ends an exemption now, and the exemption; nil if there is none with this id, or if it has ended.
    func ending(
        _ id: String,
        by person: String,
        now: Date
    ) -> (write: DynamoDBWrite, exemption: TemporaryExemption)? {
        guard let index = exemptions.firstIndex(where: { $0.id == id && $0.end > now }) else { return nil }
        var changed = exemptions
        changed[index].endedAt = now
        changed[index].endedBy = person
        return (write(changed, now: now), changed[index])
    }

    private func write(_ exemptions: [TemporaryExemption], now: Date) -> DynamoDBWrite {
        var new = Self.key
        for exemption in exemptions { new[exemption.id] = .map(exemption.members) }
        // An unreadable number counts from the start again: the condition asks for the value that is there.
        let version = item["version"]
        new["version"] = .integer(max(version?.integer ?? 0, 0) % Self.versions + 1)
        let end = exemptions.map(\.until).max() ?? now
        new["expires_at"] = SharedWrite.expiry(max(end, now))
        let condition =
            if let version {
                DynamoDBExpression("#v = :v", names: ["#v": "version"], values: [":v": version])
            } else if item.isEmpty {
                DynamoDBExpression("attribute_not_exists(#pk)", names: ["#pk": "pk"])
            } else {
                DynamoDBExpression("attribute_not_exists(#v)", names: ["#v": "version"])
            }
        return DynamoDBWrite(.put(new), condition: condition)
    }

    /// The number of writes after which `version` begins again at 1.
    private static let versions = 1 << 50
}

extension TemporaryExemption {
    /// The attribute's value in the table.
    fileprivate var members: DynamoDBItem {
        let last = Date(timeIntervalSince1970: Double(Self.lastMillisecond) / 1000)
        var members: DynamoDBItem = [
            "principal": .string(principal), "from": SharedWrite.milliseconds(from),
            "until": SharedWrite.milliseconds(min(until, last)), "then": .string(then.rawValue),
            "reason": .string(reason),
            "made_by": .string(madeBy),
        ]
        members["group_id"] = groupID.map(DynamoDBValue.string)
        members["remind_seconds"] = remind.map {
            .integer(min(Int($0.components.seconds), Self.lastMillisecond / 1000))
        }
        members["ended_at"] = endedAt.map(SharedWrite.milliseconds)
        members["ended_by"] = endedBy.map(DynamoDBValue.string)
        return members
    }

    /// Reads the attribute's value; nil if no command can have written it.
    fileprivate init?(_ members: DynamoDBItem, id: String) {
        func time(_ name: String) -> Date?? {
            guard let value = members[name] else { return .some(nil) }
            guard let number = value.integer, (0...Self.lastMillisecond).contains(number) else { return nil }
            return Date(timeIntervalSince1970: Double(number) / 1000)
        }
        guard id.wholeMatch(of: /ex-[0-9a-z]{1,16}/) != nil,
            let principal = members["principal"]?.string, Self.mayBePrincipal(principal),
            case .some(let from?) = time("from"), case .some(let until?) = time("until"), from < until,
            let then = members["then"]?.string.flatMap(Exemption.End.init), let reason = members["reason"]?.string,
            let madeBy = members["made_by"]?.string, case .some(let endedAt) = time("ended_at")
        else { return nil }
        let groupID = members["group_id"]?.string
        if members["group_id"] != nil, groupID.flatMap({ SecurityGroupID($0) }) == nil { return nil }
        let remind = members["remind_seconds"]?.integer
        if members["remind_seconds"] != nil, remind.map({ (0...Self.lastMillisecond / 1000).contains($0) }) != true {
            return nil
        }
        self.init(
            id: id,
            principal: principal,
            groupID: groupID,
            from: from,
            until: until,
            then: then,
            remind: remind.map { .seconds($0) },
            reason: String(reason.prefix(Self.longestReason)),
            madeBy: String(madeBy.prefix(200)),
            endedAt: endedAt,
            endedBy: (members["ended_by"]?.string).map { String($0.prefix(200)) }
        )
    }

    /// The end of the year 9999.
    private static let lastMillisecond = 253_402_300_799_999

    private static func mayBePrincipal(_ text: String) -> Bool {
        text.hasPrefix("arn:") && text.utf8.count <= 2048 && text.utf8.allSatisfy { (0x21...0x7E).contains($0) }
    }
}

/// The temporary exemptions of the fleet, and the time at which they were read.
struct SharedReading: Hashable, Sendable {
    let exemptions: [TemporaryExemption]
    /// The time at which the read began.
    let readAt: Date

    /// Writes them into the ledger. Events are judged by the ledger's exemptions.
    func learn(in transaction: LedgerTransaction) throws {
        try transaction.learn(exemptions, readAt: readAt)
    }
}
