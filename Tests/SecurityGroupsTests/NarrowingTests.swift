import Testing

@testable import SecurityGroups

@Suite struct NarrowingTests {
    private let office: Allow
    private let group = Watch(groups: ["sg-0a1b2c3d"], origin: "p:2")

    init() throws {
        let block = try #require(CIDRBlock("203.0.113.0/24"))
        office = Allow(name: "office", sources: [.cidr(block)], origin: "p:5")
    }

    private func policy(_ change: (inout Policy) -> Void = { _ in }) -> Policy {
        var policy = Policy(watch: [group], allow: [office])
        change(&policy)
        return policy
    }

    @Test func `the same entries with other names, lines and limits let the same stand`() {
        let renamed = policy {
            $0.allow = [Allow(name: "desk", sources: office.sources, origin: "p:9")]
            $0.watch = [Watch(groups: ["sg-0a1b2c3d"], origin: "p:3")]
            $0.revertsPerHour = 5
        }
        #expect(!renamed.isNarrower(than: policy()))
    }

    @Test func `one more allow entry, or one more group, lets no less stand`() {
        let more = policy {
            $0.allow.append(Allow(sources: [.cidr(CIDRBlock("198.51.100.0/24")!)], origin: "p:6"))
            $0.watch.append(Watch(groups: ["sg-11111111"], origin: "p:3"))
        }
        #expect(!more.isNarrower(than: policy()))
    }

    @Test func `an allow entry that is gone, or narrower, lets less stand`() {
        #expect(policy { $0.allow = [] }.isNarrower(than: policy()))
        let narrower = policy { $0.allow = [Allow(sources: [.cidr(CIDRBlock("203.0.113.0/25")!)], origin: "p:5")] }
        #expect(narrower.isNarrower(than: policy()))
        #expect(policy().isNarrower(than: policy { $0.allow.append(Allow(sources: [], origin: "p:6")) }))
    }

    @Test func `a forbid entry more lets less stand, and so does the last one that goes`() {
        let world = Forbid(sources: nil, origin: "p:8")
        let tcp = Forbid(ipProtocol: .tcp, sources: nil, origin: "p:9")
        #expect(policy { $0.forbid = [world, tcp] }.isNarrower(than: policy { $0.forbid = [tcp] }))
        #expect(policy().isNarrower(than: policy { $0.forbid = [tcp] }))
        #expect(!policy { $0.forbid = [tcp] }.isNarrower(than: policy { $0.forbid = [world, tcp] }))
        #expect(!policy { $0.forbid = [tcp] }.isNarrower(than: policy()))
    }

    @Test(
        arguments: [
            (
                Watch(groups: ["sg-0a1b2c3d"], changes: [.ingressAdded, .ruleModified, .egressAdded], origin: "p:2"),
                true
            ),
            (Watch(groups: ["sg-0a1b2c3d"], changes: [.ingressAdded], origin: "p:2"), false),
            (Watch(groups: ["sg-0a1b2c3d"], baseline: .policy, origin: "p:2"), true),
            (Watch(groups: ["sg-0a1b2c3d"], action: .report, origin: "p:2"), false),
            (Watch(groups: ["sg-0a1b2c3d", "sg-11111111"], baseline: .policy, origin: "p:2"), true),
        ]
    )
    func `an entry that watches more changes, judges the baseline, or reverts in place of reporting, lets less stand`(
        entry: Watch,
        isNarrower: Bool
    ) {
        #expect(policy { $0.watch = [entry] }.isNarrower(than: policy()) == isNarrower)
    }

    @Test func `an entry that reported and now reverts lets less stand`() {
        let reporting = policy { $0.watch = [Watch(groups: ["sg-0a1b2c3d"], action: .report, origin: "p:2")] }
        #expect(policy().isNarrower(than: reporting))
    }
}
