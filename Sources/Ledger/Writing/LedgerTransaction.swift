import Formats
import Foundation
import GRDB
import Hashing
import SecurityGroups

/// One transaction on the ledger: either all that it writes is kept, or nothing. It must not be used after the closure
/// that got it.
package struct LedgerTransaction {
    let db: Database
    let path: String
    let worker: String
    let lease: Duration
    /// The time at which the transaction began to write. All that it writes has this time.
    let now: Date
    /// `now` as the ledger writes it.
    let nowText: String
    let chain = TrailChain()

    init(db: Database, path: String, worker: String, lease: Duration, now: Date) {
        self.db = db
        self.path = path
        self.worker = worker
        self.lease = lease
        self.now = now
        nowText = RFC3339.format(now)
    }

    /// True if a worker of this ledger made the call with EC2's request id `requestID`. CloudTrail's record of it is
    /// then the worker's own change.
    package func isOwnCall(requestID: String) throws -> Bool {
        var isOwn = false
        try statement(.ownCall).query {
            $0.text(requestID.bounded)
        } each: { _ in
            isOwn = true
        }
        return isOwn
    }

    /// Adds an entry to the trail that has no other place, such as a dead letter without an event id.
    package func note(kind: TrailKind = .note, eventID: String? = nil, entry: [String: AuditValue]) throws {
        try append(kind, eventID: eventID?.bounded) { json in
            for (name, value) in entry.sorted(by: { $0.key < $1.key }) {
                json.member(name, kind.isShortLived ? value.shortened : value)
            }
        }
    }

    /// The number of the next entry of the trail.
    func nextSeq() throws -> Int64 {
        try head().seq + 1
    }

    /// Adds an entry to the trail. Every change adds its entry in the transaction that makes it. The transaction has
    /// the write lock, so that the writers of all processes extend one chain.
    ///
    /// - Parameters:
    ///   - before: The number of the event's previous entry.
    ///   - write: Writes the members of the entry, in the order of their names.
    @discardableResult
    func append(
        _ kind: TrailKind,
        eventID: String?,
        before: Int64? = nil,
        _ write: (inout JSONWriter) -> Void
    ) throws -> Int64 {
        let head = try head()
        let seq = head.seq + 1
        var json = JSONWriter(capacity: 1024)
        json.object(write)
        let entryHash = Digest.hex(Digest.sha256(json.bytes))
        let hash = TrailEntry.hash(
            after: head.hash,
            seq: seq,
            at: nowText,
            eventID: eventID,
            worker: worker,
            kind: kind.rawValue,
            before: before,
            entryHash: entryHash
        )
        try statement(.append).execute {
            $0.integer(seq)
            $0.text(nowText)
            $0.text(eventID)
            $0.text(worker)
            $0.text(kind.rawValue)
            $0.integer(before)
            $0.text(json.bytes)
            $0.text(entryHash)
            $0.text(hash)
        }
        chain.head = (seq, hash)
        return seq
    }

    /// The last entry of the trail, read once in each transaction.
    private func head() throws -> (seq: Int64, hash: String) {
        if let head = chain.head { return head }
        var head: (seq: Int64, hash: String) = (0, TrailEntry.genesis)
        try statement(.head).query { head = ($0.integer(0) ?? 0, $0.text(1) ?? "") }
        chain.head = head
        return head
    }

    /// The time after this duration from now, as the ledger writes it.
    func text(after duration: Duration) -> String {
        RFC3339.format(now.addingTimeInterval(duration / .seconds(1)))
    }

    func statement(_ sql: LedgerSQL) throws -> PreparedStatement {
        try db.statement(sql)
    }

    /// Runs a statement, which is compiled once. Values are bound.
    func run(_ sql: String, _ arguments: StatementArguments) throws {
        try db.cachedStatement(sql: sql).execute(arguments: arguments)
    }

    /// The first row of a statement's result.
    func row(_ sql: String, _ arguments: StatementArguments) throws -> Row? {
        try Row.fetchOne(db.cachedStatement(sql: sql), arguments: arguments)
    }

    /// Reads a value of a closed set. Anybody may have edited the file.
    func parse<T: RawRepresentable<String>>(_ text: String) throws -> T {
        guard let value = T(rawValue: text) else {
            throw LedgerError.damaged(path: path, detail: "\(T.self) has no value '\(text)'")
        }
        return value
    }
}

/// The end of the trail during one transaction.
final class TrailChain {
    /// The last entry of the trail; nil until the transaction asks for it.
    var head: (seq: Int64, hash: String)?
}

extension AuditValue {
    /// The value for a short row: text is cut at 200 bytes.
    var shortened: AuditValue {
        if case .text(let text) = self { .text(text.bounded(to: 200)) } else { self }
    }
}
