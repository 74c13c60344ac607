import Testing

@testable import Worker

/// A message's trace is read where it is there.
@Suite struct TraceContextTests {
    @Test(arguments: [
        ("Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1", true, true),
        ("Root=1-5759e988-bd862e3fe1be46a994272793", true, false),
        ("Root=1-5759e988-bd862e3fe1be46a994272793;Parent=evil\u{1B}[2J", true, false),
        ("Root=2-5759e988-bd862e3fe1be46a994272793", false, false), ("Root=1-x-y", false, false),
        ("", false, false),
    ]
    )
    func `the header's ids become those of W3C's trace context`(text: String, isTrace: Bool, hasParent: Bool) {
        let trace = TraceContext(text)
        #expect(trace?.traceID == (isTrace ? "5759e988bd862e3fe1be46a994272793" : nil))
        #expect(trace?.parentID == (hasParent ? "53995c3f42cd8ad8" : nil))
        #expect((trace?.metadata["trace.id"] != nil) == isTrace)
    }
}
