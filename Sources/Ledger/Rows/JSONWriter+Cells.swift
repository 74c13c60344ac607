import Formats

/// Cells of rows, as JSON.
extension JSONWriter {
    mutating func object(_ name: String, _ body: (inout JSONWriter) -> Void) {
        self.name(name)
        object(body)
    }

    mutating func array(_ name: String, _ body: (inout JSONWriter) -> Void) {
        self.name(name)
        array(body)
    }

    mutating func array(_ name: String, of texts: [String]) {
        self.name(name)
        array(texts)
    }

    mutating func member(_ name: String, _ value: AuditValue) {
        self.name(name)
        self.value(value)
    }

    /// Writes a member whose value is JSON text already.
    mutating func member(_ name: String, json text: String) {
        self.name(name)
        json(text.utf8)
    }

    /// Writes a member for each column that is not null.
    mutating func members<Record>(_ columns: [StoredColumn<Record>], of record: Record) {
        for column in columns {
            let value = column.value(record)
            if value != .null { member(column.name, value) }
        }
    }

    mutating func value(_ value: AuditValue) {
        switch value {
        case .null: null()
        case .boolean(let value): boolean(value)
        case .integer(let number): integer(number)
        case .text(let text): string(text)
        }
    }
}

extension [String] {
    /// The texts as a JSON array.
    var jsonText: String {
        var json = JSONWriter(capacity: 64)
        json.array(self)
        return json.text
    }
}
