import Formats
import Glibc
import Logging
import PolicyFile
import SecurityGroups
import Synchronization
import Worker

/// Reloads a changed policy file without a restart. If the new file cannot be used, the old policy stays in force.
final class PolicyReloader: Sendable {
    /// The state of a file, to notice a change. Editors write in place, deployments rename a new file over the old one,
    /// and Kubernetes swaps a symbolic link in the path. So it is the state of the file at the end of all links.
    struct Stamp: Hashable, Sendable {
        private let modified: [Int]
        private let size: Int
        private let file: [UInt64]

        /// The state of the file at `path`; nil if there is none.
        init?(path: String) {
            var found = stat()
            guard unsafe stat(path, &found) == 0 else { return nil }
            modified = [found.st_mtim.tv_sec, found.st_mtim.tv_nsec]
            size = Int(found.st_size)
            file = [UInt64(found.st_dev), UInt64(found.st_ino)]
        }
    }

    /// The results of the last checks of the file.
    private struct State {
        /// The state of the file that was read last.
        var stamp: Stamp?
        /// The number of checks in a row that found no file.
        var missing = 0
    }

    private let source: PolicySource
    private let store: PolicyStore
    private let isSweeping: Bool
    private let logger: Logger
    private let state: Mutex<State>

    /// - Parameters:
    ///   - stamp: The state of the file before the policy in `store` was read from it, so that no change is missed.
    ///   - isSweeping: True if sweeps revert what the policy does not let stand.
    init(source: PolicySource, store: PolicyStore, stamp: Stamp?, isSweeping: Bool = false, logger: Logger) {
        self.source = source
        self.store = store
        self.isSweeping = isSweeping
        self.state = Mutex(State(stamp: stamp))
        self.logger = logger
    }

    /// Creates a reloader for a worker with `options`.
    convenience init(source: PolicySource, stamp: Stamp?, _ options: WorkerOptions, logger: Logger) {
        self.init(
            source: source,
            store: options.policies,
            stamp: stamp,
            isSweeping: options.snapshotInterval > .zero && !options.isDryRun,
            logger: logger
        )
    }

    /// Checks for changes every few seconds, until the task is cancelled.
    func watch(clock: WorkerClock) async {
        while (try? await clock.sleep(toNext: .seconds(5))) != nil {
            reloadIfChanged()
        }
    }

    /// Reads the file if it has changed since it was read last.
    func reloadIfChanged() {
        guard let path = source.path else { return }
        guard let found = Stamp(path: path) else {
            reportMissing(path)
            return
        }
        let isNews = state.withLock { state in
            defer { state.missing = 0 }
            // A file that was reported as gone is read again, even if it has not changed.
            return found != state.stamp || state.missing > 1
        }
        if isNews { reload() }
    }

    /// Reports a missing file at the second check in a row, because a file may be missing for a moment while it is
    /// replaced.
    private func reportMissing(_ path: String) {
        let looks = state.withLock { state in
            state.missing += 1
            return state.missing
        }
        guard looks == 2 else { return }
        logger.error(
            "the policy file does not exist any more, the policy that was read from it still holds; put the file back",
            metadata: ["path": "\(plainText(path))"]
        )
    }

    /// Reads the file, even if it has not changed.
    func reload() {
        let found = source.path.flatMap(Stamp.init(path:))
        state.withLock { $0.stamp = found }
        do throws(PolicyFailure) {
            use(try source.load())
        } catch {
            let problems = error.problems.map(\.description).joined(separator: "; ")
            logger.error(
                "the policy cannot be used, the one before still holds; correct the file",
                metadata: ["error": "\(plainText(problems))"]
            )
        }
    }

    private func use(_ policy: Policy) {
        let old = store.current
        guard policy != old else {
            logger.info("policy read again, unchanged", metadata: ["policy.digest": "\(policy.digest)"])
            return
        }
        store.replace(with: policy)
        let origins = policy.watch.map(\.origin).joined(separator: ",")
        let closes = isSweeping && policy.isNarrower(than: old)
        logger.log(
            level: closes ? .warning : .notice,
            closes
                ? "policy reloaded; sweeps judge by it, and revert rules that only the policy before let stand"
                : "policy reloaded",
            metadata: ["watch": "\(plainText(origins))", "policy.digest": "\(policy.digest)"]
        )
        if policy.topicARN != old.topicARN {
            logger.notice(
                "the policy names another topic; it is told from now on, unless --topic-arn is set",
                metadata: ["topic": "\(plainText(policy.topicARN ?? "none"))"]
            )
        }
    }
}
