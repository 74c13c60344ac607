import Testing

@testable import AWSClient

@Suite struct PromiseTests {
    private struct Failure: Error {}

    @Test func `gives one value to all who wait and will wait`() async throws {
        let promise = Promise<Int>()
        let waiters = (0..<3).map { _ in Task { try await promise.value() } }
        #expect(!promise.isSettled)
        #expect(promise.settle(.success(1)))
        #expect(!promise.settle(.success(2)))
        #expect(promise.isSettled)
        for waiter in waiters { #expect(try await waiter.value == 1) }
        #expect(try await promise.value() == 1)
    }

    @Test func `gives a failure to all`() async throws {
        let promise = Promise<Int>()
        promise.settle(.failure(Failure()))
        await #expect(throws: Failure.self) { try await promise.value() }
    }

    @Test func `lets go of a waiter that is cancelled, before and while it waits`() async throws {
        let promise = Promise<Int>()
        let early = Task {
            withUnsafeCurrentTask { $0?.cancel() }
            return try await promise.value()
        }
        await #expect(throws: CancellationError.self) { try await early.value }
        for _ in 0..<50 {
            let task = Task { try await promise.value() }
            await Task.yield()
            task.cancel()
            await #expect(throws: CancellationError.self) { try await task.value }
        }
        promise.settle(.success(1))
        #expect(try await promise.value() == 1)
    }

    @Test func `shows its result once it has one`() throws {
        let promise = Promise<Int>()
        #expect(promise.result == nil)
        promise.settle(.success(5))
        #expect(try promise.result?.get() == 5)
        let failed = Promise<Int>()
        failed.settle(.failure(Failure()))
        #expect(failed.isSettled)
        #expect(throws: Failure.self) { try failed.result?.get() }
    }

    @Test func `gives its value also to a task that is cancelled, if it has one already`() async throws {
        let promise = Promise<Int>()
        promise.settle(.success(1))
        let task = Task {
            withUnsafeCurrentTask { $0?.cancel() }
            return try await promise.value()
        }
        #expect(try await task.value == 1)
    }

    @Test func `wakes those who wait for nothing but an end`() async throws {
        let promise = Promise<Void>()
        let waiter = Task { try await promise.value() }
        #expect(promise.settle())
        #expect(!promise.settle())
        try await waiter.value
    }
}
