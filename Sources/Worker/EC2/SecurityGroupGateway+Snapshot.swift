import AWSClient
import SecurityGroups

/// Looks at whole groups, which nobody waits for: they take at most half of what EC2 allows, and none of it while reverts look.
extension SecurityGroupGateway {
    /// How many groups one call asks for. EC2 takes at most 200 values of a filter.
    static let groupsPerCall = 100

    /// True while a run of an event of our own takes nothing from the reverts of messages: at least half of what EC2 allows is
    /// left of each kind of call that such a run makes.
    func hasRoom(in place: Place) -> Bool {
        ["DescribeSecurityGroupRules", "RevokeSecurityGroupIngress", "RevokeSecurityGroupEgress"].allSatisfy { action in
            quota.with(CallQuota.Key(place: place, action: action)) { bucket, now in
                bucket.advance(to: now)
                return bucket.isHalfFull
            }
        }
    }

    /// The groups of a place.
    ///
    /// - Parameter ids: the groups that are asked for; nil for all.
    func describedGroups(_ ids: [SecurityGroupID]?, in place: Place) async throws -> [DescribedSecurityGroup] {
        let ec2 = try clients.client(in: place)
        let key = CallQuota.Key(place: place, action: "DescribeSecurityGroups")
        guard let ids else {
            return try await quota.sparing(key) { turn in
                try await ec2.describeSecurityGroups(filters: [], turning: turn)
            }
        }
        var groups: [DescribedSecurityGroup] = []
        for chunk in ids.chunks(of: Self.groupsPerCall) {
            let filter = EC2Filter(name: "group-id", values: chunk.map(\.description))
            groups += try await quota.sparing(key) { turn in
                try await ec2.describeSecurityGroups(filters: [filter], turning: turn)
            }
        }
        return groups
    }

    /// Every rule of these groups, at most a hundred groups at once.
    func rules(ofGroups ids: [SecurityGroupID], in place: Place) async throws -> [LiveRule] {
        let ec2 = try clients.client(in: place)
        let filter = EC2Filter(name: "group-id", values: ids.map(\.description))
        return try await quota.sparing(.looks(place)) { turn in
            try await ec2.describeSecurityGroupRules(filters: [filter], turning: turn)
        }.compactMap(LiveRule.init)
    }

    /// The entries of these prefix lists. `unread` has the lists that could not be read, each with the error: a list keeps no group
    /// from being looked at. After an error that is no refusal, which may have taken long, the rest is not asked for.
    func readablePrefixLists(
        _ ids: Set<String>,
        in place: Place
    ) async throws -> (lists: PrefixLists, unread: [String: String]) {
        var lists: [String: [CIDRBlock]] = [:]
        var unread: [String: String] = [:]
        var trouble: String?
        for id in ids.sorted() {
            if let trouble {
                unread[id] = trouble
                continue
            }
            do {
                lists[id] = try await prefixLists([id], in: place)[id]
            } catch let error where !(error is CancellationError) {
                unread[id] = "\(error)"
                let refusal = error as? AWSServiceError
                if refusal.map({ $0.isThrottling || $0.isTransient }) ?? true {
                    trouble = "not asked for, after: \(error)"
                }
            }
        }
        return (PrefixLists(lists), unread)
    }
}

extension CallQuota {
    /// Makes calls that nobody waits for, each once the bucket is nearly full, and at most as many as half of its refill.
    ///
    /// - Parameter calls: makes calls of `key`; it is handed what to await between one call and the next.
    fileprivate func sparing<Result>(
        _ key: Key,
        _ calls: (_ turn: () async throws -> Void) async throws -> Result
    ) async throws -> Result {
        try await spare(key)
        do {
            return try await calls { try await spare(key) }
        } catch {
            if error.isThrottling { with(key) { bucket, now in bucket.refused(now: now) } }
            throw error
        }
    }

    /// Waits until a call takes nothing from anybody, at most for a minute, and takes its token.
    private func spare(_ key: Key) async throws {
        let start = now
        repeat {
            // EC2 refills 20 describe calls a second.
            try await clock.sleep(.milliseconds(100))
            let isPlenty = with(key) { bucket, now in
                bucket.advance(to: now)
                return bucket.isPlenty
            }
            if isPlenty { break }
        } while now - start < .seconds(60)
        _ = with(key) { bucket, now in bucket.take(waiting: 1, now: now) }
    }
}
