import Formats
import Foundation
import SecurityGroups

/// A column that a record fills: its name in the tables and in the trail, and its value.
///
/// The lists below are the only description of a row. The statements that write it, its entry in the trail, and its
/// replay from the trail are made from them.
struct StoredColumn<Record>: Sendable {
    let name: String
    let value: @Sendable (Record) -> AuditValue

    init(event name: EventColumn, _ value: @escaping @Sendable (Record) -> AuditValue) {
        self.init(name.rawValue, value)
    }

    init(rule name: RuleColumn, _ value: @escaping @Sendable (Record) -> AuditValue) {
        self.init(name.rawValue, value)
    }

    /// Creates a column that no view shows.
    init(_ name: String, _ value: @escaping @Sendable (Record) -> AuditValue) {
        self.name = name
        self.value = value
    }
}

extension EventFacts {
    /// The columns that a claim records of an event, sorted by name.
    static let columns: [StoredColumn<EventFacts>] = [
        StoredColumn(event: .account) { AuditValue($0.account) },
        StoredColumn(event: .actorARN) { AuditValue($0.actorARN) },
        StoredColumn(event: .actorID) { AuditValue($0.actorID) },
        StoredColumn(event: .actorType) { AuditValue($0.actorType) },
        StoredColumn("digest") { .text($0.digest) },
        StoredColumn(event: .eventName) { .text($0.eventName) },
        StoredColumn(event: .eventTime) { AuditValue($0.eventTime.map(RFC3339.format)) },
        StoredColumn(event: .groupID) { AuditValue($0.groupID) },
        StoredColumn(event: .invokedBy) { AuditValue($0.invokedBy) },
        StoredColumn(event: .issuerARN) { AuditValue($0.issuerARN) },
        StoredColumn(event: .region) { AuditValue($0.region) },
        StoredColumn("request_id") { AuditValue($0.requestID) },
        StoredColumn(event: .sourceIP) { AuditValue($0.sourceIP) },
        StoredColumn(event: .userAgent) { AuditValue($0.userAgent) },
    ]
}

/// A run's result and the time at which it was recorded.
struct RecordedResult {
    let result: RunResult
    let at: String
}

extension RecordedResult {
    /// The columns that the end of a run records of an event, sorted by name.
    static let columns: [StoredColumn<RecordedResult>] = [
        StoredColumn(event: .awsRequestID) { AuditValue($0.result.awsRequestID) },
        StoredColumn(event: .dryRun) { .boolean($0.result.isDryRun) },
        StoredColumn(event: .errorCode) { AuditValue($0.result.errorCode) },
        StoredColumn(event: .errorMessage) { AuditValue($0.result.errorMessage) },
        StoredColumn(event: .exposedMilliseconds) { $0.result.exposedMilliseconds.map(AuditValue.integer) ?? .null },
        StoredColumn(event: .finishedAt) { $0.result.outcome.isFinal ? .text($0.at) : .null },
        StoredColumn(event: .outcome) { .text($0.result.outcome.rawValue) },
        StoredColumn(event: .policyDigest) { AuditValue($0.result.policyDigest) },
        StoredColumn(event: .reason) { AuditValue($0.result.reason) },
    ]
}

extension RuleResult {
    /// The columns that the end of a run records of a rule, sorted by name.
    static let columns: [StoredColumn<RuleResult>] = [
        StoredColumn(rule: .decision) { AuditValue($0.decision?.rawValue) },
        StoredColumn(rule: .description) { AuditValue($0.description) },
        StoredColumn(rule: .direction) { .text($0.direction.rawValue) },
        StoredColumn(rule: .fromPort) { AuditValue($0.fromPort) },
        StoredColumn(rule: .groupID) { AuditValue($0.groupID) },
        StoredColumn("named") { .boolean($0.isNamed) },
        StoredColumn(rule: .outcome) { .text($0.outcome.rawValue) },
        StoredColumn(rule: .ipProtocol) { .text($0.ipProtocol) },
        StoredColumn(rule: .reason) { AuditValue($0.reason) },
        StoredColumn(rule: .ruleID) { AuditValue($0.ruleID) },
        StoredColumn(rule: .source) { .text($0.source) },
        StoredColumn(rule: .toPort) { AuditValue($0.toPort) },
        StoredColumn(rule: .undo) { AuditValue($0.undo) },
    ]
}

extension APICall {
    /// The columns that the trail keeps of a call besides its request ids, sorted by name.
    static let columns: [StoredColumn<APICall>] = [
        StoredColumn("action") { .text($0.action) },
        StoredColumn("error") { AuditValue($0.error) },
        StoredColumn("ms") { .integer($0.milliseconds) },
        StoredColumn("started_at") { .text(RFC3339.format($0.startedAt)) },
    ]
}

extension AuditValue {
    /// A text; null for nil.
    init(_ text: String?) {
        self = text.map(AuditValue.text) ?? .null
    }

    /// A number; null for nil.
    init(_ number: Int?) {
        self = number.map { .integer(Int64($0)) } ?? .null
    }
}
