package import Foundation

/// Reads and writes RFC 3339 times.
///
/// Written times are UTC with milliseconds, so that the order of the texts is the order of the times. Foundation's
/// formatters load ICU and are far slower, so they are not used.
package enum RFC3339 {
    /// The time as `2026-11-25T21:40:59.123Z`, rounded to the millisecond.
    ///
    /// A time outside the years 0000 to 9999 becomes the nearest time inside them, because years are written with four
    /// digits.
    package static func format(_ date: Date) -> String {
        let seconds = date.timeIntervalSince1970
        let bounded = seconds.isNaN ? 0 : min(max(seconds, -62_167_219_200), 253_402_300_799.999)
        let milliseconds = Int64((bounded * 1000).rounded())
        let (day, inDay) = milliseconds.flooredQuotientAndRemainder(by: 86_400_000)
        let date = civil(fromDay: day)
        return String(unsafeUninitializedCapacity: 24) { bytes in
            var end = 0
            func put(_ number: Int64, _ width: Int, then separator: Unicode.Scalar) {
                var number = number
                for index in (end..<end + width).reversed() {
                    bytes[index] = 0x30 + UInt8(number % 10)
                    number /= 10
                }
                end += width
                bytes[end] = UInt8(ascii: separator)
                end += 1
            }
            put(date.year, 4, then: "-")
            put(date.month, 2, then: "-")
            put(date.day, 2, then: "T")
            put(inDay / 3_600_000, 2, then: ":")
            put(inDay / 60_000 % 60, 2, then: ":")
            put(inDay / 1000 % 60, 2, then: ".")
            put(inDay % 1000, 3, then: "Z")
            return end
        }
    }

    /// The time as `2026-11-25T21:40:59Z`, rounded down to the second.
    package static func wholeSeconds(_ date: Date) -> String {
        String(format(date.roundedDown).prefix(19)) + "Z"
    }

    /// The time as `20261125T214059Z`, the basic form of ISO 8601, rounded down to the second.
    package static func basic(_ date: Date) -> String {
        let digits = format(date.roundedDown).utf8.prefix(19).filter {
            $0 != UInt8(ascii: "-") && $0 != UInt8(ascii: ":")
        }
        return String(decoding: digits, as: UTF8.self) + "Z"
    }

    /// Reads a time with any fraction and any offset; nil if the text is no RFC 3339 time, or names a day or time that
    /// does not exist.
    package static func parse(_ text: some StringProtocol) -> Date? {
        var rest = Array(text.utf8)[...]
        guard let year = number(4, from: &rest), skip("-", in: &rest),
            let month = number(2, from: &rest), (1...12).contains(month), skip("-", in: &rest),
            let day = number(2, from: &rest), skip("Tt ", in: &rest),
            let hour = number(2, from: &rest), hour < 24, skip(":", in: &rest),
            let minute = number(2, from: &rest), minute < 60, skip(":", in: &rest),
            let second = number(2, from: &rest), second <= 60
        else { return nil }
        let days = days(toYear: year, month: month, day: day)
        guard day >= 1, civil(fromDay: days).day == day else { return nil }
        var fraction = 0.0
        if skip(".", in: &rest) {
            let digits = rest.prefix { (0x30...0x39).contains($0) }
            guard !digits.isEmpty, let value = Double("0." + String(decoding: digits, as: UTF8.self)) else {
                return nil
            }
            fraction = value
            rest = rest.dropFirst(digits.count)
        }
        guard let offset = offset(from: &rest), rest.isEmpty else { return nil }
        let whole = days * 86_400 + hour * 3600 + minute * 60 + second - offset
        return Date(timeIntervalSince1970: Double(whole) + fraction)
    }

    /// The offset from UTC in seconds; positive values are east of Greenwich.
    private static func offset(from text: inout ArraySlice<UInt8>) -> Int64? {
        if skip("Zz", in: &text) { return 0 }
        let sign: Int64 = text.first == UInt8(ascii: "-") ? -1 : 1
        guard skip("+-", in: &text), let hours = number(2, from: &text), hours < 24, skip(":", in: &text),
            let minutes = number(2, from: &text), minutes < 60
        else { return nil }
        return sign * (hours * 3600 + minutes * 60)
    }

    private static func number(_ count: Int, from text: inout ArraySlice<UInt8>) -> Int64? {
        let digits = text.prefix(count)
        guard digits.count == count, digits.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
        text = text.dropFirst(count)
        return digits.reduce(0) { $0 * 10 + Int64($1 - 0x30) }
    }

    private static func skip(_ anyOf: String, in text: inout ArraySlice<UInt8>) -> Bool {
        guard let first = text.first, anyOf.utf8.contains(first) else { return false }
        text = text.dropFirst()
        return true
    }

    // Years begin in March here, so that the leap day is the last day of a year. An era has 400 years and 146,097 days.

    private static func days(toYear year: Int64, month: Int64, day: Int64) -> Int64 {
        let (era, yearOfEra) = (month > 2 ? year : year - 1).flooredQuotientAndRemainder(by: 400)
        let dayOfYear = (153 * ((month + 9) % 12) + 2) / 5 + day - 1
        return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
    }

    private static func civil(fromDay day: Int64) -> (year: Int64, month: Int64, day: Int64) {
        let (era, dayOfEra) = (day + 719_468).flooredQuotientAndRemainder(by: 146_097)
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let monthFromMarch = (5 * dayOfYear + 2) / 153
        let month = (monthFromMarch + 2) % 12 + 1
        return (
            era * 400 + yearOfEra + (month <= 2 ? 1 : 0), month, dayOfYear - (153 * monthFromMarch + 2) / 5 + 1
        )
    }
}

extension Int64 {
    fileprivate func flooredQuotientAndRemainder(by divisor: Int64) -> (Int64, Int64) {
        let remainder = (self % divisor + divisor) % divisor
        return ((self - remainder) / divisor, remainder)
    }
}

extension Date {
    fileprivate var roundedDown: Date {
        Date(timeIntervalSince1970: timeIntervalSince1970.rounded(.down))
    }
}
