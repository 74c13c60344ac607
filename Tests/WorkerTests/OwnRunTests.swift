import AWSClient
import Foundation
import Ledger
import SecurityGroups
import Synchronization
import TestSupport
import Testing

@testable import Worker

/// Events of our own are never in the way of reverts.
@Suite struct OwnRunTests {
    @Test
    func `while EC2 is out of order in a Region, none of its events is begun; when it works again, all are judged`()
        async throws
    {
        let first = try Pipeline()
        let lanes = first.lanes()
        let it = try Keeper(first, lanes: lanes)
        await it.keeper.round(isWanted: true)
        try first.aws.stand([1, 2, 3])
        first.time.advance(.seconds(901))
        await it.keeper.round(isWanted: false)
        first.time.advance(.seconds(31))
        let region = try #require(AWSRegion("eu-west-1"))
        let lane = Lane(.ec2, account: AccountID("111122223333"), region: region)
        _ = lanes.board.note(
            AWSServiceError(service: "ec2", operation: "x", code: "Blocked", statusCode: 401),
            of: lane
        )
        let calls = first.aws.with { $0.calls.count }
        await it.keeper.round(isWanted: false)
        #expect(try it.events().isEmpty)
        #expect(first.aws.with { $0.calls.count } == calls)
        lanes.board.end(lane)
        await it.keeper.round(isWanted: false)
        #expect(try it.events() == Array(repeating: ["Sweep", "reverted"], count: 3))
    }

    @Test func `an outage that comes in the middle ends the run without an outcome, and the lane is out for everybody`()
        async throws
    {
        let first = try Pipeline()
        let lanes = first.lanes()
        let it = try Keeper(first, lanes: lanes)
        await it.keeper.round(isWanted: true)
        try first.aws.stand([1])
        first.time.advance(.seconds(901))
        await it.keeper.round(isWanted: false)
        first.time.advance(.seconds(31))
        let refusal = HTTPResponse.ec2Error("OptInRequired", status: 401)
        first.aws.with { $0.refusals["DescribeSecurityGroupRules"] = Array(repeating: refusal, count: 2) }
        await it.keeper.round(isWanted: false)
        #expect(try it.events() == [["Sweep", "-"]])
        #expect(lanes.board.lanes.count == 1)
        for lane in lanes.board.lanes { lanes.board.end(lane) }
        first.time.advance(.seconds(61))
        await it.keeper.round(isWanted: false)
        #expect(try it.events() == [["Sweep", "reverted"]])
    }

    @Test func `the limits of the policy hold for a sweep; what they hold back is reverted when the hour has room`()
        async throws
    {
        var policy = Policy.watching(.ingressAdded)
        policy.revertsPerGroupPerHour = 2
        let it = try Keeper(Pipeline(policy: policy))
        await it.keeper.round(isWanted: true)
        try it.it.aws.stand([1, 2, 3])
        await it.later()
        #expect(it.it.aws.with { $0.rules.count } == 1)
        #expect(try it.events().count { $0 == ["Sweep", "suppressed"] } == 1)
        it.it.time.advance(.seconds(3601))
        await it.keeper.round(isWanted: false)
        #expect(it.it.aws.with { $0.rules.isEmpty })
        #expect(try it.events() == Array(repeating: ["Sweep", "reverted"], count: 3))
    }

    @Test func `all of one round together wait half a minute for the reverts of messages, not each of them`()
        async throws
    {
        var policy = Policy.watching(.ingressAdded)
        policy.revertsPerGroupPerHour = 100
        let it = try Keeper(Pipeline(policy: policy))
        await it.keeper.round(isWanted: true)
        try it.it.aws.stand(Array(1...20))
        it.it.time.advance(.seconds(901))
        await it.keeper.round(isWanted: false)
        it.it.time.advance(.seconds(31))
        let place = Place(account: AccountID("111122223333"), region: try #require(AWSRegion("eu-west-1")))
        let key = CallQuota.Key(place: place, action: "RevokeSecurityGroupIngress")
        var keeper = it.keeper
        let (judge, gateway) = (keeper.judge, it.it.pipeline.revert.gateway)
        keeper.judge = { run in
            // The reverts of messages have just used up the quota. Half of it is back after five seconds.
            gateway.quota.with(key) { bucket, now in
                while bucket.tokens >= 1 { _ = bucket.take(waiting: 1, now: now) }
                bucket.accepted(.token, now: now)
            }
            return try await judge(run)
        }
        let start = it.it.time.now
        await keeper.round(isWanted: false)
        #expect(it.it.aws.with { $0.rules.isEmpty })
        #expect(it.it.time.now.timeIntervalSince(start) < 60)
    }

    @Test func `twelve hundred of them are judged part by part`() async throws {
        let it = try Keeper(Pipeline())
        await it.keeper.round(isWanted: true)
        try it.it.aws.stand(Array(1...1200))
        let counts = Mutex((now: 0, most: 0, all: 0))
        var keeper = it.keeper
        keeper.judge = { _ in
            counts.withLock { $0 = ($0.now + 1, max($0.most, $0.now + 1), $0.all + 1) }
            await Task.yield()
            counts.withLock { $0.now -= 1 }
            return .reverted
        }
        it.it.time.advance(.seconds(901))
        await keeper.round(isWanted: false)
        it.it.time.advance(.seconds(31))
        await keeper.round(isWanted: false)
        #expect(counts.withLock { $0.all } == 1200)
        #expect(counts.withLock { $0.most } <= 500)
    }

    @Test func `a snapshot takes at most half of EC2's describe quota, and none while reverts look`() async throws {
        let time = VirtualTime()
        let calls = Mutex<[Date]>([])
        let aws = ScriptedAWS(time: time) { action in
            if action == "DescribeSecurityGroupRules" { calls.withLock { $0.append(time.now) } }
        }
        let it = try Pipeline(time: time, aws: aws)
        let place = Place(account: AccountID("111122223333"), region: try #require(AWSRegion("eu-west-1")))
        let gateway = SecurityGroupGateway(session: it.session, clock: time.clock)
        let group = try #require(SecurityGroupID(Name.group))
        for _ in 0..<20 { _ = try await gateway.rules(ofGroups: [group], in: place) }
        let times = calls.withLock(\.self)
        let pauses = zip(times, times.dropFirst()).map { $1.timeIntervalSince($0) }
        #expect(times.count == 20 && pauses.allSatisfy { $0 >= 0.099 }, "EC2 refills 20 calls a second")
        for _ in 0..<60 { _ = gateway.quota.with(.looks(place)) { bucket, now in bucket.take(waiting: 1, now: now) } }
        let start = time.now
        _ = try await gateway.rules(ofGroups: [group], in: place)
        #expect(time.now.timeIntervalSince(start) >= 2, "until the bucket is nearly full again")
    }

    @Test func `EC2 has room for a run of our own while half of its quota is left, and again once it refills`()
        async throws
    {
        let it = try Pipeline()
        let place = Place(account: AccountID("111122223333"), region: try #require(AWSRegion("eu-west-1")))
        let gateway = SecurityGroupGateway(session: it.session, clock: it.time.clock)
        #expect(gateway.hasRoom(in: place))
        let key = CallQuota.Key(place: place, action: "RevokeSecurityGroupIngress")
        for _ in 0..<26 { _ = gateway.quota.with(key) { bucket, now in bucket.take(waiting: 1, now: now) } }
        gateway.quota.with(key) { bucket, now in bucket.accepted(.token, now: now) }
        #expect(!gateway.hasRoom(in: place))
        it.time.advance(.seconds(1))
        #expect(gateway.hasRoom(in: place))
    }
}
