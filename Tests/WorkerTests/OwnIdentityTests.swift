import AWSClient
import Foundation
import Ledger
import SecurityGroups
import Synchronization
import TestSupport
import Testing

@testable import Worker

/// Who the worker is.
@Suite struct OwnIdentityTests {
    private let time = VirtualTime()
    private let aws: ScriptedAWS
    private let identity: OwnIdentity

    init() throws {
        aws = ScriptedAWS(time: time)
        identity = OwnIdentity(session: try aws.session())
    }

    @Test func `it is unknown until STS has answered, and asked for once`() async {
        #expect(identity.caller == nil && identity.role == nil && identity.account == nil)
        #expect(!identity.isIssuer("arn:aws:iam::111122223333:role/sg-revert"))
        #expect(await identity.ask()?.account == "111122223333")
        #expect(await identity.ask()?.account == "111122223333")
        #expect(identity.account?.description == "111122223333")
        #expect(identity.isIssuer("arn:aws:iam::111122223333:role/path/sg-revert"))
        #expect(!identity.isIssuer("arn:aws:iam::111122223333:role/other"))
        #expect(aws.count(of: "GetCallerIdentity") == 1)
    }

    @Test func `STS is asked again after growing pauses until it answers`() async {
        aws.with {
            $0.refusals["GetCallerIdentity"] = Array(repeating: .ec2Error("AccessDenied", status: 403), count: 3)
        }
        let slept = Mutex<[Duration]>([])
        let clock = time.clock { duration in slept.withLock { $0.append(duration) } }
        await identity.find(clock: clock) { 1 }
        #expect(identity.account?.description == "111122223333")
        #expect(slept.withLock(\.self) == [.milliseconds(1200), .milliseconds(2200), .milliseconds(4200)])
    }

    @Test func `a worker that ends stops asking`() async {
        aws.with {
            $0.refusals["GetCallerIdentity"] = Array(repeating: .ec2Error("AccessDenied", status: 403), count: 9)
        }
        await identity.find(clock: time.clock { _ in throw CancellationError() }) { 1 }
        #expect(identity.caller == nil)
        #expect(aws.count(of: "GetCallerIdentity") == 1)
    }

    @Test func `a user is nobody's role, and its account is known all the same`() async {
        aws.with { $0.callerARN = "arn:aws:iam::111122223333:user/mia" }
        _ = await identity.ask()
        #expect(identity.role == nil && identity.account?.description == "111122223333")
    }
}
