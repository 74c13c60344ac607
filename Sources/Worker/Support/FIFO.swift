/// A queue. Adding at the end and taking from the front take constant time, however long it is.
struct FIFO<Element> {
    private var elements: [Element?] = []
    private var head = 0

    /// How many elements are in the queue.
    var count: Int { elements.count - head }
    /// True when there is nothing to take.
    var isEmpty: Bool { count == 0 }
    /// The element that is taken next; nil if the queue is empty.
    var first: Element? { isEmpty ? nil : elements[head] }

    /// Adds an element at the end.
    mutating func append(_ element: Element) {
        elements.append(element)
    }

    /// Takes the element that has waited for longest.
    mutating func popFirst() -> Element? {
        guard !isEmpty else { return nil }
        defer { advance() }
        return elements[head]
    }

    /// Puts elements back before the first one.
    mutating func prepend(_ others: [Element]) {
        elements = others + elements[head...]
        head = 0
    }

    /// Takes out every element for which `condition` holds.
    mutating func removeAll(where condition: (Element) -> Bool) {
        elements = elements[head...].filter { $0.map { !condition($0) } ?? false }
        head = 0
    }

    private mutating func advance() {
        elements[head] = nil
        head += 1
        // The memory of taken elements is freed once it is more than half.
        guard head >= 32, head * 2 >= elements.count else { return }
        elements.removeFirst(head)
        head = 0
    }
}
