import Foundation
import PolicyFile
import Testing

/// The shipped example, broken in every line: whatever a person mistypes, the answer names a place.
@Suite struct MutationTests {
    private static let lines: [String] = {
        let file = repository.appending(path: "infra/policy.example.yaml")
        return ((try? String(contentsOf: file, encoding: .utf8)) ?? "").components(separatedBy: "\n")
    }()

    /// The line without its comment; empty for a line that says nothing.
    private static func content(_ line: String) -> String {
        let text = line.components(separatedBy: " #").first ?? line
        return text.hasPrefix("#") ? "" : text
    }

    /// Reads a text, and checks whatever is wrong with it.
    ///
    /// - Returns: The errors; empty for a policy that can be used.
    private func problems(_ lines: [String]) -> [PolicyProblem] {
        do throws(InvalidPolicy) {
            _ = try PolicyDocument(text: lines.joined(separator: "\n"), path: "policy.yaml")
            return []
        } catch {
            for problem in error.problems {
                #expect((1...lines.count + 1).contains(problem.line) && problem.column >= 1, "\(problem)")
                #expect(!problem.message.isEmpty && !problem.message.contains("\n"), "\(problem)")
                #expect("\(problem)".hasPrefix("policy.yaml:\(problem.line):\(problem.column): "))
            }
            let places = error.problems.map { ($0.line, $0.column) }
            #expect(zip(places, places.dropFirst()).allSatisfy { $0 <= $1 }, "in the order of the file")
            return error.problems
        }
    }

    private static let told = lines.indices.filter { !content(lines[$0]).trimmingCharacters(in: .whitespaces).isEmpty }

    @Test func `the example is long enough to be worth it`() {
        #expect(Self.told.count > 30)
        #expect(problems(Self.lines).isEmpty)
    }

    @Test(arguments: told)
    func `a line that is left out, or stands twice, is read or refused with its place`(index: Int) {
        var lines = Self.lines
        lines.remove(at: index)
        _ = problems(lines)
        lines = Self.lines
        lines.insert(lines[index], at: index)
        _ = problems(lines)
    }

    @Test(arguments: told)
    func `a key that is mistyped is refused in its line`(index: Int) throws {
        let line = Self.content(Self.lines[index])
        guard let match = line.firstMatch(of: /^[ -]*([a-z_]{4,}):/) else { return }
        var lines = Self.lines
        let key = String(match.1)
        lines[index] = lines[index].replacingOccurrences(of: "\(key):", with: "\(key)x:")
        let found = problems(lines)
        #expect(found.contains { $0.line == index + 1 && $0.message.contains("\(key)x") }, "\(key): \(found)")
        #expect(found.contains { $0.message.contains("did you mean \"\(key)\"?") }, "\(key): \(found)")
    }

    @Test(arguments: told, ["~", "[]", "{}", "-1", "\"\\u202e\"", "!!binary aGk=", "*nobody", "&a [*a]", "[[[[x]]]]"])
    func `a value of another kind is read or refused with its place, and never ends the program`(
        index: Int,
        value: String
    ) {
        let line = Self.content(Self.lines[index])
        guard let colon = line.range(of: ": ") else { return }
        var lines = Self.lines
        lines[index] = line[..<colon.upperBound] + value
        for problem in problems(lines) {
            #expect(problem.message.unicodeScalars.allSatisfy { $0.value != 0x202E }, "\(problem)")
        }
    }
}
