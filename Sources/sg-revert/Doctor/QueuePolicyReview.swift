import Formats
import Foundation

/// Finds out from a queue's policy who may send to the queue. Whoever may send can forge an event.
struct QueuePolicyReview {
    private let policy: String?
    private let ownAccount: String?
    private let trustsOnlySome: Bool

    /// - Parameters:
    ///   - policy: The queue's attribute `Policy`; nil if it has none.
    ///   - ownAccount: The account of the queue.
    ///   - trustsOnlySome: True if the worker believes only some senders, so that others can send but not forge.
    init(policy: String?, ownAccount: String?, trustsOnlySome: Bool = false) {
        self.policy = policy
        self.ownAccount = ownAccount
        self.trustsOnlySome = trustsOnlySome
    }

    /// The account in the queue's ARN.
    static func account(of attributes: [String: String]) -> String? {
        attributes["QueueArn"].flatMap { ARN($0)?.account }
    }

    /// The finding about the policy.
    var finding: Finding {
        let check = "queue-policy"
        guard let policy, !policy.isEmpty else {
            let fix = "let the EventBridge rule send, as infra/cloudformation/sg-revert.yaml does"
            return .warning(check, "the queue has no policy, so EventBridge cannot send to it", fix: fix)
        }
        guard let root = try? JSONSerialization.jsonObject(with: Data(policy.utf8)) as? [String: Any] else {
            return .warning(check, "the queue's policy is not JSON that can be read")
        }
        let statements = (root["Statement"] as? [[String: Any]]) ?? [(root["Statement"] as? [String: Any]) ?? [:]]
        let senders = statements.flatMap(strangers)
        guard senders.isEmpty else {
            let detail = "others may send to the queue: \(Set(senders).sorted().joined(separator: ", "))"
            let fix = "let only the EventBridge rule send (condition aws:SourceArn)"
            return trustsOnlySome
                ? .warning(check, plainText(detail), fix: fix) : .problem(check, plainText(detail), fix: fix)
        }
        guard trustsOnlySome || statements.contains(where: refusesOthers) else {
            return .warning(
                check,
                "whoever in the account has sqs:SendMessage by IAM may send too",
                fix: "deny it as infra/cloudformation/sg-revert.yaml does, or set --trusted-sender"
            )
        }
        return .ok(
            check,
            trustsOnlySome ? "only --trusted-sender is believed" : "only the named rules and roles may send"
        )
    }

    /// The principals, other than the account's own, that a statement lets send without a condition that limits them.
    private func strangers(_ statement: [String: Any]) -> [String] {
        guard statement["Effect"] as? String == "Allow", coversSending(statement) else { return [] }
        if statement["NotPrincipal"] != nil {
            return ["everybody but \(texts(statement["NotPrincipal"]).joined(separator: ", "))"]
        }
        let isBound = isBound(statement)
        guard let principals = statement["Principal"] as? [String: Any] else {
            return isBound ? [] : ["everybody"]
        }
        return principals.flatMap { kind, value in
            texts(value).compactMap { name -> String? in
                if name == "*" { return isBound ? nil : "everybody" }
                if kind == "Service" { return isBound ? nil : "\(name) for any account" }
                let account = ARN(name)?.account ?? name
                return account == ownAccount || isBound ? nil : name
            }
        }
    }

    private func coversSending(_ statement: [String: Any]) -> Bool {
        if statement["NotAction"] != nil { return true }
        return texts(statement["Action"]).contains { action in
            let pattern = action.lowercased()
            guard let star = pattern.firstIndex(of: "*") else { return pattern == "sqs:sendmessage" }
            return "sqs:sendmessage".hasPrefix(pattern[..<star])
        }
    }

    /// True if a condition limits who may call, or on whose behalf.
    private func isBound(_ statement: [String: Any]) -> Bool {
        let binding: Set = [
            "aws:sourcearn", "aws:sourceaccount", "aws:sourceorgid", "aws:principalarn", "aws:principalaccount",
            "aws:principalorgid", "aws:userid",
        ]
        return ((statement["Condition"] as? [String: Any]) ?? [:]).contains { name, value in
            guard !name.contains("Not"), name != "Null", let keys = value as? [String: Any] else { return false }
            return keys.contains { key, value in binding.contains(key.lowercased()) && !texts(value).contains("*") }
        }
    }

    /// True for a statement that denies everybody who is not named.
    private func refusesOthers(_ statement: [String: Any]) -> Bool {
        guard statement["Effect"] as? String == "Deny", coversSending(statement) else { return false }
        return ((statement["Condition"] as? [String: Any]) ?? [:]).keys.contains { $0.contains("Not") }
            || statement["NotPrincipal"] != nil
    }

    private func texts(_ value: Any?) -> [String] {
        if let text = value as? String { return [text] }
        if let object = value as? [String: Any] { return object.values.flatMap { texts($0) } }
        return (value as? [String]) ?? []
    }
}
