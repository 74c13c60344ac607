import AWSClient
import Foundation

/// One reading of the dead-letter queue: each message once. What is not removed is given back at the end.
struct DeadLetterPass: Sendable {
    /// The bytes of five of SQS's largest messages, escaped as JSON, stay under the client's bound of 16 MiB; ten do not.
    private static let mostAtOnce = 5
    /// Letters that cannot be kept hidden come again and again. After so many receives without a new letter the pass
    /// ends.
    private static let mostBarrenReceives = 10

    let sqs: SQSClient
    let url: String
    let filter: DeadLetterFilter
    /// Ends the pass early.
    let stop: StopSignal
    /// The clock for keeping letters hidden.
    let clock: WorkerClock

    /// The result of visiting a letter.
    enum Visit {
        case keep
        case removed
    }

    /// Visits every letter that the filter matches.
    ///
    /// - Parameter report: Called with each thing that could not be done.
    /// - Returns: The number of letters that were visited.
    func run(
        report: (PassTrouble) -> Void,
        _ visit: (DeadLetter) async throws -> Visit
    ) async throws -> Int {
        let held = HeldLetters(sqs: sqs, url: url)
        var matches = 0
        let failure = await failure(keepingHidden: held) {
            try await readAll(held) { letter in
                guard filter.means(letter), hasRoom(matches) else { return }
                matches += 1
                if try await visit(letter) == .removed { held.drop(letter.message) }
            } isDone: {
                stop.isRequested || !hasRoom(matches)
            }
        }
        if failure == nil, !stop.isRequested, hasRoom(matches) { await reportUnread(besides: held.count, report) }
        let (left, error) = await held.giveBack()
        if left > 0 { report(.notGivenBack(count: left, error)) }
        if let failure { throw failure }
        return matches
    }

    private func hasRoom(_ matches: Int) -> Bool {
        matches < filter.limit ?? .max
    }

    private func readAll(
        _ held: HeldLetters,
        _ take: (DeadLetter) async throws -> Void,
        isDone: () -> Bool
    ) async throws {
        var seen: Set<String> = []
        var barren = 0
        var atOnce = Self.mostAtOnce
        var isAnyTooLarge = false
        while !isDone(), barren < Self.mostBarrenReceives {
            let messages: [SQSMessage]
            do {
                messages = try await receive(atMost: atOnce)
            } catch let error as AWSClientError where error.isTooLarge && atOnce > 1 {
                atOnce = atOnce / 2
                isAnyTooLarge = true
                continue
            }
            if messages.isEmpty {
                guard isAnyTooLarge else { return }
                // SQS has hidden the messages of a response that was too large. They become visible by themselves.
                isAnyTooLarge = false
                await stop.sleep(for: .seconds(HeldLetters.hiddenSeconds + 1), clock: clock)
                continue
            }
            held.take(messages)
            let fresh = messages.filter { seen.insert($0.messageID).inserted }
            barren = fresh.isEmpty ? barren + 1 : 0
            for message in fresh where !isDone() { try await take(DeadLetter(message)) }
        }
    }

    private func receive(atMost count: Int) async throws -> [SQSMessage] {
        try await sqs.receiveMessage(
            queueURL: url,
            maxNumberOfMessages: count,
            waitTimeSeconds: 1,
            visibilityTimeout: HeldLetters.hiddenSeconds
        )
    }

    /// Reports how many letters the pass could not read. Without the counts it reports nothing.
    private func reportUnread(besides held: Int, _ report: (PassTrouble) -> Void) async {
        guard let attributes = try? await sqs.getQueueAttributes(queueURL: url) else { return }
        func count(_ name: String) -> Int { attributes[name].flatMap { Int($0) } ?? 0 }
        let visible = count("ApproximateNumberOfMessages")
        if url.hasSuffix(".fifo"), visible > 0 { report(.outOfReach(count: visible)) }
        let hidden = count("ApproximateNumberOfMessagesNotVisible") - held
        if hidden > 0 { report(.hiddenElsewhere(count: hidden)) }
    }

    /// Extends the visibility timeouts while `body` runs. No extension is under way at its end: one that came after the
    /// letters were given back would hide them again.
    private func failure(keepingHidden held: HeldLetters, _ body: () async throws -> Void) async -> (any Error)? {
        async let _: Void = held.keepHidden(clock: clock)
        do {
            try await body()
            return nil
        } catch {
            return error
        }
    }
}

extension AWSClientError {
    /// True if the response was larger than the client's limit.
    var isTooLarge: Bool {
        if case .transport(_, _, .responseTooLarge) = self { true } else { false }
    }
}
