import AWSClient
import Synchronization

/// The letters that a pass has read and not removed. They are kept hidden until they are given back.
final class HeldLetters: Sendable {
    /// SQS hides what a pass has read for this long. If the pass is killed, the letters are visible again after it.
    static let hiddenSeconds = 30

    private struct State {
        /// The newest receipt handle of each letter, by message id.
        var handles: [String: String] = [:]
        var lastError: (any Error)?
    }

    private let sqs: SQSClient
    private let url: String
    private let state = Mutex(State())

    init(sqs: SQSClient, url: String) {
        self.sqs = sqs
        self.url = url
    }

    /// How many letters are held.
    var count: Int { state.withLock { $0.handles.count } }

    /// Holds letters. A letter that was received again is given back by its new handle.
    func take(_ messages: [SQSMessage]) {
        state.withLock { state in
            for message in messages { state.handles[message.messageID] = message.receiptHandle }
        }
    }

    /// Forgets a letter that was removed from the queue.
    func drop(_ message: SQSMessage) {
        state.withLock { $0.handles[message.messageID] = nil }
    }

    /// Extends the visibility timeout of every letter after each third of it, until the task is cancelled.
    func keepHidden(clock: WorkerClock) async {
        while (try? await clock.sleep(.seconds(Self.hiddenSeconds) / 3)) != nil {
            _ = await setVisibility(Self.hiddenSeconds)
        }
    }

    /// Makes every letter visible again.
    ///
    /// - Returns: The number of letters that could not be given back, and the last error.
    func giveBack() async -> (left: Int, error: (any Error)?) {
        (await setVisibility(0), state.withLock(\.lastError))
    }

    /// Sets the visibility timeout of every letter, in several batches at once.
    ///
    /// - Returns: The number of letters for which that failed.
    private func setVisibility(_ seconds: Int) async -> Int {
        let batches = state.withLock { Array($0.handles.values).chunks(of: 10) }
        return await withTaskGroup(of: Int.self) { group in
            var failed = 0
            for (index, batch) in batches.enumerated() {
                if index >= 8, let count = await group.next() { failed += count }
                group.addTask { await self.setVisibility(of: batch, seconds) }
            }
            for await count in group { failed += count }
            return failed
        }
    }

    private func setVisibility(of handles: ArraySlice<String>, _ seconds: Int) async -> Int {
        do {
            let outcomes = try await sqs.changeMessageVisibilityBatch(
                queueURL: url,
                entries: handles.map { ($0, seconds) }
            )
            let failures = outcomes.compactMap(\.self)
            if let failure = failures.first { state.withLock { $0.lastError = failure } }
            return failures.count
        } catch {
            state.withLock { $0.lastError = error }
            return handles.count
        }
    }
}
