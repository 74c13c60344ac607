/// How much the worker may still take in hand, and how many of its receivers may ask for it.
///
/// Nothing is received that cannot be started at once, and more receivers than one ask only while replies come back full.
actor Intake {
    private let capacity: Int
    private let receivers: Int
    private var free: Int
    private var active = 1
    private var openPolls = 0
    private var isClosed = false
    private var waiters: [CheckedContinuation<Void, Never>] = []

    init(capacity: Int, receivers: Int) {
        self.capacity = capacity
        self.receivers = receivers
        free = capacity
    }

    /// Waits until `receiver` may ask for messages, and answers for how many, or nil when nothing more is to be received.
    func reserve(for receiver: Int, atMost count: Int) async -> Int? {
        while !isClosed, free == 0 || receiver >= active {
            await withCheckedContinuation { waiters.append($0) }
        }
        guard !isClosed else { return nil }
        let room = min(free, count)
        free -= room
        openPolls += 1
        return room
    }

    /// Takes the end of a poll that asked for `room` messages and brought `count`.
    ///
    /// - Returns: whether nothing is in hand and no other poll is open.
    func pollEnded(room: Int, count: Int) -> Bool {
        openPolls -= 1
        active = count == 10 ? min(active + 1, receivers) : max(active - 1, 1)
        release(room - count)
        return openPolls == 0 && free == capacity
    }

    /// Takes `count` messages as done.
    func release(_ count: Int) {
        free += count
        wake()
    }

    /// Lets nothing more be received.
    func close() {
        isClosed = true
        wake()
    }

    private func wake() {
        let woken = waiters
        waiters = []
        for waiter in woken {
            waiter.resume()
        }
    }
}
