import AWSClient
import SecurityGroups

extension Doctor {
    /// Checks that the watched groups exist, and checks each call of EC2 in each Region.
    func groups(_ session: AWSSession, ownAccount: String?) async -> [Finding] {
        let regions = regions(session)
        guard !regions.isEmpty else {
            return [.problem("regions", "no Region to work in", fix: "set AWS_REGION or --region")]
                + notTried(["groups", "permissions"], "no Region")
        }
        var places: [Place] = []
        for region in regions {
            guard let client = try? session.ec2(region: region) else { continue }
            places.append(Place(region: region, client: client, groups: await Result { try await watched(client) }))
        }
        return [.ok("regions", regions.map(\.description).joined(separator: ", "))]
            + existence(places, ownAccount: ownAccount) + (await permissions(places))
    }

    /// One Region, and its watched groups.
    private struct Place: Sendable {
        let region: AWSRegion
        let client: EC2Client
        let groups: Result<[String], any Error>

        /// A group for the checks.
        var sample: String? { try? groups.get().first }
    }

    // MARK: Groups

    /// The ids of groups that the policy names and that must be in this account.
    private func named(ownAccount: String?) -> Set<String> {
        let entries = (setup.policy?.watch ?? []).filter { entry in
            guard let accounts = entry.accounts, let ownAccount else { return true }
            return accounts.contains(ownAccount)
        }
        return Set(entries.flatMap { $0.groups ?? [] })
    }

    /// The ids of groups of one Region that an entry of the policy may match.
    private func watched(_ client: EC2Client) async throws -> [String] {
        var ids: [String] = []
        for entry in setup.policy?.watch ?? [] {
            var filters: [EC2Filter] = []
            // EC2 accepts 200 values in one filter.
            if let groups = entry.groups {
                filters.append(EC2Filter(name: "group-id", values: Array(groups.sorted().prefix(200))))
            }
            if let vpcs = entry.vpcs {
                filters.append(EC2Filter(name: "vpc-id", values: Array(vpcs.sorted().prefix(200))))
            }
            // EC2's filters accept the same wildcards.
            if let names = entry.names {
                filters.append(EC2Filter(name: "group-name", values: names.prefix(200).map(\.description)))
            }
            for (key, value) in entry.tags ?? [:] {
                filters.append(EC2Filter(name: "tag:\(key)", values: [value.description]))
            }
            // For an entry that matches every group, the default group of a VPC is used.
            if filters.isEmpty { filters = [EC2Filter(name: "group-name", values: ["default"])] }
            ids += try await client.describeSecurityGroups(filters: filters).map(\.groupID)
        }
        return ids
    }

    private func existence(_ places: [Place], ownAccount: String?) -> [Finding] {
        let named = named(ownAccount: ownAccount)
        guard !named.isEmpty else { return [] }
        var found: Set<String> = []
        for place in places {
            guard case .success(let ids) = place.groups else {
                return notTried(["groups"], "the groups of \(place.region) cannot be described")
            }
            found.formUnion(ids)
        }
        let missing = named.subtracting(found).sorted()
        guard missing.isEmpty else {
            let regions = places.map(\.region.description).joined(separator: ", ")
            return [
                .problem(
                    "groups",
                    "no such group in \(regions): \(missing.joined(separator: ", "))",
                    fix: "correct the ids in --group or the policy, or name their Region"
                )
            ]
        }
        return [.ok("groups", "\(named.count) watched groups exist")]
    }

    // MARK: Permissions

    private func permissions(_ places: [Place]) async -> [Finding] {
        var findings: [Finding] = []
        var unusable: Set<AWSRegion> = []
        for probe in EC2Probe.allCases {
            var answers: [(AWSRegion, ProbeAnswer)] = []
            for place in places {
                let isAboutOne = probe != .describeRules && probe != .describeGroups
                // Each further call would take as long to fail.
                if unusable.contains(place.region) {
                    answers.append((place.region, .unclear("not tried: EC2 cannot be used")))
                } else if isAboutOne, place.sample == nil {
                    answers.append((place.region, .unclear("not tried: no watched group to ask about")))
                } else {
                    let answer = await place.client.probe(probe, groupID: place.sample)
                    if case .unusable = answer { unusable.insert(place.region) }
                    answers.append((place.region, answer))
                }
            }
            findings.append(Self.finding(probe, answers, need: need(of: probe)))
        }
        return findings
    }

    /// The need of the worker for a call, or the reason why it does not need the call.
    enum Need: Hashable {
        case needed
        case optional(String)
    }

    func need(of probe: EC2Probe) -> Need {
        let kinds = Set((setup.policy?.watch ?? []).filter { $0.action == .revert }.flatMap(\.changes))
        func only(_ isWatched: Bool, _ otherwise: String) -> Need {
            setup.isDryRun ? .optional("a dry run changes nothing") : isWatched ? .needed : .optional(otherwise)
        }
        return switch probe {
        case .describeRules, .describeGroups: .needed
        case .revokeIngress:
            only(
                setup.policy == nil || !kinds.isDisjoint(with: [.ingressAdded, .ruleModified]),
                "no ingress is watched"
            )
        case .revokeEgress: only(!kinds.isDisjoint(with: [.egressAdded, .ruleModified]), "no egress is watched")
        case .authorizeIngress: only(kinds.contains(.ingressRemoved), "no removal of ingress is watched")
        case .authorizeEgress: only(kinds.contains(.egressRemoved), "no removal of egress is watched")
        case .modifyRules: only(false, "a rule that somebody modified is revoked, and not put back")
        }
    }

    static func finding(_ probe: EC2Probe, _ answers: [(AWSRegion, ProbeAnswer)], need: Need) -> Finding {
        let check = "ec2:\(probe.rawValue)"
        func regions(_ list: [(AWSRegion, ProbeAnswer)]) -> String { list.map(\.0.description).joined(separator: ", ") }
        let denied = answers.compactMap { region, answer -> String? in
            if case .denied(let error) = answer { "\(region): \(error)" } else { nil }
        }
        if !denied.isEmpty {
            if case .optional(let reason) = need { return .ok(check, "not allowed, and not needed: \(reason)") }
            return .problem(
                check,
                denied.joined(separator: "; "),
                fix: "allow \(check) to the worker's role, as infra/cloudformation/sg-revert.yaml does"
            )
        }
        let unusable = answers.compactMap { region, answer -> String? in
            if case .unusable(let error) = answer { "\(region): \(error)" } else { nil }
        }
        if !unusable.isEmpty, need == .needed {
            return .problem(check, unusable.joined(separator: "; "), fix: Finding.unusableFix)
        }
        let unclear = answers.compactMap { region, answer -> String? in
            switch answer {
            case .unclear(let error), .missing(let error), .unusable(let error): "\(region): \(error)"
            case .allowed, .denied: nil
            }
        }
        return unclear.isEmpty
            ? .ok(check, "allowed in \(regions(answers))") : .notTried(check, unclear.joined(separator: "; "))
    }
}

extension Result where Failure == any Error {
    /// The result of `body`: its value or its error.
    fileprivate init(_ body: () async throws -> Success) async {
        do { self = .success(try await body()) } catch { self = .failure(error) }
    }
}
