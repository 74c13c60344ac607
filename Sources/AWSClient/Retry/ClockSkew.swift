import Foundation

/// By how much the service's clock differs from ours. SigV4 is refused beyond 5 minutes.
enum ClockSkew {
    /// Codes that say the time is wrong.
    private static let definite: Set = ["RequestTimeTooSkewed", "RequestExpired", "RequestInTheFuture"]
    /// Codes that a wrong time may hide behind: EC2 answers `AuthFailure`.
    private static let probable: Set = ["InvalidSignatureException", "AuthFailure", "SignatureDoesNotMatch"]

    /// The offset to sign with when the call is tried again, or nil if the failure has another cause.
    ///
    /// - Parameters:
    ///   - offset: what was added to our clock for the request that failed.
    ///   - answeredAt: our own clock when the answer came. Not the time of signing: a machine that slept in between
    ///     has the right time again, and the old offset is retried as it is.
    ///   - serverDate: the answer's `Date` header.
    static func offsetForRetry(
        code: String,
        offset: TimeInterval,
        answeredAt: Date,
        serverDate: String?
    ) -> TimeInterval? {
        guard definite.contains(code) || probable.contains(code), let server = serverDate.flatMap(parse) else {
            return nil
        }
        let skew = server.timeIntervalSince(answeredAt)
        // What is within the tolerance needs no correction; a known one moves only by what noise cannot explain.
        if abs(skew) > 300 || offset != 0, abs(skew - offset) > 60 { return skew }
        return definite.contains(code) ? offset : nil
    }

    /// By how many seconds our clock is ahead of the service's, where the code may come from that and SigV4 forbids it.
    static func lead(code: String, now: Date, serverDate: String?) -> Int? {
        guard definite.contains(code) || probable.contains(code), let server = serverDate.flatMap(parse) else {
            return nil
        }
        let lead = now.timeIntervalSince(server)
        return abs(lead) > 300 ? Int(lead.rounded()) : nil
    }

    /// An HTTP date, `Sun, 06 Nov 1994 08:49:37 GMT`.
    static func parse(_ text: String) -> Date? {
        let parts = text.split { $0 == " " || $0 == ":" }
        let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
        guard parts.count == 8, parts[7] == "GMT", let month = months.firstIndex(of: String(parts[2])),
            let day = Int(parts[1]), let year = Int(parts[3]), let hour = Int(parts[4]), let minute = Int(parts[5]),
            let second = Int(parts[6])
        else { return nil }
        var calendar = Calendar(identifier: .gregorian)
        calendar.timeZone = .gmt
        return calendar.date(
            from: DateComponents(year: year, month: month + 1, day: day, hour: hour, minute: minute, second: second)
        )
    }
}
