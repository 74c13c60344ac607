import AWSClient
import SecurityGroups

extension RevertWorker {
    /// Runs `body`, and beside it the keeper of the state.
    ///
    /// A worker that is to end by itself looks once, and ends when that look has ended too, at the latest with the bound of a stop.
    func keeping<Result: Sendable>(
        _ keeper: StateKeeper,
        _ stop: StopSignal,
        _ body: () async throws -> Result
    ) async throws -> Result {
        try await withThrowingTaskGroup(of: Void.self) { group in
            let isOnce = options.isUntilEmpty
            group.addTask {
                if isOnce { await keeper.round(isWanted: true) } else { await keeper.run() }
            }
            defer { group.cancelAll() }
            let result = try await body()
            guard isOnce, !stop.isRequested else { return result }
            group.addTask {
                await stop.sleep(for: options.shutdown, clock: clock)
            }
            try await group.next()
            return result
        }
    }

    /// The keeper of the state, which judges its events by `pipeline`.
    func stateKeeper(_ pipeline: MessagePipeline, told: @escaping @Sendable () -> Void) -> StateKeeper {
        StateKeeper(
            reader: SnapshotReader(
                gateway: gateway,
                writer: writer,
                settle: options.settle,
                clock: clock,
                isNotifying: { [options] in options.isNotifying(by: $0) }
            ),
            claims: pipeline.claims,
            leases: SharedLeases(shared: pipeline.claims.shared, ledger: LedgerLeases(writer: writer)),
            policies: options.policies,
            holder: name,
            places: { await places(pipeline.territory, $0) },
            interval: options.snapshotInterval,
            settle: options.settle,
            isDryRun: options.isDryRun,
            clock: clock,
            logger: logger,
            judge: { try await pipeline.judge($0, logger: logger) },
            told: told,
            measured: { [metrics = options.metrics] unexplained, exemptions in
                metrics.standingUnexplained(unexplained)
                metrics.exemptActive(exemptions)
            }
        )
    }

    /// The accounts and Regions in which groups are looked at. Other accounts' groups are shown only to a role of theirs.
    private func places(_ territory: Territory, _ policy: Policy) async -> [Place] {
        let regions = territory.regions ?? policy.namedRegions.union([territory.queueRegion])
        let own = await identity.ask()?.account ?? territory.queueAccount
        var accounts = [own.flatMap { AccountID($0) }]
        if options.roles != nil {
            let others = policy.namedAccounts.union(territory.accounts ?? []).sorted()
            accounts += others.compactMap { AccountID($0) }.filter { $0.description != own }
        }
        return regions.sorted().compactMap { AWSRegion($0) }.flatMap { region in
            accounts.map { Place(account: $0, region: region) }
        }
    }
}
