import Formats
import Foundation

/// The difference between this machine's clock and the service's. SigV4 allows 5 minutes.
enum ClockSkew {
    /// Error codes that say that the time is wrong.
    private static let definite: Set = ["RequestTimeTooSkewed", "RequestExpired", "RequestInTheFuture"]
    /// Error codes that can have a wrong time as their cause: EC2 answers `AuthFailure`.
    private static let probable: Set = ["InvalidSignatureException", "AuthFailure", "SignatureDoesNotMatch"]

    /// The clock offset for the next attempt; nil if the failure has another cause.
    ///
    /// - Parameters:
    ///   - offset: The offset that was used for the failed request.
    ///   - answeredAt: This machine's time when the answer came. The time of signing would be wrong: a machine that slept
    ///     in between has the right time again, and then the call is retried with the old offset.
    ///   - serverDate: The `Date` header of the answer.
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
        // A difference within the tolerance needs no correction. A known offset changes only by more than noise.
        if abs(skew) > 300 || offset != 0, abs(skew - offset) > 60 { return skew }
        return definite.contains(code) ? offset : nil
    }

    /// The number of seconds by which this machine's clock is ahead, if that explains the code and SigV4 forbids it;
    /// else nil.
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
        guard parts.count == 8, parts[7] == "GMT", let index = months.firstIndex(of: String(parts[2])) else {
            return nil
        }
        let month = index < 9 ? "0\(index + 1)" : "\(index + 1)"
        return RFC3339.parse("\(parts[3])-\(month)-\(parts[1])T\(parts[4]):\(parts[5]):\(parts[6])Z")
    }
}
