import Foundation
import Testing

/// The program starts well in whatever surroundings it is given.
@Suite struct ProcessStartTests {
    /// Starts a command whose keys come from a helper process, with `after` at the end of its line, and tells what was printed.
    private func run(_ command: String, helper: String, by launcher: String = "", after: String) async throws -> String
    {
        let folder = try AuditFolder()
        let script = """
            printf '[default]\\ncredential_process = . ./helper.sh\\n' >config
            cat >helper.sh <<'END'
            \(helper)
            END
            export AWS_CONFIG_FILE=config AWS_REGION=eu-west-1 AWS_EC2_METADATA_DISABLED=true
            \(launcher) "$1" \(command) --queue-url http://127.0.0.1:1/111122223333/q --group sg-0a1b2c3d \(after)
            """
        let result = try await folder.run(["-c", script, "sh", "$program"], program: "/bin/sh")
        return result.output
    }

    @Test func `the numbers of closed standard streams go to no file of the program`() async throws {
        let helper = "for number in 0 1 2; do readlink /proc/$PPID/fd/$number; done >streams"
        let streams = try await run("doctor", helper: helper, after: "<&- >&- 2>&-; cat streams")
        #expect(streams == "/dev/null\n/dev/null\n/dev/null\n")
    }

    @Test func `no helper process outlives the program`() async throws {
        let after = """
            >/dev/null 2>&1 &
            until [ -s started ]; do sleep 0.05; done
            kill -TERM $!
            wait $!
            for _ in $(seq 100); do kill -0 $(cat started) 2>/dev/null || break; sleep 0.05; done
            kill -0 $(cat started) 2>/dev/null && echo alive
            echo $?
            """
        let helper = "echo $$ >started; exec sleep 50"
        #expect(try await run("worker", helper: helper, after: after) == "1\n")
    }

    private static let hasNamespaces =
        (try? Process.run(URL(fileURLWithPath: "/usr/bin/unshare"), arguments: ["--pid", "--fork", "true"])).map {
            $0.waitUntilExit()
            return $0.terminationStatus == 0
        } ?? false

    @Test(.enabled(if: hasNamespaces, "processes may make no namespace here"))
    func `the first process of a container ends when it is told to, whatever it does`() async throws {
        let after = """
            >/dev/null 2>&1 &
            until [ -e started ]; do sleep 0.05; done
            kill -TERM $(cat /proc/$!/task/$!/children)
            wait $!
            echo $?
            """
        let end = try await run(
            "doctor",
            helper: "touch started; sleep 50",
            by: "/usr/bin/unshare --pid --fork --kill-child",
            after: after
        )
        #expect(end == "143\n")
    }
}
