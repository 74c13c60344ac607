import GRDB
import GRDBSQLite

/// A compiled statement of the write path, which binds values without an array of boxed arguments.
///
/// It keeps its `Statement`, because the connection forgets its statements when the schema changes.
@safe struct PreparedStatement {
    private let statement: Statement
    private let handle: OpaquePointer

    init(_ statement: Statement) {
        self.statement = statement
        unsafe handle = statement.sqliteStatement
    }

    /// Runs a statement that returns no row.
    ///
    /// - Returns: The number of rows that it changed.
    @discardableResult
    func execute(_ bind: (inout Binder) -> Void) throws -> Int {
        try query(bind) { _ in }
        return unsafe Int(sqlite3_changes(sqlite3_db_handle(handle)))
    }

    /// Runs a statement and reads each row of the result.
    func query(_ bind: (inout Binder) -> Void = { _ in }, each row: (Columns) throws -> Void) throws {
        // GRDB leaves a statement that it ran as it ended, and SQLite binds values only to one that was reset.
        unsafe sqlite3_reset(handle)
        var binder = unsafe Binder(handle: handle)
        bind(&binder)
        defer { unsafe sqlite3_reset(handle) }
        guard binder.code == SQLITE_OK else { throw failure(binder.code) }
        while true {
            let code = unsafe sqlite3_step(handle)
            if code == SQLITE_DONE { return }
            guard code == SQLITE_ROW else { throw failure(code) }
            try unsafe row(Columns(handle: handle))
        }
    }

    private func failure(_ code: CInt) -> DatabaseError {
        let connection = unsafe sqlite3_db_handle(handle)
        return unsafe DatabaseError(
            resultCode: ResultCode(rawValue: sqlite3_extended_errcode(connection)),
            message: sqlite3_errmsg(connection).map { unsafe String(cString: $0) } ?? "error \(code)"
        )
    }

    /// Binds values, beginning with the first parameter. The first error is kept and ends the statement.
    @safe struct Binder {
        fileprivate let handle: OpaquePointer
        fileprivate(set) var code = SQLITE_OK
        private var index: CInt = 0

        fileprivate init(handle: OpaquePointer) {
            unsafe self.handle = handle
        }

        /// SQLite copies the bytes: `SQLITE_TRANSIENT`, which C defines by a cast.
        private static let copied = unsafe unsafeBitCast(-1, to: sqlite3_destructor_type.self)

        mutating func text(_ value: String?) {
            guard let value else { return null() }
            index += 1
            let done: CInt? = unsafe value.utf8.withContiguousStorageIfAvailable { bytes in
                unsafe bytes.withMemoryRebound(to: CChar.self) {
                    unsafe sqlite3_bind_text(handle, index, $0.baseAddress, CInt(bytes.count), Self.copied)
                }
            }
            unsafe note(done ?? sqlite3_bind_text(handle, index, value, -1, Self.copied))
        }

        mutating func text(_ value: [UInt8]) {
            index += 1
            let done = unsafe value.withUnsafeBytes { bytes in
                unsafe bytes.withMemoryRebound(to: CChar.self) {
                    unsafe sqlite3_bind_text(handle, index, $0.baseAddress, CInt(bytes.count), Self.copied)
                }
            }
            note(done)
        }

        mutating func integer(_ value: Int64?) {
            guard let value else { return null() }
            index += 1
            unsafe note(sqlite3_bind_int64(handle, index, value))
        }

        mutating func null() {
            index += 1
            unsafe note(sqlite3_bind_null(handle, index))
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
    @safe struct Columns {
        fileprivate let handle: OpaquePointer

        func text(_ index: Int) -> String? {
            guard let bytes = unsafe sqlite3_column_text(handle, CInt(index)) else { return nil }
            let count = unsafe Int(sqlite3_column_bytes(handle, CInt(index)))
            return unsafe String(decoding: UnsafeBufferPointer(start: bytes, count: count), as: UTF8.self)
        }

        func integer(_ index: Int) -> Int64? {
            unsafe sqlite3_column_type(handle, CInt(index)) == SQLITE_NULL
                ? nil : sqlite3_column_int64(handle, CInt(index))
        }
    }
}

extension Database {
    /// Returns a statement of the write path. The connection compiles it when it is first used, and keeps it.
    func statement(_ sql: LedgerSQL) throws -> PreparedStatement {
        try PreparedStatement(cachedStatement(sql: sql.text))
    }
}
