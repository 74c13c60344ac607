import Foundation
import Testing

@testable import PolicyFile

@Suite struct PolicyProblemTests {
    @Test func `a problem names its place, and a warning that it is one`() {
        func text(_ severity: PolicyProblem.Severity) -> String {
            "\(PolicyProblem(path: "dir/policy.yaml", line: 3, column: 5, severity: severity, message: "odd"))"
        }
        #expect(text(.error) == "dir/policy.yaml:3:5: odd")
        #expect(text(.warning) == "dir/policy.yaml:3:5: warning: odd")
    }

    @Test func `errors stand one to a line`() {
        let problems = [1, 2].map {
            PolicyProblem(path: "p", line: $0, column: 1, severity: .error, message: "m\($0)")
        }
        #expect("\(InvalidPolicy(problems: problems))" == "p:1:1: m1\np:2:1: m2")
    }

    @Test func `an exemption that ends between two looks is told among the warnings, in the order of the file`() throws
    {
        let text = """
            version: 1
            exempt:
              - principals: ["arn:aws:iam::111122223333:role/x"]
                until: 2026-12-01T00:00:00Z
            watch: []
            """
        let document = try PolicyDocument(text: text, path: "p")
        let end = Date(timeIntervalSince1970: 1_796_083_200)
        let before = document.warnings(at: end - 1)
        let after = document.warnings(at: end)
        #expect(before.map(\.line) == [5])
        #expect(after.map(\.line) == [4, 5])
        #expect(after.allSatisfy { $0.severity == .warning })
    }
}
