import Testing

@testable import sg_revert

@Suite struct QueuePolicyReviewTests {
    private func review(_ statements: String...) -> Finding {
        QueuePolicyReview(
            policy: "{\"Version\":\"2012-10-17\",\"Statement\":[\(statements.joined(separator: ","))]}",
            ownAccount: "111122223333"
        ).finding
    }

    private static let rule = """
        {"Effect":"Allow","Principal":{"Service":"events.amazonaws.com"},"Action":"sqs:SendMessage","Resource":"*",
         "Condition":{"ArnEquals":{"aws:SourceArn":"arn:aws:events:eu-west-1:111122223333:rule/sg-revert"}}}
        """
    private static let closed = """
        {"Effect":"Deny","Principal":"*","Action":"sqs:SendMessage","Resource":"*",
         "Condition":{"ArnNotEquals":{"aws:SourceArn":"arn:aws:events:eu-west-1:111122223333:rule/sg-revert"}}}
        """

    @Test func `the template's policy lets only the rule send`() {
        #expect(review(Self.rule, Self.closed).status == .ok)
    }

    @Test(arguments: [
        (#"{"Effect":"Allow","Principal":"*","Action":"sqs:SendMessage","Resource":"*"}"#, "everybody"),
        (#"{"Effect":"Allow","Principal":{"AWS":"*"},"Action":"SQS:*","Resource":"*"}"#, "everybody"),
        (#"{"Effect":"Allow","Principal":{"AWS":["444455556666"]},"Action":["sqs:Send*"]}"#, "444455556666"),
        (
            #"{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::444455556666:root"},"Action":"*"}"#,
            "arn:aws:iam::444455556666:root"
        ),
        (
            #"{"Effect":"Allow","Principal":{"Service":"events.amazonaws.com"},"Action":"sqs:SendMessage"}"#,
            "for any account"
        ),
        (
            #"{"Effect":"Allow","Principal":"*","Action":"sqs:*","Condition":{"Bool":{"aws:SecureTransport":"true"}}}"#,
            "everybody"
        ),
        (
            #"{"Effect":"Allow","Principal":"*","Action":"sqs:*","Condition":{"ArnNotEquals":{"aws:SourceArn":"x"}}}"#,
            "everybody"
        ),
        (
            #"{"Effect":"Allow","Principal":"*","Action":"sqs:*","Condition":{"ArnLike":{"aws:SourceArn":"*"}}}"#,
            "everybody"
        ),
        (#"{"Effect":"Allow","NotPrincipal":{"AWS":"x"},"Action":"sqs:SendMessage"}"#, "everybody but x"),
    ])
    func `a policy that lets others send is a problem, and names them`(_ statement: String, _ name: String) {
        let finding = review(statement, Self.closed)
        #expect(finding.status == .problem)
        #expect(finding.detail.contains(name), "\(finding.detail)")
        #expect(finding.fix != nil)
    }

    @Test(arguments: [
        #"{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:root"},"Action":"SQS:*"}"#,
        #"{"Effect":"Allow","Principal":"*","Action":"sqs:ReceiveMessage"}"#,
        #"{"Effect":"Allow","Principal":"*","Action":"sqs:*","Condition":{"StringEquals":{"aws:SourceAccount":"111122223333"}}}"#,
    ])
    func `statements that let nobody else send are no problem, but IAM still may`(_ statement: String) {
        let finding = review(Self.rule, statement)
        #expect(finding.status == .warning)
        #expect(finding.detail.contains("by IAM"))
    }

    @Test func `where only some senders are believed, others may send but not forge`() {
        let open = #"{"Statement":{"Effect":"Allow","Principal":"*","Action":"sqs:SendMessage"}}"#
        #expect(QueuePolicyReview(policy: open, ownAccount: nil, trustsOnlySome: true).finding.status == .warning)
        let ours = #"{"Statement":[]}"#
        #expect(QueuePolicyReview(policy: ours, ownAccount: nil, trustsOnlySome: true).finding.status == .ok)
    }

    @Test(arguments: [nil, "", "no JSON"])
    func `without a policy EventBridge cannot send`(_ policy: String?) {
        #expect(QueuePolicyReview(policy: policy, ownAccount: nil).finding.status == .warning)
    }
}
