import Formats
import Testing

@Suite struct BackoffTests {
    @Test(arguments: [(0, 5), (1, 5), (2, 10), (3, 20), (4, 30), (5, 30), (63, 30), (64, 30), (Int.max, 30)])
    func `a pause lies between nothing and the doubled base, and never over the cap`(_ attempt: Int, _ bound: Int) {
        for random in [0, 0.5, 1] {
            let backoff = Backoff(base: .seconds(5), cap: .seconds(30)) { random }
            #expect(backoff.pause(after: attempt) == .seconds(bound) * random)
            #expect(backoff.bound(after: attempt) == .seconds(bound))
        }
    }
}
