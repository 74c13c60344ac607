import ArgumentParser
import Formats
import Foundation
import SecurityGroups

/// Converts a flag's text to one of the values that it may have.
func choice<Value: RawRepresentable<String> & CaseIterable>(_ text: String, flag: String) throws -> Value {
    guard let value = Value(rawValue: text) else {
        let known = Value.allCases.map(\.rawValue).joined(separator: ", ")
        throw ValidationError("\(flag): \"\(text)\" is not one of \(known)")
    }
    return value
}

/// Reads a time that a flag names: an RFC 3339 time, or a duration, which means that long ago.
func moment(_ text: String, flag: String, now: Date) throws -> Date {
    if let seconds = seconds(text) { return now.addingTimeInterval(-seconds) }
    guard let date = RFC3339.parse(text) else {
        throw ValidationError(
            "\(flag): \"\(text)\" is neither a duration (90s, 15m, 24h, 30d) nor a time (2026-11-25T21:00:00Z)"
        )
    }
    return date
}

/// Converts a flag's text to the id of a security group.
func groupID(_ text: String, flag: String) throws -> SecurityGroupID {
    guard let id = SecurityGroupID(text) else {
        throw ValidationError(
            "\(flag): \"\(plainText(text))\" is not a security group id, such as sg-0a1b2c3d4e5f60718"
        )
    }
    return id
}

/// Converts a flag's text to a duration: `90s`, `15m`, `24h` or `30d`.
func duration(_ text: String, flag: String) throws -> Duration {
    guard let seconds = seconds(text), seconds > 0 else {
        throw ValidationError("\(flag): \"\(text)\" is not a duration, such as 90s, 15m, 24h or 30d")
    }
    return .seconds(Int64(seconds))
}

/// The seconds of `90s`, `15m`, `24h` or `30d`.
func seconds(_ text: String) -> Double? {
    let units: [Character: Double] = ["s": 1, "m": 60, "h": 3600, "d": 86_400]
    guard let unit = text.last.flatMap({ units[$0] }), let count = UInt32(text.dropLast()) else { return nil }
    return Double(count) * unit
}
