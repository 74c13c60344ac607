import Foundation
import Testing

extension EndToEnd {
    @Suite(.serialized) struct StartTests {
        /// What AWS can answer at the start that no setting can foresee.
        enum Trouble: String, CaseIterable, Sendable {
            case queueIsMissing = "does not exist"
            case nobodyAnswers = "127.0.0.1"
            case noCredentials = "credentials"
            case deadLettersAreMissing = "--dead-letter-queue-url"

            func environment(beside world: World) -> [String: String] {
                switch self {
                case .queueIsMissing: ["SG_REVERT_QUEUE_URL": world.queue + "-missing"]
                case .nobodyAnswers: ["AWS_ENDPOINT_URL": "http://127.0.0.1:9", "AWS_MAX_ATTEMPTS": "1"]
                case .noCredentials: ["AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": ""]
                case .deadLettersAreMissing: ["SG_REVERT_DEAD_LETTER_QUEUE_URL": world.deadLetters + "-missing"]
                }
            }
        }

        @Test(arguments: Trouble.allCases)
        func `with --until-empty, and in other commands, trouble with AWS is one line and exit 1`(
            _ trouble: Trouble
        ) async throws {
            let world = try await World()
            for arguments in [["worker"] + World.quick, ["dlq", "list"]] {
                let result = try await world.run(arguments, environment: trouble.environment(beside: world))
                #expect(result.exitCode == 1)
                #expect(result.errorLines.count == 1 && result.errors.contains(trouble.rawValue), "\(result.errors)")
                #expect(result.output == "")
            }
        }

        @Test func `a flag beats the environment, which beats the file, and what is blank is not set`() async throws {
            let world = try await World()
            let file = world.folder.appendingPathComponent("sg-revert.yaml")
            try "dry-run: true\ngroup: [sg-0a1b2c3d4e5f60718, \(world.group)]\nsettle-seconds: 1\n"
                .write(to: file, atomically: true, encoding: .utf8)
            let arguments = ["worker", "--until-empty", "--wait-seconds", "1", "--config", file.path]
            let blank = ["SG_REVERT_GROUPS": "", "SG_REVERT_WAIT_SECONDS": "nonsense"]

            let first = try await world.authorize(.ssh)
            try await world.send(first)
            #expect(try await world.run(arguments, environment: blank).exitCode == 0)
            #expect(try await world.row(of: first)["outcome"] == "reported", "the file's group and dry run hold")

            let second = try await world.authorize(Permission("tcp", 80...80, from: .ipv4("0.0.0.0/0")))
            try await world.send(second)
            let earnest = blank.merging(["SG_REVERT_DRY_RUN": "false"]) { $1 }
            #expect(try await world.run(arguments, environment: earnest).exitCode == 0)
            #expect(try await world.row(of: second)["outcome"] == "reverted", "the environment beats the file")

            let third = try await world.authorize(Permission("tcp", 81...81, from: .ipv4("0.0.0.0/0")))
            try await world.send(third)
            #expect(try await world.run(arguments + ["--dry-run"], environment: earnest).exitCode == 0)
            #expect(try await world.row(of: third)["outcome"] == "reported", "the flag beats the environment")
        }

        @Test func `a worker whose queue is missing says so, and starts by itself when there is one`() async throws {
            let world = try await World()
            let name = "late-\(UUID())"
            let url = world.queue.replacingOccurrences(of: world.queue.split(separator: "/").last ?? "", with: name)
            let worker = try world.start(
                ["worker", "--wait-seconds", "1", "--settle-seconds", "1"],
                environment: ["SG_REVERT_QUEUE_URL": url]
            )
            try await eventually("the worker says that it waits") { worker.errors.contains("cannot start yet") }
            #expect(worker.isRunning)

            let queue = try await world.aws.createQueue(name, deadLetters: world.aws.arn(ofQueue: world.deadLetters))
            #expect(queue == url)
            let record = try await world.authorize(.ssh)
            try await world.send(body: CloudTrailRecord.envelope(record).encoded, to: queue)
            try await eventually("the rule is gone") { try await world.ingress().isEmpty }
            worker.terminate()
            let result = try await worker.end()
            #expect(result.exitCode == 0, "\(result.errors)")
            #expect(try await world.row(of: record)["outcome"] == "reverted")
        }

        @Test func `a worker that waits for its queue ends when it is told to`() async throws {
            let world = try await World()
            let worker = try world.start(["worker"], environment: ["SG_REVERT_QUEUE_URL": world.queue + "-missing"])
            try await eventually("the worker says that it waits") { worker.errors.contains("cannot start yet") }
            worker.terminate()
            #expect(try await worker.end().exitCode == 0)
        }
    }
}
