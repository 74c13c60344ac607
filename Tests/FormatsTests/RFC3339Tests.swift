import Formats
import Foundation
import Testing

@Suite struct RFC3339Tests {
    @Test(arguments: [
        (0, "1970-01-01T00:00:00.000Z"), (-0.001, "1969-12-31T23:59:59.999Z"),
        (1_764_106_859.123, "2025-11-25T21:40:59.123Z"), (951_782_400, "2000-02-29T00:00:00.000Z"),
        (4_107_542_399.9996, "2100-03-01T00:00:00.000Z"), (-62_135_596_800, "0001-01-01T00:00:00.000Z"),
        (1e30, "9999-12-31T23:59:59.999Z"), (-1e30, "0000-01-01T00:00:00.000Z"), (.nan, "1970-01-01T00:00:00.000Z"),
    ])
    func `times are UTC with milliseconds`(_ seconds: Double, _ text: String) {
        #expect(RFC3339.format(Date(timeIntervalSince1970: seconds)) == text)
    }

    @Test(arguments: [0, 951_782_399, 951_782_400, 1_709_164_800, 4_102_444_799])
    func `the basic form is the one that Foundation writes`(seconds: Int) {
        for offset in [0, 1, 59, 3_599, 86_399, 86_400, 31_536_000] {
            let date = Date(timeIntervalSince1970: Double(seconds + offset) + 0.999)
            let expected = date.formatted(
                Date.ISO8601FormatStyle(dateSeparator: .omitted, timeSeparator: .omitted, timeZone: .gmt)
            )
            #expect(RFC3339.basic(date) == expected)
        }
    }

    @Test func `a form without decimals is rounded down, also before 1970, which a wrong clock may show`() {
        #expect(RFC3339.basic(Date(timeIntervalSince1970: -0.5)) == "19691231T235959Z")
        #expect(RFC3339.wholeSeconds(Date(timeIntervalSince1970: -0.5)) == "1969-12-31T23:59:59Z")
        #expect(RFC3339.wholeSeconds(Date(timeIntervalSince1970: 1_764_106_859.9996)) == "2025-11-25T21:40:59Z")
    }

    @Test(arguments: [
        ("2026-11-25T21:40:59Z", 1_795_642_859), ("2026-11-25t21:40:59.5z", 1_795_642_859.5),
        ("2026-11-25 23:40:59+02:00", 1_795_642_859), ("2026-11-25T16:10:59-05:30", 1_795_642_859),
        ("1969-12-31T23:59:59.25Z", -0.75), ("2016-12-31T23:59:60Z", 1_483_228_800),
    ])
    func `any RFC 3339 timestamp is read`(_ text: String, _ seconds: Double) {
        #expect(RFC3339.parse(text)?.timeIntervalSince1970 == seconds)
    }

    @Test(arguments: [
        "", "2026-11-25", "2026-11-25T21:40:59", "2026-13-01T00:00:00Z", "2026-00-01T00:00:00Z", "2026-02-29T00:00:00Z",
        "2026-01-00T00:00:00Z", "2026-01-01T24:00:00Z", "2026-01-01T00:60:00Z", "2026-01-01T00:00:61Z",
        "2026-01-01T00:00:00.Z", "2026-01-01T00:00:00+2:00", "2026-01-01T00:00:00Zx", "26-01-01T00:00:00Z",
        "٢٠٢٦-01-01T00:00:00Z", "+026-01-01T00:00:00Z",
    ])
    func `anything else is refused`(_ text: String) {
        #expect(RFC3339.parse(text) == nil)
    }

    @Test func `the days of 400 years come back as they were, in their order`() {
        var last = ""
        for day in stride(from: 0, to: 146_097, by: 11) {
            let date = Date(timeIntervalSince1970: Double(day - 73_000) * 86_400 + 43_200.5)
            let text = RFC3339.format(date)
            guard text > last, RFC3339.parse(text) == date else {
                Issue.record("\(text)")
                return
            }
            last = text
        }
    }
}
