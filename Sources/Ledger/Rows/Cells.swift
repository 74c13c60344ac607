import GRDB

/// One row whose columns are the cases of an enumeration.
package struct Cells<Column>: Hashable, Sendable
where Column: RawRepresentable<String> & CaseIterable & Sendable & Hashable, Column.AllCases == [Column] {
    /// The names of the columns, in the order of `values`.
    package static var columns: [String] { Column.allCases.map(\.rawValue) }
    /// The values, in the order of the columns.
    package let values: [AuditValue]

    init(_ value: (Column) -> AuditValue) {
        values = Column.allCases.map(value)
    }

    /// The cell of a column.
    package subscript(_ column: Column) -> AuditValue {
        Column.allCases.firstIndex(of: column).map { values[$0] } ?? .null
    }
}

extension Cells {
    /// Reads the columns of a row by their names.
    init(_ row: Row) {
        self.init { AuditValue(row[$0.rawValue] as DatabaseValue) }
    }
}
