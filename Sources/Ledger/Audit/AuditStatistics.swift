import Formats
package import Foundation
package import SecurityGroups

/// The statistics of a span of events. Events are added one by one, so that a million of them need little memory.
package struct AuditStatistics: Sendable {
    /// A number of events, and the time for which they left something open.
    package struct Tally: Hashable, Sendable {
        /// Events.
        package var events = 0
        /// The sum of their `exposed_ms`.
        package var exposedMilliseconds: Int64 = 0
    }

    /// One of those with the most events, by name.
    package typealias Offender = (name: String, tally: Tally)

    /// All events.
    package private(set) var events = 0
    /// The number of events for each outcome; under nil, those without an outcome yet.
    package private(set) var outcomes: [EventOutcome?: Int] = [:]
    /// The number of events that broke the policy, for each of the 24 hours of the day (UTC).
    package private(set) var hours = [Int](repeating: 0, count: 24)
    /// The events for each whole hour since 1970.
    private var byHour: [Int: (events: Int, offences: Int)] = [:]
    private var exposures: [Int64] = []
    private var actors: [String: Tally] = [:]
    private var groups: [String: Tally] = [:]
    private var rules: [String: Tally] = [:]

    /// Creates empty statistics.
    package init() {}

    /// Adds an event and its rules.
    ///
    /// - Parameter words: A rule in words. Rules with the same words are counted together.
    package mutating func add(_ event: AuditEvent, _ eventRules: [AuditRule], words: (AuditRule) -> String) {
        events += 1
        outcomes[event.outcome, default: 0] += 1
        let hour = event[.eventTime].text.flatMap { RFC3339.parse($0) }.map {
            Int(($0.timeIntervalSince1970 / 3600).rounded(.down))
        }
        if let hour { byHour[hour, default: (0, 0)].events += 1 }
        let exposed = event[.exposedMilliseconds].integer
        if let exposed { exposures.append(exposed) }
        // An event that was never judged is no offence, such as a message that failed before its rules were known.
        guard event.isOffence, eventRules.contains(where: { $0[.decision] == .text("revert") }) else { return }
        if let hour {
            byHour[hour, default: (0, 0)].offences += 1
            hours[(hour % 24 + 24) % 24] += 1
        }
        let names: [(WritableKeyPath<Self, [String: Tally]>, [String])] = [
            (\.actors, [event[.issuerARN].text ?? event[.actorARN].text ?? "unknown"]),
            (\.groups, [event[.groupID].text ?? "unknown"]),
            (\.rules, Array(Set(eventRules.filter { $0[.decision] == .text("revert") }.map(words)))),
        ]
        for (table, found) in names {
            for name in found {
                self[keyPath: table][name, default: Tally()].events += 1
                self[keyPath: table][name, default: Tally()].exposedMilliseconds += exposed ?? 0
            }
        }
    }

    /// The number of events that have an exposure, because something was reverted.
    package var exposedEvents: Int { exposures.count }

    /// The exposure in milliseconds that this share of the events did not exceed (nearest rank). 0.5 is the median.
    package func exposures(at shares: [Double]) -> [Int64?] {
        let sorted = exposures.sorted()
        return shares.map { share in
            sorted.isEmpty
                ? nil : sorted[min(max(Int((share * Double(sorted.count)).rounded(.up)) - 1, 0), sorted.count - 1)]
        }
    }

    /// The bounds of `exposureHistogram`, in milliseconds.
    package static let exposureBounds: [Int64] = [
        1000, 2000, 5000, 10_000, 30_000, 60_000, 300_000, 900_000, 3_600_000, 86_400_000,
    ]

    /// The number of exposures under each bound and not under the one before. The last number counts those over every
    /// bound.
    package var exposureHistogram: [Int] {
        exposures.reduce(into: [Int](repeating: 0, count: Self.exposureBounds.count + 1)) { counts, exposed in
            counts[Self.exposureBounds.firstIndex { exposed < $0 } ?? Self.exposureBounds.count] += 1
        }
    }

    /// The callers who opened the most, by the role behind the session.
    package func worstActors(_ count: Int) -> [Offender] { Self.worst(actors, count) }
    /// The groups that were opened the most.
    package func worstGroups(_ count: Int) -> [Offender] { Self.worst(groups, count) }
    /// The rules that were added the most.
    package func worstRules(_ count: Int) -> [Offender] { Self.worst(rules, count) }

    private static func worst(_ table: [String: Tally], _ count: Int) -> [Offender] {
        let sorted = table.sorted {
            ($0.value.events, $0.value.exposedMilliseconds, $1.key)
                > ($1.value.events, $1.value.exposedMilliseconds, $0.key)
        }
        return sorted.prefix(count).map { ($0.key, $0.value) }
    }

    /// The events over time, in at most `count` equal spans of whole hours, or of whole days if there are many.
    package func timeline(_ count: Int) -> [(start: Date, events: Int, offences: Int)] {
        guard let first = byHour.keys.min(), let last = byHour.keys.max() else { return [] }
        var width = 1
        while (last / width - first / width) >= count { width = width < 24 ? width + 1 : width + 24 - width % 24 }
        let origin = first / width
        var spans = (origin...(last / width)).map {
            (start: Date(timeIntervalSince1970: Double($0 * width) * 3600), events: 0, offences: 0)
        }
        for (hour, counts) in byHour {
            spans[hour / width - origin].events += counts.events
            spans[hour / width - origin].offences += counts.offences
        }
        return spans
    }
}

extension AuditEvent {
    /// True if the event broke the policy, whatever its outcome is.
    package var isOffence: Bool {
        switch outcome {
        case .reverted, .reported, .suppressed, .notRestored, .failed, .unchanged: true
        case .allowed, .conflict, .ignored, .deadLettered, nil: false
        }
    }
}
