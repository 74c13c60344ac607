/// The parameters of the query protocols (EC2, SNS, STS), encoded as a form.
struct QueryEncoder {
    private(set) var pairs: [(name: String, value: String)] = []

    init(action: String, version: String) {
        add("Action", action)
        add("Version", version)
    }

    mutating func add(_ name: String, _ value: String?) {
        if let value { pairs.append((name, value)) }
    }

    /// Adds `Name.1`, `Name.2`, …: a list of EC2. An empty list is not sent, because EC2 would refuse it.
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
