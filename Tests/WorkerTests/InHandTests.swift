import AWSClient
import Foundation
import Synchronization
import TestSupport
import Testing

@testable import Worker

/// What is in hand is counted once, and let go of once.
@Suite struct InHandTests {
    private let time = VirtualTime()

    private func held(_ id: String) -> HeldMessage {
        let message = SQSMessage(messageID: id, receiptHandle: "r-\(id)", body: "body")
        return HeldMessage(message, receivedAt: time.instant, visibility: .seconds(30))
    }

    @Test func `messages are asked for when there is room for ten, or when nothing is in hand`() async throws {
        let intake = Intake(limits: .init(messages: 15))
        #expect(try await intake.waitForRoom())
        for _ in 1...6 { intake.enter(bytes: 1) }
        async let room = intake.waitForRoom()
        await Task.yield()
        intake.leave(bytes: 1)
        #expect(try await room)
        let small = Intake(limits: .init(messages: 5))
        #expect(try await small.waitForRoom(), "a small hand asks when it is empty")
    }

    @Test func `large messages take the room of many`() async throws {
        let intake = Intake(limits: .init(bytes: 100))
        intake.enter(bytes: 200)
        async let room = intake.waitForRoom()
        await Task.yield()
        intake.leave(bytes: 200)
        #expect(try await room)
    }

    @Test
    func `all that is in hand leaves room for a response for each receiver, because all of it may come to be parked`()
        async throws
    {
        let intake = Intake(parking: .init(messages: 35), receivers: 2)
        for _ in 1...16 { intake.enter(bytes: 1) }
        #expect(!intake.hasRoom)
        intake.leave(bytes: 1)
        #expect(intake.hasRoom)
        for _ in 1...15 { intake.park(bytes: 1) }
        #expect(intake.hasRoom && intake.count == 0)
        intake.enter(bytes: 1)
        async let room = intake.waitForRoom()
        await Task.yield()
        intake.unpark(bytes: 1)
        #expect(!intake.hasRoom)
        intake.leave(bytes: 1)
        #expect(try await room)
    }

    @Test func `the bodies of what is in hand leave room as well, and an empty hand always asks`() {
        let intake = Intake(parking: .init(messages: 5, bytes: 100))
        #expect(intake.hasRoom)
        let large = Intake(parking: .init(bytes: 100))
        large.enter(bytes: 90)
        #expect(!large.hasRoom)
        large.park(bytes: 90)
        #expect(!large.hasRoom)
        large.unpark(bytes: 90)
        large.leave(bytes: 90)
        #expect(large.hasRoom)
    }

    @Test
    func
        `while replies come back full one more receiver asks at a time, up to the limit; nobody asks once it is closed`()
        async throws
    {
        let intake = Intake(receivers: 2)
        intake.pollBegan()
        #expect(!intake.hasNoOpenPoll)
        #expect(intake.pollEnded(isFull: true))
        intake.pollBegan()
        #expect(!intake.pollEnded(isFull: true))
        intake.receiverEnded()
        intake.pollBegan()
        #expect(!intake.pollEnded(isFull: false))
        #expect(intake.hasNoOpenPoll)
        intake.close()
        #expect(try await !intake.waitForRoom())
    }

    @Test func `a poll that still waits after a full response has found the queue empty`() {
        let intake = Intake(clock: time.clock)
        #expect(!intake.isDraining, "nothing was asked yet")
        intake.pollBegan()
        #expect(!intake.isDraining)
        _ = intake.pollEnded(isFull: true)
        time.advance(.milliseconds(99))
        #expect(intake.isDraining)
        intake.pollBegan()
        time.advance(.milliseconds(99))
        #expect(intake.isDraining)
        time.advance(.milliseconds(1))
        #expect(!intake.isDraining)
    }

    @Test func `more than ten messages on their way are a backlog until the last has come to its first wait`()
        async throws
    {
        let slots = WorkSlots(count: 20, clock: time.clock)
        let (ten, last, waited, ended) = (Door(), Door(), Door(), Door())
        let begun = Order()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 1...11 {
                group.addTask {
                    try await slots.occupy { slot in
                        begun.add("\(number)")
                        await (number == 11 ? last : ten).pass()
                        try await slot.parked { await waited.pass() }
                        await ended.pass()
                    }
                }
                while begun.all.count < number { await Task.yield() }
                #expect(slots.checkFilling() == (number == 11))
            }
            ten.open()
            while slots.parkedCount < 10 { await Task.yield() }
            #expect(slots.checkFilling())
            last.open()
            while slots.parkedCount < 11 { await Task.yield() }
            #expect(!slots.checkFilling())
            waited.open()
            while slots.parkedCount > 0 { await Task.yield() }
            #expect(!slots.checkFilling(), "what comes back from its first wait is not on its way any more")
            ended.open()
            try await group.waitForAll()
        }
    }

    @Test func `nothing is on its way while those in slots wait there`() async throws {
        let slots = WorkSlots(count: 1, limits: .init(shortWaits: 0), clock: time.clock)
        try await withThrowingTaskGroup(of: Void.self) { group in
            try await slots.occupy { slot in
                for _ in 1...10 { group.addTask { try await slots.occupy { _ in } } }
                while slots.waitingCount < 10 { await Task.yield() }
                #expect(slots.checkFilling())
                try await slot.parkedForShort { #expect(!slots.checkFilling()) }
            }
            try await group.waitForAll()
        }
    }

    @Test func `a wait for room ends when its task is cancelled`() async {
        let intake = Intake(limits: .init(messages: 5))
        intake.enter(bytes: 1)
        let waits = Task { try await intake.waitForRoom() }
        waits.cancel()
        await #expect(throws: CancellationError.self) { try await waits.value }
    }

    @Test func `leaving the scope frees the message exactly once, also after it was let go and after an error`() async {
        let intake = Intake()
        let hand = Hand(intake: intake)
        let messages = ["a", "b"].map(held)
        hand.take(messages)
        #expect(intake.count == 2 && hand.all.count == 2)
        await hand.scope(messages[0]) { hand.letGo($0) }
        #expect(intake.count == 1)
        await #expect(throws: MessageLost.self) { try await hand.scope(messages[1]) { _ in throw MessageLost() } }
        #expect(intake.count == 0 && hand.isEmpty)
    }

    @Test func `what is parked does not count, and its slot is another's`() async throws {
        let intake = Intake()
        let slots = WorkSlots(count: 1, intake: intake, clock: time.clock)
        intake.enter(bytes: 4)
        try await slots.occupy(bytes: 4) { slot in
            try await slot.parked {
                #expect(intake.count == 0)
                #expect(slots.parkedCount == 1)
                intake.enter(bytes: 4)
                try await slots.occupy { _ in #expect(intake.count == 1) }
                intake.leave(bytes: 4)
            }
            #expect(intake.count == 1)
        }
    }

    @Test func `six hundred that wait delay another by nothing`() async throws {
        let slots = WorkSlots(count: 100, clock: time.clock)
        let door = Door()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 1...600 {
                group.addTask { try await slots.occupy { try await $0.parked { await door.pass() } } }
            }
            while slots.parkedCount < 600 { await Task.yield() }
            try await slots.occupy { _ in }
            door.open()
            try await group.waitForAll()
        }
    }

    @Test func `beyond the bound nothing is parked, and the slot stays`() async throws {
        let slots = WorkSlots(count: 2, limits: .init(messages: 1), clock: time.clock)
        try await slots.occupy { slot in
            try await slot.parked {
                try await slots.occupy { other in
                    await #expect(throws: ParkingFull.self) { try await other.wait(for: .seconds(1)) }
                    #expect(slots.parkedCount == 1)
                }
            }
        }
    }

    @Test func `beyond its bound a short wait keeps the slot, and nothing goes back to the queue`() async throws {
        let slots = WorkSlots(count: 1, limits: .init(shortWaits: 0), clock: time.clock)
        try await slots.occupy { slot in
            try await slot.parkedForShort { #expect(slots.parkedCount == 0) }
            try await slot.parked { #expect(slots.parkedCount == 1) }
        }
    }

    @Test func `a long wait leaves room for what must wait`() async throws {
        let slots = WorkSlots(count: 1, limits: .init(longWaits: 1), clock: time.clock)
        try await slots.occupy { slot in
            try await slot.parked(for: .long) {
                try await slots.occupy { other in
                    await #expect(throws: ParkingFull.self) { try await other.parked(for: .long) {} }
                    try await other.parked { #expect(slots.parkedCount == 2) }
                }
            }
        }
    }

    @Test func `what comes back from a wait goes before what is new`() async throws {
        let slots = WorkSlots(count: 1, clock: time.clock)
        let order = Order()
        let door = Door()
        async let first: Void = slots.occupy { slot in
            try await slot.parked { await door.pass() }
            order.add("back")
        }
        while slots.parkedCount < 1 { await Task.yield() }
        let second = try await slots.occupy { _ in
            let second = Task { try await slots.occupy { _ in order.add("new") } }
            while slots.waitingCount < 1 { await Task.yield() }
            door.open()
            while slots.waitingCount < 2 { await Task.yield() }
            return second
        }
        try await second.value
        try await first
        #expect(order.all == ["back", "new"])
    }

    @Test func `a slot that was waited for in vain goes to the next`() async throws {
        let slots = WorkSlots(count: 1, clock: time.clock)
        try await slots.occupy { _ in
            let impatient = Task { try await slots.occupy { _ in } }
            await Task.yield()
            impatient.cancel()
            await #expect(throws: CancellationError.self) { try await impatient.value }
        }
        try await slots.occupy { _ in }
    }

    @Test func `what is postponed is still to come until a poll missed it`() {
        let hand = Hand(intake: Intake())
        let start = time.instant
        hand.postpone("b", until: start + .seconds(10))
        hand.postpone("c", until: start + .seconds(20))
        #expect(hand.nextPostponed(afterEmptyPollFrom: start) == start + .seconds(10))
        hand.take([held("b")])
        #expect(hand.nextPostponed(afterEmptyPollFrom: start) == start + .seconds(20))
        #expect(hand.nextPostponed(afterEmptyPollFrom: start + .seconds(20)) == nil)
    }
}

/// What happened, in its order.
private final class Order: Sendable {
    private let names = Mutex<[String]>([])

    var all: [String] { names.withLock { $0 } }

    func add(_ name: String) { names.withLock { $0.append(name) } }
}
