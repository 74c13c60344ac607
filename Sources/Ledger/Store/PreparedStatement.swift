import GRDB
import GRDBSQLite

/// A compiled statement of the write path, which binds values without an array of boxed arguments.
///
/// Valid as long as the `StatementCache` that made it.
struct PreparedStatement {
    fileprivate let handle: OpaquePointer

    /// Runs a statement that answers no row.
    ///
    /// - Returns: How many rows it changed.
    @discardableResult
    func execute(_ bind: (inout Binder) -> Void) throws -> Int {
        try query(bind) { _ in }
        return Int(sqlite3_changes(sqlite3_db_handle(handle)))
    }

    /// Runs a statement and reads each row of its answer.
    func query(_ bind: (inout Binder) -> Void = { _ in }, each row: (Columns) throws -> Void) throws {
        var binder = Binder(handle: handle)
        bind(&binder)
        defer { sqlite3_reset(handle) }
        guard binder.code == SQLITE_OK else { throw failure(binder.code) }
        while true {
            let code = sqlite3_step(handle)
            if code == SQLITE_DONE { return }
            guard code == SQLITE_ROW else { throw failure(code) }
            try row(Columns(handle: handle))
        }
    }

    private func failure(_ code: CInt) -> DatabaseError {
        let connection = sqlite3_db_handle(handle)
        return DatabaseError(
            resultCode: ResultCode(rawValue: sqlite3_extended_errcode(connection)),
            message: sqlite3_errmsg(connection).map { String(cString: $0) } ?? "error \(code)"
        )
    }

    /// Binds values from the first parameter on. The first failure is kept and ends the statement.
    struct Binder {
        fileprivate let handle: OpaquePointer
        fileprivate(set) var code = SQLITE_OK
        private var index: CInt = 0

        fileprivate init(handle: OpaquePointer) {
            self.handle = handle
        }

        /// SQLite copies the bytes: `SQLITE_TRANSIENT`, which C defines by a cast.
        private static let copied = unsafeBitCast(-1, to: sqlite3_destructor_type.self)

        mutating func text(_ value: String?) {
            guard let value else { return null() }
            index += 1
            let done: CInt? = value.utf8.withContiguousStorageIfAvailable { bytes in
                bytes.withMemoryRebound(to: CChar.self) {
                    sqlite3_bind_text(handle, index, $0.baseAddress, CInt(bytes.count), Self.copied)
                }
            }
            note(done ?? sqlite3_bind_text(handle, index, value, -1, Self.copied))
        }

        mutating func text(_ value: [UInt8]) {
            index += 1
            let done = value.withUnsafeBytes { bytes in
                bytes.withMemoryRebound(to: CChar.self) {
                    sqlite3_bind_text(handle, index, $0.baseAddress, CInt(bytes.count), Self.copied)
                }
            }
            note(done)
        }

        mutating func integer(_ value: Int64?) {
            guard let value else { return null() }
            index += 1
            note(sqlite3_bind_int64(handle, index, value))
        }

        mutating func null() {
            index += 1
            note(sqlite3_bind_null(handle, index))
        }

        mutating func value(_ value: AuditValue) {
            switch value {
            case .null: null()
            case .integer(let number): integer(number)
            case .text(let words): text(words)
            case .boolean(let truth): integer(truth ? 1 : 0)
            }
        }

        private mutating func note(_ code: CInt) {
            if self.code == SQLITE_OK { self.code = code }
        }
    }

    /// The columns of one row, by position.
    struct Columns {
        fileprivate let handle: OpaquePointer

        func text(_ index: Int) -> String? {
            guard let bytes = sqlite3_column_text(handle, CInt(index)) else { return nil }
            let count = Int(sqlite3_column_bytes(handle, CInt(index)))
            return String(decoding: UnsafeBufferPointer(start: bytes, count: count), as: UTF8.self)
        }

        func integer(_ index: Int) -> Int64? {
            sqlite3_column_type(handle, CInt(index)) == SQLITE_NULL ? nil : sqlite3_column_int64(handle, CInt(index))
        }
    }
}

/// The compiled statements of one connection, each compiled at its first use.
///
/// Not to be used outside the connection's own queue.
final class StatementCache {
    private var statements: [Statement?] = Array(repeating: nil, count: LedgerSQL.allCases.count)

    /// The statement of this text, compiled.
    func statement(_ sql: LedgerSQL, in db: Database) throws -> PreparedStatement {
        if let known = statements[sql.rawValue] { return PreparedStatement(handle: known.sqliteStatement) }
        let made = try db.makeStatement(sql: sql.text)
        statements[sql.rawValue] = made
        return PreparedStatement(handle: made.sqliteStatement)
    }

    /// Ends all statements.
    func removeAll() {
        statements = Array(repeating: nil, count: LedgerSQL.allCases.count)
    }
}
