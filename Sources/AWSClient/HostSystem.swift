public import Foundation

/// What the client needs of the machine beside HTTP: passed in, so that tests decide time, chance and files.
public struct HostSystem: Sendable {
    /// The time by the machine's clock.
    public var now: @Sendable () -> Date
    /// Waits between attempts; throws when the task is cancelled.
    public var sleep: @Sendable (Duration) async throws -> Void
    /// A number in 0...1 for jitter.
    public var random: @Sendable () -> Double
    /// A new invocation id.
    public var makeID: @Sendable () -> String
    /// The bytes of a file, or nil if there is none.
    public var readFile: @Sendable (String) throws -> [UInt8]?

    /// A machine made of its parts.
    public init(
        now: @escaping @Sendable () -> Date,
        sleep: @escaping @Sendable (Duration) async throws -> Void,
        random: @escaping @Sendable () -> Double,
        makeID: @escaping @Sendable () -> String,
        readFile: @escaping @Sendable (String) throws -> [UInt8]?
    ) {
        self.now = now
        self.sleep = sleep
        self.random = random
        self.makeID = makeID
        self.readFile = readFile
    }

    /// The machine that the process runs on.
    public static let current = HostSystem(
        now: { Date() },
        sleep: { try await Task.sleep(for: $0) },
        random: { Double.random(in: 0...1) },
        makeID: { UUID().uuidString.lowercased() },
        readFile: { path in
            // By a handle: `Data(contentsOf:)` refuses /dev/null, with which people switch the shared files off.
            do {
                let file = try FileHandle(forReadingFrom: URL(fileURLWithPath: path))
                return Array(try file.readToEnd() ?? Data())
            } catch let error as CocoaError where error.code == .fileReadNoSuchFile || error.code == .fileNoSuchFile {
                return nil
            }
        }
    )
}
