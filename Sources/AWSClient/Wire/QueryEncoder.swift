/// Parameters of the query protocols (EC2, SNS, STS), encoded as a form.
struct QueryEncoder {
    private(set) var pairs: [(name: String, value: String)] = []

    init(action: String, version: String) {
        add("Action", action)
        add("Version", version)
    }

    mutating func add(_ name: String, _ value: String?) {
        if let value { pairs.append((name, value)) }
    }

    /// `Name.1`, `Name.2`, …: EC2's lists. An empty list is not sent, since EC2 would call it malformed.
    mutating func add(_ name: String, list: [String]) {
        for (index, value) in list.enumerated() {
            add("\(name).\(index + 1)", value)
        }
    }

    /// `application/x-www-form-urlencoded`, with a blank as `%20`.
    var body: [UInt8] {
        let text = pairs.map { "\(URIEncoding.encode($0.name))=\(URIEncoding.encode($0.value))" }.joined(separator: "&")
        return Array(text.utf8)
    }
}
