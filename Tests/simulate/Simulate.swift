import Foundation
import Logging
import SimulatedWorld
import TestSupport

/// Runs simulations, seed after seed, and says what they found. `scripts/simulate` is its front door.
@main
struct Simulate {
    static func main() throws {
        var settings = Settings()
        try settings.read(CommandLine.arguments.dropFirst())
        var total = Total()
        for seed in settings.first..<(settings.first + settings.count) {
            var report = Simulation.Report(seed: seed)
            do {
                report = try settings.simulation(seed).run()
            } catch {
                report.problems = ["the simulation broke: \(error)"]
            }
            total.add(report, isQuiet: settings.isQuiet)
            if let words = settings.sought, report.problems.contains(where: { $0.contains(words) }) { break }
        }
        say(total.summary)
        exit(total.failed.isEmpty ? 0 : 2)
    }
}

/// Writes a line at once, so that none is lost where a simulation crashes.
private func say(_ line: String) {
    FileHandle.standardOutput.write(Data((line + "\n").utf8))
}

/// What the command line asks for.
private struct Settings {
    var first: UInt64 = 1
    var count: UInt64 = 1
    var fault: SimulatedFault?
    var hosts = 1
    var isTraced = false
    var isLogged = false
    var isQuiet = false
    /// The simulator stops after the first seed with a problem that contains these words.
    var sought: String?

    mutating func read(_ arguments: some Sequence<String>) throws {
        var rest = Array(arguments)[...]
        while let name = rest.popFirst() {
            switch name {
            case "--trace": isTraced = true
            case "--log": isLogged = true
            case "--quiet": isQuiet = true
            case "--first", "--seed": first = UInt64(rest.popFirst() ?? "") ?? first
            case "--seeds": count = UInt64(rest.popFirst() ?? "") ?? count
            case "--hosts": hosts = rest.popFirst().flatMap { Int($0) } ?? hosts
            case "--until": sought = rest.popFirst()
            case "--fault": fault = SimulatedFault(rawValue: rest.popFirst() ?? "")
            default: throw Unknown(argument: name)
            }
        }
    }

    func simulation(_ seed: UInt64) -> Simulation {
        // In memory where the machine has such a folder: what a simulation writes is worth nothing after it.
        let parent = FileManager.default.fileExists(atPath: "/dev/shm") ? "/dev/shm" : NSTemporaryDirectory()
        let tracer: @Sendable (String) -> Void = { say($0) }
        var logger = Logger(label: "simulation") { _ in SwiftLogNoOpLogHandler() }
        if isLogged {
            logger = Logger(label: "worker") { StreamLogHandler.standardError(label: $0) }
            logger.logLevel = .debug
        }
        return Simulation(
            seed: seed,
            hosts: hosts,
            directory: "\(parent)/sg-revert-simulation-\(ProcessInfo.processInfo.processIdentifier)",
            fault: fault,
            output: isTraced ? tracer : nil,
            logger: logger
        )
    }
}

private struct Unknown: Error, CustomStringConvertible {
    let argument: String
    var description: String { "unknown argument \(argument)" }
}

/// What all simulations came to.
private struct Total {
    var seeds = 0
    var records = 0
    var forged = 0
    var lost = 0
    var own = 0
    var changes = 0
    var calls = 0
    var failed: [UInt64] = []

    mutating func add(_ report: Simulation.Report, isQuiet: Bool) {
        seeds += 1
        records += report.records
        forged += report.forged
        lost += report.lost
        own += report.own
        changes += report.changes
        calls += report.calls
        if !report.problems.isEmpty { failed.append(report.seed) }
        guard !isQuiet || !report.problems.isEmpty else { return }
        let digest = String(report.digest, radix: 16)
        say(
            "seed \(report.seed): digest \(digest), \(report.records) records, \(report.forged) forged, "
                + "\(report.lost) lost, \(report.own) own, \(report.changes) changes, \(report.calls) calls, "
                + "\(Int(report.elapsed.inSeconds)) s, \(report.problems.count) faults"
        )
        for problem in report.problems { say("  \(problem)") }
        if !report.problems.isEmpty { say("  replay: scripts/simulate --seed \(report.seed) --trace") }
    }

    var summary: String {
        "total: \(seeds) seeds, \(records) records, \(forged) forged, \(lost) lost, \(own) own, \(changes) changes, \(calls) calls, "
            + "\(failed.count) seeds with faults\(failed.isEmpty ? "" : ": \(failed.map(String.init).joined(separator: " "))")"
    }
}
