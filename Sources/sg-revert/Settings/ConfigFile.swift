import Formats
import Foundation
import PolicyFile
import Yams

/// The `--config` file: YAML whose keys are named like the flags.
struct ConfigFile {
    /// One value, or one item of a list, and its place in the file.
    struct Value {
        let text: String
        let origin: SettingOrigin
    }

    private let values: [String: [Value]]

    /// Every key that a file may hold.
    static let keys = Setting.all.map(\.name)

    /// Reads the file at `path`.
    ///
    /// - Throws: `badFile`, with line and column where the file has one.
    init(path: String) throws(SettingsError) {
        let text: String
        do {
            text = try String(contentsOfFile: path, encoding: .utf8)
        } catch {
            throw .badFile("\(path): cannot be read; check the path and its permissions")
        }
        try self.init(text: text, path: path)
    }

    init(text: String, path: String) throws(SettingsError) {
        let root: Node?
        do {
            root = try compose(yaml: text)
        } catch YamlError.duplicatedKeysInMapping(let names, let context) {
            let quoted = names.sorted().map { "\"\($0)\"" }.joined(separator: ", ")
            throw .badFile("\(path):\(context.mark.line):\(context.mark.column): \(quoted) is set twice")
        } catch let error as YamlError {
            throw .badFile("\(path)\(error.place): the file is not YAML")
        } catch {
            throw .badFile("\(path): the file is not YAML")
        }
        guard let root, root.null == nil else {
            values = [:]
            return
        }
        guard case .mapping(let mapping) = root else {
            throw .badFile("\(path):1:1: the file must be a mapping of settings, such as \"queue-url: https://…\"")
        }
        var values: [String: [Value]] = [:]
        for (key, value) in mapping {
            let name = key.scalar?.string ?? ""
            guard Self.keys.contains(name) else {
                let hint = nearest(to: name, among: Self.keys).map { "; did you mean \"\($0)\"?" } ?? ""
                throw .badFile("\(path)\(key.place): unknown key \"\(name)\"\(hint)")
            }
            let isList = Setting.all.contains { $0.name == name && $0.kind == .list }
            let items = isList ? value.sequence.map { Array($0) } ?? [value] : [value]
            values[name] = try Self.read(items, path: path, name: name)
        }
        self.values = values
    }

    private static func read(_ items: [Node], path: String, name: String) throws(SettingsError) -> [Value] {
        var values: [Value] = []
        for item in items {
            guard let scalar = item.scalar else {
                throw .badFile("\(path)\(item.place): \"\(name)\" must be a plain value")
            }
            let mark = item.mark
            values.append(
                Value(text: scalar.string, origin: .file(path, line: mark?.line ?? 1, column: mark?.column ?? 1))
            )
        }
        return values
    }

    /// The values of a setting in the file.
    func values(named name: String) -> [Value] {
        values[name] ?? []
    }
}

extension Node {
    fileprivate var place: String {
        mark.map { ":\($0.line):\($0.column)" } ?? ""
    }
}

extension YamlError {
    fileprivate var place: String {
        switch self {
        case .scanner(_, _, let mark, _), .parser(_, _, let mark, _), .composer(_, _, let mark, _):
            ":\(mark.line):\(mark.column)"
        default: ""
        }
    }
}
