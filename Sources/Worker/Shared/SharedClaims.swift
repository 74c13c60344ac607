import Foundation
import Ledger
import SecurityGroups

/// What the hosts of a fleet share beside the queue: claims on events, ids of own calls, rules that stand for a reason, temporary
/// exemptions, leases, counts of reverts.
///
/// The ledger's claim keeps the processes of one host apart; this keeps the hosts apart. It is a help and never a condition:
/// a revert is right without it, since it acts on live state. So no member throws because the store is out of reach, and each
/// answers within a bound; the worker then goes on with its ledger alone.
protocol SharedClaims: Sendable {
    /// False where the ledger alone counts, so that there is nothing to ask.
    var isShared: Bool { get }

    /// Claims the event for this host.
    ///
    /// - Parameter intent: The ids of the rules that the record names, kept with the claim.
    func claim(_ event: EventFacts, _ delivery: Delivery, intent: [String]) async throws -> SharedAnswer

    /// Makes the leases of claims end one lease from now.
    ///
    /// - Returns: The claims that another host has taken over.
    func renew(_ claims: [SharedClaim]) async throws -> [SharedClaim]

    /// Keeps which rules a run is about to revert, before it does.
    ///
    /// - Throws: `MessageLost` where another host has taken the event over.
    func remember(_ ruleIDs: [String], for claim: SharedClaim) async throws

    /// Records that the run has ended with this outcome. The same call twice has the effect of one.
    ///
    /// - Parameter tells: True where this host tells people of the outcome, should the answer be `done`. No other host does then.
    func finish(_ claim: SharedClaim, _ outcome: EventOutcome, tells: Bool) async throws -> SharedEnding

    /// Gives a claim back, as if it had never been.
    func release(_ claim: SharedClaim) async throws

    /// Tells the other hosts that we made the calls with these request ids.
    func keep(ownCalls requestIDs: [String]) async throws

    /// True where any host of the fleet made the call with this request id.
    func isOwnCall(_ requestID: String) async throws -> Bool

    /// Tells the other hosts of rules that were left standing.
    func keep(_ rules: [SharedRule]) async throws

    /// What a host of the fleet found out about a rule; nil where there is no store, or where it cannot be reached.
    func rule(_ ruleID: String) async throws -> SharedRule??

    /// The temporary exemptions of the fleet, read after this call began; nil where there is no store, or where it cannot be reached.
    func exemptions() async throws -> SharedReading?

    /// Takes or renews a lease of the fleet.
    ///
    /// - Returns: true if `holder` has it for `duration` from now; nil where there is no store, or where it cannot be reached.
    func lease(_ name: String, holder: String, for duration: Duration) async throws -> Bool?

    /// The reverts of the last hour, of one group or, without one, of all.
    func reverts(of groupID: String?) async throws -> SharedReverts

    /// Tells the other hosts of reverts, of one group or, without one, of all.
    func keep(_ reverts: [SharedReverts.Entry], of groupID: String?) async throws
}

/// The answer to a delivery of an event.
enum SharedAnswer: Hashable, Sendable {
    /// There is no store, or it cannot be reached: the ledger alone decides.
    case alone
    /// The event is this host's until the lease ends.
    case run(SharedClaim)
    /// Another host has it until about then.
    case held(until: Date)
    /// It is done on some host, with this outcome.
    case duplicate(EventOutcome)
}

/// What became of the end of a run.
enum SharedEnding: Hashable, Sendable {
    /// It is recorded: this host is the one that did the event.
    case done
    /// Another host took the event over. `isSettled` is true once that host has come to an outcome.
    case lost(isSettled: Bool)
    /// There is no store, or it cannot be reached.
    case unknown
}

/// The ledger is all there is: one host, or hosts that share nothing.
struct LedgerAlone: SharedClaims {
    var isShared: Bool { false }

    func claim(_ event: EventFacts, _ delivery: Delivery, intent: [String]) -> SharedAnswer { .alone }
    func renew(_ claims: [SharedClaim]) -> [SharedClaim] { [] }
    func remember(_ ruleIDs: [String], for claim: SharedClaim) {}
    func finish(_ claim: SharedClaim, _ outcome: EventOutcome, tells: Bool) -> SharedEnding { .unknown }
    func release(_ claim: SharedClaim) {}
    func keep(ownCalls requestIDs: [String]) {}
    func isOwnCall(_ requestID: String) -> Bool { false }
    func keep(_ rules: [SharedRule]) {}
    func rule(_ ruleID: String) -> SharedRule?? { nil }
    func exemptions() -> SharedReading? { nil }
    func lease(_ name: String, holder: String, for duration: Duration) -> Bool? { nil }
    func reverts(of groupID: String?) -> SharedReverts { SharedReverts() }
    func keep(_ reverts: [SharedReverts.Entry], of groupID: String?) {}
}
