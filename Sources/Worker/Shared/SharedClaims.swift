import Foundation
import Ledger
import SecurityGroups

/// The store that the hosts of a fleet share beside the queue.
///
/// It holds claims on events, ids of own calls, rules that stand for a reason, temporary exemptions, leases and counts of reverts.
///
/// The ledger's claim keeps the processes of one host apart; this store keeps the hosts apart. A revert acts on live state, so it
/// is right without the store. Therefore no member throws because the store cannot be reached, and each member answers within a
/// bound. The worker then goes on with its ledger alone.
protocol SharedClaims: Sendable {
    /// False if the hosts share nothing, so that no call is made.
    var isShared: Bool { get }

    /// Claims the event for this host.
    ///
    /// - Parameter intent: The ids of the rules that the record names, kept with the claim.
    func claim(_ event: EventFacts, _ delivery: Delivery, intent: [String]) async throws -> SharedAnswer

    /// Renews claims. Their leases then end one lease from now.
    ///
    /// - Returns: The claims that another host has taken over.
    func renew(_ claims: [SharedClaim]) async throws -> [SharedClaim]

    /// Writes down the rules that a run is about to revert.
    ///
    /// - Throws: `MessageLost` if another host has taken the event over.
    func remember(_ ruleIDs: [String], for claim: SharedClaim) async throws

    /// Records that the run has ended with this outcome. A second call with the same values changes nothing.
    ///
    /// - Parameter tells: True if this host tells people of the outcome when the answer is `done`. Then no other host does.
    func finish(_ claim: SharedClaim, _ outcome: EventOutcome, tells: Bool) async throws -> SharedEnding

    /// True if a host has ended the event and no further run follows by itself. False if that is not known.
    func isSettled(_ eventID: String) async throws -> Bool

    /// Gives a claim back that took over from nobody. Another worker can then claim the event at once, as if nobody had.
    func release(_ claim: SharedClaim) async throws

    /// Ends the lease of a run that does not go on. Another worker can then take the event over at once.
    func abandon(_ claim: SharedClaim) async throws

    /// Tells the other hosts that this host made the calls with these request ids.
    func keep(ownCalls requestIDs: [String]) async throws

    /// True if any host of the fleet made the call with this request id.
    func isOwnCall(_ requestID: String) async throws -> Bool

    /// Tells the other hosts of rules that were left standing.
    ///
    /// - Returns: False if the store cannot be reached. The hosts are then to be told later.
    func keep(_ rules: [SharedRule]) async throws -> Bool

    /// Reads the decision of a host of the fleet about a rule; nil if there is no store, or if it cannot be reached.
    func rule(_ ruleID: String) async throws -> SharedRule??

    /// The temporary exemptions of the fleet, read after this call began; nil if there is no store, or if it cannot be reached.
    func exemptions() async throws -> SharedReading?

    /// Takes or renews a lease of the fleet.
    ///
    /// - Returns: True if `holder` has it for `duration` from now; nil if there is no store, or if it cannot be reached.
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
    /// This host has the event until the lease ends.
    case run(SharedClaim)
    /// Another host has the event until about this time.
    case held(until: Date)
    /// A host has done the event, with this outcome.
    case duplicate(EventOutcome)
}

/// The claims of a host that shares nothing with others: only its ledger counts.
struct LedgerAlone: SharedClaims {
    var isShared: Bool { false }

    func claim(_ event: EventFacts, _ delivery: Delivery, intent: [String]) -> SharedAnswer { .alone }
    func renew(_ claims: [SharedClaim]) -> [SharedClaim] { [] }
    func remember(_ ruleIDs: [String], for claim: SharedClaim) {}
    func finish(_ claim: SharedClaim, _ outcome: EventOutcome, tells: Bool) -> SharedEnding { .unknown }
    func isSettled(_ eventID: String) -> Bool { false }
    func release(_ claim: SharedClaim) {}
    func abandon(_ claim: SharedClaim) {}
    func keep(ownCalls requestIDs: [String]) {}
    func isOwnCall(_ requestID: String) -> Bool { false }
    func keep(_ rules: [SharedRule]) -> Bool { true }
    func rule(_ ruleID: String) -> SharedRule?? { nil }
    func exemptions() -> SharedReading? { nil }
    func lease(_ name: String, holder: String, for duration: Duration) -> Bool? { nil }
    func reverts(of groupID: String?) -> SharedReverts { SharedReverts() }
    func keep(_ reverts: [SharedReverts.Entry], of groupID: String?) {}
}
