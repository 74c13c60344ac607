/// The members of a JSON object, in the order of the text.
///
/// A record has few members, so looking through all of them is faster than a hash table. Names are compared by their
/// bytes, because a `String` takes "K" and the Kelvin sign as equal.
struct JSONMembers: Hashable, Sendable {
    private(set) var all: [Member] = []

    struct Member: Hashable, Sendable {
        let name: String
        let value: JSONValue
    }

    var isEmpty: Bool { all.isEmpty }

    mutating func append(_ name: String, _ value: JSONValue) {
        all.append(Member(name: name, value: value))
    }

    /// The value of this name. If a name occurs more than once, the last value is used.
    subscript(name: String) -> JSONValue? {
        all.last { $0.name == name }?.value
    }

    /// The members in the order of their names' bytes, each name once.
    var sorted: [Member] {
        let order = all.indices.sorted { first, second in
            let (one, other) = (all[first].name.utf8, all[second].name.utf8)
            if one.lexicographicallyPrecedes(other) { return true }
            return first < second && one.elementsEqual(other)
        }
        var sorted: [Member] = []
        sorted.reserveCapacity(order.count)
        for index in order {
            if let last = sorted.last, last.name.utf8.elementsEqual(all[index].name.utf8) { sorted.removeLast() }
            sorted.append(all[index])
        }
        return sorted
    }
}

extension JSONMembers: ExpressibleByDictionaryLiteral {
    init(dictionaryLiteral elements: (String, JSONValue)...) {
        for (name, value) in elements { append(name, value) }
    }
}
