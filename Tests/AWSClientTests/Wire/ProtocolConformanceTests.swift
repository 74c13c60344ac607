import Formats
import Foundation
import Testing

@testable import AWSClient

/// Smithy's protocol tests for what every query API has in common: how parameters become a form, and how answers are
/// read. The names of lists and maps come from models that this client does not have; here the suite's own serve.
///
/// Query protocols, Smithy's cases.
@Suite(.enabled(if: Conformance.isAvailable, "SG_REVERT_CONFORMANCE_DIR is unset")) struct ProtocolConformanceTests {
    /// Cases that are not run, and why; the key is a part of their names.
    private static let excluded = [
        "ContentEncoding": "no operation of ours compresses its body",
        "HttpProvidedEncoding": "no operation of ours compresses its body",
        "IdempotencyTokenAutoFill": "no operation of ours has a token that is filled in",
        "Timestamps": "no operation of ours sends a time, or gets one in another form than ISO 8601",
        "Float": "no operation of ours has a number that is no integer",
        "EmptyQueryLists": "no list of ours is sent when it is empty",
    ]

    private struct Case {
        let id: String
        let json: [String: Any]
        let suite: [String: Any]

        func shape(_ reference: [String: Any]?) -> [String: Any] {
            let shapes = suite["shapes"] as? [String: [String: Any]] ?? [:]
            let found = shapes[reference?["shape"] as? String ?? ""] ?? [:]
            return found.merging(reference ?? [:]) { $1 }
        }

        var given: [String: Any] { json["given"] as? [String: Any] ?? [:] }
    }

    private func cases(_ path: String, except: (Case) -> Bool = { _ in false }) throws -> [Case] {
        let text = try Conformance.text("protocols/\(path).json")
        let suites = try #require(JSONSerialization.jsonObject(with: Data(text.utf8)) as? [[String: Any]])
        return suites.flatMap { suite in
            (suite["cases"] as? [[String: Any]] ?? []).map { json in
                Case(id: json["id"] as? String ?? "", json: json, suite: suite)
            }
        }
        .filter { found in !except(found) && !Self.excluded.keys.contains { found.id.contains($0) } }
    }

    // MARK: Requests

    @Test(arguments: [("ec2", 19), ("query", 28)])
    func `writes parameters as a form`(suite: String, count: Int) throws {
        let cases = try cases("input/\(suite)")
        #expect(cases.count == count)
        for found in cases {
            let version = (found.suite["metadata"] as? [String: Any])?["apiVersion"] as? String
            var encoder = QueryEncoder(action: found.given["name"] as? String ?? "", version: version ?? "")
            let params = found.json["params"] ?? [:]
            write(
                params,
                found.shape(found.given["input"] as? [String: Any]),
                "",
                &encoder,
                found,
                isEC2: suite == "ec2"
            )
            let body = (found.json["serialized"] as? [String: Any])?["body"] as? String ?? ""
            let pairs = { (text: String) in text.split(separator: "&").sorted() }
            #expect(pairs(String(decoding: encoder.body, as: UTF8.self)) == pairs(body), "\(found.id)")
        }
    }

    private func write(
        _ value: Any,
        _ shape: [String: Any],
        _ prefix: String,
        _ encoder: inout QueryEncoder,
        _ found: Case,
        isEC2: Bool
    ) {
        let isFlat = isEC2 || shape["flattened"] as? Bool == true
        switch shape["type"] as? String {
        case "structure":
            for (name, value) in value as? [String: Any] ?? [:] {
                let member = (shape["members"] as? [String: [String: Any]])?[name] ?? [:]
                let written = member["queryName"] ?? member["locationName"] ?? name
                var text = "\(written)"
                if isEC2, member["queryName"] == nil { text = text.prefix(1).uppercased() + text.dropFirst() }
                write(
                    value,
                    found.shape(member),
                    prefix + (prefix.isEmpty ? "" : ".") + text,
                    &encoder,
                    found,
                    isEC2: isEC2
                )
            }
        case "list":
            let member = shape["member"] as? [String: Any]
            let name = isFlat ? "" : ".\(member?["locationName"] ?? "member")"
            for (index, value) in (value as? [Any] ?? []).enumerated() {
                write(value, found.shape(member), "\(prefix)\(name).\(index + 1)", &encoder, found, isEC2: isEC2)
            }
        case "map":
            let (key, item) = (shape["key"] as? [String: Any], shape["value"] as? [String: Any])
            let entries = (value as? [String: Any] ?? [:]).sorted { $0.key < $1.key }
            // The suite writes the entries of a map in the order of its own text.
            let ordered =
                found.id.contains("Map") ? entries.sorted { order($0.key, found) < order($1.key, found) } : entries
            for (index, (name, value)) in ordered.enumerated() {
                let entry = "\(prefix)\(isFlat ? "" : ".entry").\(index + 1)"
                encoder.add("\(entry).\(key?["locationName"] ?? "key")", name)
                write(
                    value,
                    found.shape(item),
                    "\(entry).\(item?["locationName"] ?? "value")",
                    &encoder,
                    found,
                    isEC2: isEC2
                )
            }
        case "boolean": encoder.add(prefix, value as? Bool == true ? "true" : "false")
        case "blob": encoder.add(prefix, Data("\(value)".utf8).base64EncodedString())
        case nil: break
        default: encoder.add(prefix, "\(value)")
        }
    }

    private func order(_ key: String, _ found: Case) -> Int {
        let body = (found.json["serialized"] as? [String: Any])?["body"] as? String ?? ""
        return body.range(of: "=\(key)").map { body.distance(from: body.startIndex, to: $0.lowerBound) } ?? .max
    }

    // MARK: Answers

    @Test(arguments: [("ec2", 17), ("query", 25)])
    func `reads answers`(suite: String, count: Int) throws {
        let cases = try cases("output/\(suite)") { $0.json["errorCode"] != nil }
        #expect(cases.count == count)
        for found in cases {
            let response = try #require(found.json["response"] as? [String: Any])
            let body = response["body"] as? String ?? ""
            let expected = found.json["result"] as? [String: Any] ?? [:]
            guard !body.isEmpty else {
                #expect(expected.isEmpty)
                continue
            }
            let root = try XMLTree.parse(Array(body.utf8))
            let output = found.given["output"] as? [String: Any]
            let wrapper = suite == "query" ? root.children.first { $0.name.hasSuffix("Result") } : root
            let read = read(wrapper ?? root, found.shape(output), found) as? NSDictionary
            #expect(read == expected as NSDictionary, "\(found.id)")
        }
    }

    private func read(_ tree: XMLTree, _ shape: [String: Any], _ found: Case, items: [XMLTree]? = nil) -> Any {
        let items = items ?? tree.children
        switch shape["type"] as? String {
        case "structure":
            var result: [String: Any] = [:]
            for (name, member) in shape["members"] as? [String: [String: Any]] ?? [:] {
                let target = found.shape(member)
                let isFlat = target["flattened"] as? Bool == true
                let written = member["locationName"] ?? name
                let elements = tree.children.filter { $0.name == "\(written)" }
                guard let first = elements.first else { continue }
                result[name] = read(first, target, found, items: isFlat ? elements : nil)
            }
            return result
        case "list":
            return items.map { read($0, found.shape(shape["member"] as? [String: Any]), found) }
        case "map":
            let (key, value) = (shape["key"] as? [String: Any], shape["value"] as? [String: Any])
            let pairs = items.compactMap { entry -> (String, Any)? in
                guard let name = entry.text("\(key?["locationName"] ?? "key")"),
                    let item = entry["\(value?["locationName"] ?? "value")"]
                else { return nil }
                return (name, read(item, found.shape(value), found))
            }
            return Dictionary(uniqueKeysWithValues: pairs)
        case "boolean": return tree.text == "true"
        case "integer", "long": return Int(tree.text) ?? tree.text
        case "float", "double": return Double(tree.text) ?? tree.text
        case "blob": return String(decoding: Data(base64Encoded: tree.text) ?? Data(), as: UTF8.self)
        case "timestamp": return RFC3339.parse(tree.text)?.timeIntervalSince1970 ?? tree.text
        default: return tree.text
        }
    }
}
