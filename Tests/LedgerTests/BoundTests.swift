import Foundation
import SecurityGroups
import Testing

@testable import Ledger

/// Texts of others have a bound in every place where the ledger keeps them.
@Suite struct BoundTests {
    private static let long = String(repeating: "x", count: 5000)
    private static let hostile = "a\0b" + long

    private static func facts(_ text: String) -> EventFacts {
        EventFacts(
            eventID: text,
            digest: text,
            originalEventID: text,
            eventName: text,
            account: text,
            region: text,
            groupID: text,
            actorARN: text,
            issuerARN: text,
            actorType: text,
            actorID: text,
            invokedBy: text,
            sourceIP: text,
            userAgent: text,
            eventTime: Date(timeIntervalSince1970: 0),
            requestID: text
        )
    }

    private static func result(_ text: String) -> RunResult {
        RunResult(
            outcome: .ignored,
            reason: text,
            awsRequestID: text,
            ownRequestIDs: [text, text],
            errorCode: text,
            errorMessage: text,
            policyDigest: text
        )
    }

    private static func rule(_ text: String) -> RuleResult {
        RuleResult(
            ruleID: text,
            groupID: text,
            direction: .ingress,
            ipProtocol: text,
            source: text,
            description: text,
            reason: text,
            outcome: .reverted,
            undo: text
        )
    }

    /// All texts that a value has, by the names of its properties.
    private func texts(of value: Any) -> [String: String] {
        var texts: [String: String] = [:]
        for (name, child) in Mirror(reflecting: value).children {
            switch child {
            case let text as String: texts[name ?? ""] = text
            case let list as [String]: for (index, text) in list.enumerated() { texts["\(name ?? "")\(index)"] = text }
            default: break
            }
        }
        return texts
    }

    @Test func `every text of a record is cut at 4 KiB, and holds no NUL`() {
        let texts = texts(of: Self.facts(Self.hostile))
        #expect(texts.count == 15)
        for (name, text) in texts {
            #expect(text.utf8.count == (name == "userAgent" ? 1024 : 4096), "\(name)")
            #expect(!text.utf8.contains(0) && text.hasPrefix("a\u{FFFD}b"), "\(name)")
        }
    }

    @Test func `every text of a result is cut at 4 KiB, and holds no NUL`() {
        let texts = texts(of: Self.result(Self.hostile))
        #expect(texts.count == 7)
        for (name, text) in texts { #expect(text.utf8.count == 4096 && !text.utf8.contains(0), "\(name)") }
    }

    @Test func `every text of a rule is cut at 4 KiB, but for the command that brings it back`() {
        let texts = texts(of: Self.rule(Self.hostile))
        #expect(texts.count == 7)
        for (name, text) in texts where name != "undo" { #expect(text.utf8.count == 4096, "\(name)") }
        #expect(texts["undo"] == "a\u{FFFD}b" + Self.long)
    }

    @Test func `the texts of a call and of a delivery are cut`() {
        let call = APICall(
            action: Self.long,
            startedAt: .distantPast,
            milliseconds: 1,
            requestIDs: [Self.long],
            error: Self.long
        )
        #expect(texts(of: call).count == 3)
        for (name, text) in texts(of: call) { #expect(text.utf8.count == 4096, "\(name)") }
        #expect(Delivery(messageID: Self.long, receivedAt: .distantPast).messageID.utf8.count == 4096)
    }

    @Test func `a short row keeps each text to 200 bytes, and no user agent`() {
        let short = Self.facts(Self.long).shortened
        // By its id and its digest the event is known again, and the original's id leads to the original.
        let whole = ["eventID", "digest", "originalEventID"]
        for (name, text) in texts(of: short) {
            #expect(text.utf8.count == (whole.contains(name) ? 4096 : 200), "\(name)")
        }
        #expect(short.userAgent == nil && short.eventTime == Date(timeIntervalSince1970: 0))
        #expect(texts(of: short).count == 14)
    }

    @Test func `a short result keeps its outcome, rules, calls and ids, and cuts what others say`() {
        var result = Self.result(Self.long)
        result.notBefore = Date(timeIntervalSince1970: 5)
        result.notify = true
        result.calls = [APICall(action: "A", startedAt: .distantPast, milliseconds: 1)]
        let short = result.shortened
        let cut = ["reason", "errorCode", "errorMessage"]
        for (name, text) in texts(of: short) {
            #expect(text.utf8.count == (cut.contains(name) ? 200 : 4096), "\(name)")
        }
        #expect(short.outcome == .ignored && short.calls == result.calls && short.notify)
        #expect(short.notBefore == result.notBefore && short.ownRequestIDs == result.ownRequestIDs)
    }

    @Test func `what is short already stays as it is`() {
        let facts = Self.facts("short")
        let shortened = facts.shortened
        #expect(texts(of: shortened).merging(["userAgent": "short"]) { $1 } == texts(of: facts))
        let result = Self.result("short")
        #expect(result.shortened == result)
    }

    /// Texts of which the cut at 4 bytes falls into a character, and what is left.
    @Test(arguments: [
        ("abcd", "abcd"), ("abcde", "abcd"), ("", ""), ("ééé", "éé"), ("aéé", "aé"), ("漢字", "漢"), ("a漢字", "a漢"),
        ("🦊🦊", "🦊"), ("a🦊", "a"), ("abc🦊", "abc"), ("e\u{301}e\u{301}", "e\u{301}e"),
    ])
    func `a cut falls between two characters`(_ text: String, _ expected: String) {
        #expect(text.bounded(to: 4) == expected)
        #expect(text.bounded(to: 0).isEmpty)
    }

    @Test func `the mark of a conflict is in no id, and stays in every other text`() {
        let facts = Self.facts("a~b")
        #expect(facts.eventID == "a-b" && facts.originalEventID == "a-b")
        #expect(facts.eventName == "a~b" && facts.userAgent == "a~b" && facts.digest == "a~b")
    }

    @Test func `of the cells of a short entry only texts are cut`() {
        #expect(AuditValue.text(Self.long).shortened.text?.utf8.count == 200)
        for value in [AuditValue.integer(7), .boolean(true), .null, .text("x")] { #expect(value.shortened == value) }
    }
}
