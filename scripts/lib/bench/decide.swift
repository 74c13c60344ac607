import CloudTrailEvents
import Glibc
import SecurityGroups

/// 20 watch entries, 50 allow entries and 10 exemptions, of which the last decide: a policy as large as people write.
func policy() -> Policy {
    func id(_ prefix: String, _ number: Int) -> String {
        let digits = String(number, radix: 16)
        return prefix + String(repeating: "0", count: 17 - digits.count) + digits
    }
    let watch = (1..<20).map { Watch(groups: [id("sg-", $0)], origin: "policy.yaml:\($0) watch") }
    let allow = (0..<50).map { number in
        Allow(
            direction: .ingress,
            ipProtocol: .tcp,
            ports: [PortRange(from: 443, to: 443), PortRange(from: 8000, to: 8100)],
            sources: (0..<4).compactMap { CIDRBlock("10.\(number).\($0).0/24") }.map { .cidr($0) } + [.itself],
            origin: "policy.yaml:\(100 + number) allow"
        )
    }
    let exempt = (0..<10).map {
        Exemption(
            principals: ["arn:aws:iam::*:role/aws-reserved/*/Admin\($0)_*"],
            origin: "policy.yaml:\(300 + $0) exempt"
        )
    }
    return Policy(watch: watch + [Watch(origin: "policy.yaml:20 watch")], allow: allow, exempt: exempt)
}

/// A record with `count` rules, of which none is allowed.
func record(rules count: Int) -> String {
    let rules = (0..<count).map {
        #"{"groupOwnerId":"111122223333","groupId":"sg-0a1b2c3d4e5f60718","#
            + #""securityGroupRuleId":"sgr-0123456789abcdef0","isEgress":false,"ipProtocol":"tcp","fromPort":443,"#
            + #""toPort":443,"cidrIpv4":"203.0.\#($0 % 250).0/24"}"#
    }
    return #"{"version":"0","detail-type":"AWS API Call via CloudTrail","account":"111122223333","#
        + #""region":"eu-west-1","detail":{"eventVersion":"1.11","eventID":"e0000000-1111-2222-3333-444444444444","#
        + #""eventName":"AuthorizeSecurityGroupIngress","eventSource":"ec2.amazonaws.com","#
        + #""eventTime":"2026-11-25T09:30:00Z","awsRegion":"eu-west-1","recipientAccountId":"111122223333","#
        + #""userIdentity":{"type":"AssumedRole","arn":"arn:aws:sts::111122223333:assumed-role/admin/mia","#
        + #""sessionContext":{"sessionIssuer":{"type":"Role","arn":"arn:aws:iam::111122223333:role/admin"}}},"#
        + #""requestParameters":{"groupId":"sg-0a1b2c3d4e5f60718","ipPermissions":{}},"responseElements":"#
        + #"{"_return":true,"securityGroupRuleSet":{"items":[\#(rules.joined(separator: ","))]}}}}"#
}

/// Judges all rules of a change, and answers how many are to be reverted.
func judge(_ event: CloudTrailEvent, _ change: SecurityGroupChange, by policy: Policy) -> Int {
    let context = ChangeContext(
        group: GroupFacts(groupID: change.groupID, account: event.account, region: event.region),
        kind: change.kind,
        issuerARN: event.actor.issuerARN,
        eventTime: event.eventTime
    )
    guard case .watched(let watch) = policy.watch(context) else { return 0 }
    return change.rules.count { policy.decide($0, context, under: watch)?.decision == .revert }
}

/// The processor time of this thread in seconds, which does not run while others have the processor.
func threadSeconds() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
}

/// How often in a second `body` does what it counts, over at least two seconds.
func rate(_ body: () -> Int) -> Int {
    _ = body()
    let start = threadSeconds()
    var count = 0
    while threadSeconds() - start < 2 {
        for _ in 0..<100 { count += body() }
    }
    return Int(Double(count) / (threadSeconds() - start))
}

/// Measures the pure core on one thread: from the text of a message to the decisions on its rules.
@main
struct Benchmark {
    static func main() {
        let policy = policy()
        for count in [1, 100] {
            let text = record(rules: count)
            guard case .change(let event, let change) = DecodedMessage(body: text) else {
                preconditionFailure("the benchmark's own record is readable")
            }
            let decided = rate { judge(event, change, by: policy) }
            let decoded = rate {
                guard case .change(let event, let change) = DecodedMessage(body: text) else { return 0 }
                return judge(event, change, by: policy)
            }
            print(
                #"{"rules_per_event":\#(count),"bytes":\#(text.utf8.count),"decisions_per_second":\#(decided),"#
                    + #""decisions_per_second_with_decoding":\#(decoded)}"#
            )
        }
    }
}
