import Formats
import Foundation
import Logging
import PolicyFile
import SecurityGroups
import Synchronization
import Worker

/// Lets a changed policy file hold without a restart. One that cannot be used changes nothing: the old policy holds on.
final class PolicyReloader: Sendable {
    /// What tells one version of a file from the next: editors write in place, deployments rename a new file over the old.
    struct Stamp: Hashable, Sendable {
        let modified: Date
        let size: UInt64
        let inode: UInt64

        /// The stamp of the file at `path`; nil where there is none.
        init?(path: String) {
            guard let attributes = try? FileManager.default.attributesOfItem(atPath: path),
                let modified = attributes[.modificationDate] as? Date
            else { return nil }
            self.modified = modified
            size = (attributes[.size] as? NSNumber)?.uint64Value ?? 0
            inode = (attributes[.systemFileNumber] as? NSNumber)?.uint64Value ?? 0
        }
    }

    private let source: PolicySource
    private let store: PolicyStore
    private let logger: Logger
    /// Of the file that was read last.
    private let stamp: Mutex<Stamp?>

    /// - Parameter stamp: the file as it was before the policy in `store` was read from it, so that no change is missed.
    init(source: PolicySource, store: PolicyStore, stamp: Stamp?, logger: Logger) {
        self.source = source
        self.store = store
        self.stamp = Mutex(stamp)
        self.logger = logger
    }

    /// Looks for changes every few seconds, until the task is cancelled.
    func watch(clock: WorkerClock) async {
        while (try? await clock.sleep(.seconds(3))) != nil {
            reloadIfChanged()
        }
    }

    /// Reads the file if it is another than the one that was read last.
    func reloadIfChanged() {
        // While a file is being replaced there may be none for a moment; then there is nothing to read either.
        guard let found = source.path.flatMap(Stamp.init(path:)), found != stamp.withLock(\.self) else { return }
        reload()
    }

    /// Reads the file, whether or not it has changed.
    func reload() {
        let found = source.path.flatMap(Stamp.init(path:))
        stamp.withLock { $0 = found }
        do throws(PolicyFailure) {
            let policy = try source.load()
            store.replace(with: policy)
            let origins = policy.watch.map(\.origin).joined(separator: ",")
            logger.notice("policy reloaded", metadata: ["watch": "\(origins)"])
        } catch {
            let problems = error.problems.map(\.description).joined(separator: "; ")
            logger.error(
                "the policy cannot be used, the one before still holds; correct the file",
                metadata: ["error": "\(plainText(problems))"]
            )
        }
    }
}
