import CoreMetrics
import Synchronization

/// The numbers of one metric with one set of labels.
final class MetricSeries: Sendable {
    /// The counted or measured value.
    struct Value: Hashable, Sendable {
        /// The number of a counter or gauge, or the sum of a histogram.
        var total = 0.0
        var count: UInt64 = 0
        /// The number of measurements at or under each bound of a histogram and above the one before.
        var buckets: [UInt64]
        var least = Double.infinity
        var most = -Double.infinity
    }

    private let bounds: [Double]
    private let state: Mutex<(all: Value, sinceTaken: Value)>

    init(_ family: MetricFamily) {
        if case .histogram(let bounds) = family.kind { self.bounds = bounds } else { bounds = [] }
        let empty = Value(buckets: Array(repeating: 0, count: bounds.count))
        state = Mutex((empty, empty))
    }

    var value: Value { state.withLock { $0.all } }

    /// Returns the change since the last call.
    func takeChange() -> Value {
        state.withLock { state in
            defer { state.sinceTaken = Value(buckets: Array(repeating: 0, count: bounds.count)) }
            return state.sinceTaken
        }
    }

    func add(_ amount: Double) {
        guard amount.isFinite, amount > 0 else { return }
        update {
            $0.total += amount
            $0.count += 1
        }
    }

    func put(_ value: Double) {
        guard value.isFinite else { return }
        update { $0.total = value }
    }

    func change(by amount: Double) {
        guard amount.isFinite else { return }
        state.withLock { state in
            state.all.total += amount
            state.sinceTaken.total = state.all.total
        }
    }

    func measure(_ seconds: Double) {
        guard seconds.isFinite, seconds >= 0 else { return }
        let bucket = bounds.firstIndex { seconds <= $0 }
        update {
            $0.total += seconds
            $0.count += 1
            if let bucket { $0.buckets[bucket] += 1 }
            $0.least = min($0.least, seconds)
            $0.most = max($0.most, seconds)
        }
    }

    private func update(_ body: (inout Value) -> Void) {
        state.withLock { state in
            body(&state.all)
            body(&state.sinceTaken)
        }
    }
}

extension MetricSeries: CounterHandler, MeterHandler, RecorderHandler, TimerHandler {
    func increment(by amount: Int64) { add(Double(amount)) }
    func reset() {}
    func set(_ value: Int64) { put(Double(value)) }
    func set(_ value: Double) { put(value) }
    func increment(by amount: Double) { change(by: amount) }
    func decrement(by amount: Double) { change(by: -amount) }
    func record(_ value: Int64) { put(Double(value)) }
    func record(_ value: Double) { put(value) }
    func recordNanoseconds(_ duration: Int64) { measure(Double(duration) / 1e9) }
}
