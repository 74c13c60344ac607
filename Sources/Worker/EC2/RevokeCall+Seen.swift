import Foundation
import SecurityGroups

/// Work that waited for EC2's bucket was looked at long ago, and its rule may have been changed since.
extension RevokeCall {
    /// The desk at which revokes wait for EC2's bucket.
    typealias Desk = CallDesk<RevokeGroup, SeenRule, Revocation>

    /// Revokes rules as they were seen. What was seen too long ago is looked at again, and revoked if it is still the same and nobody
    /// has approved it since.
    func callAsFunction(_ work: [Desk.Entry], by clock: WorkerClock) async throws -> [Revocation] {
        let now = clock.instant()
        let old = Set(work.map(\.item).filter { now - $0.at >= Look.lifetime })
        let same = old.isEmpty ? [] : try await unchanged(old, by: clock)
        let mayGo = work.map { !old.contains($0.item) || same.contains($0.item.rule) }
        let going = zip(work, mayGo).filter(\.1).map(\.0)
        var answers = try await self(
            going.map(\.item.rule.id),
            mayBeDone: Set(going.filter(\.mayBeDone).map(\.item.rule.id))
        )[...]
        return zip(work, mayGo).map { entry, mayGo in
            let answer = mayGo ? answers.popFirst() : nil
            return answer ?? .outdated(mayBeDone: entry.mayBeDone)
        }
    }

    /// Those of the rules that EC2 shows unchanged and that no person has approved since they were seen; none if the look fails.
    private func unchanged(_ old: Set<SeenRule>, by clock: WorkerClock) async throws -> Set<LiveRule> {
        do {
            let ids = old.map(\.rule.id).uniqued()
            let shown = try await look(ids)
            let times = try await approvals(ids, group.id)
            let (now, date) = (clock.instant(), clock.now())
            let approved = old.filter { seen in
                let seenAt = date.addingTimeInterval(-(now - seen.at).seconds)
                return times[seen.rule.id].map { $0 >= seenAt } ?? false
            }
            return Set(shown).subtracting(approved.map(\.rule))
        } catch {
            if Task.isCancelled { throw error }
            return []
        }
    }
}
