import Formats
import Testing

@Suite struct NearestNameTests {
    static let names = ["dry-run", "queue-url", "region", "regions"]

    @Test(arguments: [
        ("dryrun", "dry-run"), ("queue-ulr", "queue-url"), ("regoin", "region"), ("regions", "regions"),
        ("REGION", nil), ("x", nil), ("", nil),
    ])
    func `a mistyped name finds its neighbour, and another name none`(_ name: String, _ expected: String?) {
        #expect(nearest(to: name, among: Self.names) == expected)
    }

    @Test func `a very long name is not compared`() {
        #expect(nearest(to: String(repeating: "r", count: 101), among: [String(repeating: "r", count: 101)]) == nil)
    }
}
