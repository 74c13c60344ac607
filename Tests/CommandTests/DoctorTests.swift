import AWSClient
import Foundation
import SecurityGroups
import Testing

@testable import sg_revert

@Suite struct DoctorTests {
    private static let region = AWSRegion("eu-west-1")

    private func doctor(_ policy: Policy?, isDryRun: Bool = false) -> Doctor {
        Doctor(setup: Doctor.Setup(policy: policy, isDryRun: isDryRun)) { Date(timeIntervalSince1970: 0) }
    }

    private func policy(_ changes: Set<ChangeKind>) -> Policy {
        Policy(watch: [Watch(changes: changes, origin: "p.yaml:1")])
    }

    @Test(arguments: [("0", Finding.Status.problem), ("29", .problem), ("30", .ok), ("43200", .ok)])
    func `a short visibility timeout is a problem`(_ seconds: String, _ status: Finding.Status) {
        #expect(Doctor.visibility(["VisibilityTimeout": seconds]).status == status)
    }

    @Test(arguments: [(1, Finding.Status.problem), (2, .problem), (3, .ok), (100, .ok), (101, .warning)])
    func `few receives are a problem, very many a warning`(_ count: Int, _ status: Finding.Status) {
        #expect(Doctor.redrive(to: "q", after: count).status == status)
    }

    @Test func `the mistakes of a policy are one line of one finding`() {
        #expect(
            Finding.problem("policy", "p.yaml:1: a\nsg-revert: p.yaml:2: b", fix: "").detail
                == "p.yaml:1: a; p.yaml:2: b"
        )
    }

    @Test func `a policy that watches nothing is a problem`() {
        var setup = Doctor.Setup(policySource: .file("p.yaml"), policy: Policy(watch: []))
        #expect(Doctor(setup: setup) { Date() }.policy().status == .problem)
        setup.policy = policy([])
        #expect(Doctor(setup: setup) { Date() }.policy().status == .problem)
        setup.policy = policy([.ingressAdded])
        #expect(Doctor(setup: setup) { Date() }.policy().status == .ok)
    }

    @Test func `a denied call is a problem only where the policy needs it`() throws {
        let region = try #require(Self.region)
        let denied: [(AWSRegion, ProbeAnswer)] = [(region, .denied("no"))]
        func status(_ probe: EC2Probe, _ doctor: Doctor) -> Finding.Status {
            Doctor.finding(probe, denied, need: doctor.need(of: probe)).status
        }
        let usual = doctor(policy(ChangeKind.watchedByDefault))
        for probe in [EC2Probe.describeRules, .describeGroups, .revokeIngress, .revokeEgress] {
            #expect(status(probe, usual) == .problem, "\(probe)")
        }
        for probe in [EC2Probe.authorizeIngress, .authorizeEgress, .modifyRules] {
            #expect(status(probe, usual) == .ok, "\(probe)")
        }
        #expect(status(.authorizeIngress, doctor(policy([.ingressRemoved]))) == .problem)
        #expect(status(.authorizeEgress, doctor(policy([.egressRemoved]))) == .problem)
        #expect(status(.revokeIngress, doctor(policy([.ingressAdded]), isDryRun: true)) == .ok)
        #expect(status(.describeRules, doctor(policy([.ingressAdded]), isDryRun: true)) == .problem)
    }

    @Test func `a service that cannot be used is a problem where the worker needs it`() throws {
        let region = try #require(Self.region)
        let silent: [(AWSRegion, ProbeAnswer)] = [(region, .allowed), (region, .unusable("no answer"))]
        let problem = Doctor.finding(.describeRules, silent, need: .needed)
        #expect(problem.status == .problem)
        #expect(problem.detail == "eu-west-1: no answer")
        #expect(Doctor.finding(.modifyRules, silent, need: .optional("x")).status == .notTried)
        #expect(Finding.of(.unusable("no answer"), "sns:Publish", on: "t").status == .problem)
    }

    @Test func `an answer that tells nothing is not taken for a yes`() throws {
        let region = try #require(Self.region)
        let finding = Doctor.finding(.revokeIngress, [(region, .allowed), (region, .unclear("?"))], need: .needed)
        #expect(finding.status == .notTried)
        #expect(Finding.of(.unclear("?"), "sqs:SendMessage", on: "q").status == .notTried)
        #expect(Finding.of(.missing("?"), "sqs:SendMessage", on: "q").status == .problem)
        #expect(Finding.of(.denied("?"), "sqs:SendMessage", on: "q").status == .problem)
        #expect(Finding.of(.allowed, "sqs:SendMessage", on: "q").status == .ok)
    }

    @Test(arguments: [
        ("arn:aws:sts::111122223333:assumed-role/sg-revert/i-1", Finding.Status.ok),
        ("arn:aws:iam::111122223333:user/mia", .warning), ("arn:aws:iam::111122223333:root", .warning),
        ("arn:aws:sts::111122223333:assumed-role/AWSReservedSSO_Admin_1/mia", .warning),
    ])
    func `an identity that people use is a warning`(_ arn: String, _ status: Finding.Status) {
        #expect(Doctor.identity(CallerIdentity(account: "111122223333", arn: arn, userID: "A")).status == status)
    }

    @Test func `without a session every check is still named`() async {
        let findings = await doctor(nil).findings()
        #expect(findings.map(\.check) == Doctor.awsChecks + ["policy", "ledger"])
        #expect(findings.allSatisfy { $0.status == .notTried })
    }
}
