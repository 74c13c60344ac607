import Foundation
import Ledger
import Testing

@testable import sg_revert

@Suite struct FailureTests {
    @Test(
        arguments: [
            (["wroker"], "unknown command \"wroker\"; did you mean worker?"),
            (["audit", "qeury"], "unknown command \"qeury\"; did you mean query?"),
            (["audit", "xyzzy"], "unknown command \"xyzzy\"; the commands are query"),
            (["worker", "--que-url", "x"], nil), (["--nope"], nil), ([], nil), (["audit"], nil), (["help", "x"], nil),
        ] as [([String], String?)]
    )
    func `an unknown command suggests the nearest`(_ arguments: [String], _ message: String?) {
        let found = unknownCommand(in: arguments, of: SgRevert.self)
        if let message { #expect(found?.hasPrefix(message) == true, "\(found ?? "")") } else { #expect(found == nil) }
    }

    @Test func `an error of Foundation is one line with its cause and its path`() {
        #expect(throws: (any Error).self) {
            do {
                _ = try Data(contentsOf: URL(fileURLWithPath: "/nowhere/file"))
            } catch {
                let text = errorText(error)
                #expect(text.contains("/nowhere/file"))
                #expect(!text.contains("NSCocoaErrorDomain") && !text.contains("UserInfo") && !text.contains("\n"))
                throw error
            }
        }
        #expect(errorText(RunFailure(description: "x")) == "x")
        #expect(errorText(CocoaError(.fileReadNoPermission)) == "permission denied")
        #expect(errorText(POSIXError(.ENOSPC)) == "No space left on device")
    }

    @Test(
        arguments: [
            (.isDirectory(path: "p"), true), (.notALedger(path: "p"), true), (.networkFileSystem(path: "p"), true),
            (.fromTheFuture(path: "p", version: 2, known: 1), true), (.busy(path: "p"), false),
            (.failed(path: "p", detail: "disk full"), false), (.notAccessible(path: "p", reason: "r"), false),
        ] as [(LedgerError, Bool)]
    )
    func `only what a setting gets wrong keeps the service from a restart`(_ error: LedgerError, _ isSetting: Bool) {
        #expect(error.isSetting == isSetting)
    }
}
