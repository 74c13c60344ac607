import CloudTrailEvents
import Foundation
import TestSupport
import Testing

@Suite struct CloudTrailEventTests {
    private func event(_ members: [String: String?]) throws -> CloudTrailEvent {
        try #require(DecodedMessage(body: CallRecord(eventName: "RunInstances", members: members).json).event)
    }

    @Test func `the facts are those of the record`() throws {
        let event = try event([:])
        #expect(event.eventID == "e0000000-1111-2222-3333-444444444444")
        #expect(event.eventName == "RunInstances")
        #expect(event.eventSource == "ec2.amazonaws.com")
        #expect(event.eventTime == Date(timeIntervalSince1970: 1_795_599_000))
        #expect(event.region == "eu-west-1")
        #expect(event.account == "111122223333")
        #expect(event.requestID == "5d2f1c0e-aaaa-bbbb-cccc-000000000001")
        #expect(event.sourceIPAddress == "198.51.100.7")
        #expect(event.userAgent == "aws-cli/2.31.0")
        #expect(event.errorCode == nil)
        #expect(event.errorMessage == nil)
        #expect(event.originalEventID == nil)
    }

    @Test(arguments: [
        (#""2026-11-25T09:30:00Z""#, 1_795_599_000.0),
        (#""2026-11-25T09:30:00.250Z""#, 1_795_599_000.25),
        (#""2026-11-25T10:30:00+01:00""#, 1_795_599_000.0),
        (#""2026-11-25""#, nil), (#""yesterday""#, nil), (#""""#, nil), ("1795599000", nil), ("null", nil),
        (#""2026-13-45T99:99:99Z""#, nil),
    ])
    func `the time is RFC 3339 or unknown`(json: String, seconds: Double?) throws {
        #expect(try event(["eventTime": json]).eventTime?.timeIntervalSince1970 == seconds)
    }

    @Test func `a record of 2017 has its request id in the answer`() throws {
        let event = try event(["requestID": nil, "responseElements": #"{"requestId":"r-1","_return":true}"#])
        #expect(event.requestID == "r-1")
    }

    @Test(arguments: [
        (#"{"reason":"UPDATED_DATA","updatedFields":"x","originalEventID":"e-1"}"#, "e-1"),
        (#"{"reason":"DELIVERY_DELAY","originalEventID":"e-1"}"#, nil),
        (#"{"reason":"UPDATED_DATA"}"#, nil),
    ])
    func `a correction names the record that it corrects`(addendum: String, original: String?) throws {
        #expect(try event(["addendum": addendum]).originalEventID == original)
    }

    @Test func `the account is the recipient's, else the bus's, else the caller's`() throws {
        let identity = #"{"type":"IAMUser","accountId":"777788889999"}"#
        let record = CallRecord(members: ["recipientAccountId": nil, "awsRegion": nil, "userIdentity": identity])
        let sent = try #require(DecodedMessage(body: record.inEventBridge()).event)
        #expect(sent.account == "444455556666")
        #expect(sent.region == "eu-central-1")
        let bare = try #require(DecodedMessage(body: record.json).event)
        #expect(bare.account == "777788889999")
        #expect(bare.region == nil)
        #expect(DecodedMessage(body: CallRecord().inEventBridge()).event?.account == "111122223333")
    }
}

@Suite struct ActorTests {
    private func actor(_ identity: String) throws -> Actor {
        try #require(DecodedMessage(body: CallRecord(members: ["userIdentity": identity]).json).event).actor
    }

    @Test func `behind an Identity Center session stands the role with its path`() throws {
        let issuer = "arn:aws:iam::111122223333:role/aws-reserved/sso.amazonaws.com/eu-west-1/AWSReservedSSO_Admin_0123"
        let actor = try actor(
            #"{"type":"AssumedRole","accountId":"111122223333","invokedBy":"cloudformation.amazonaws.com","#
                + #""arn":"arn:aws:sts::111122223333:assumed-role/AWSReservedSSO_Admin_0123/mia@example.com","#
                + #""sessionContext":{"sourceIdentity":"mia","sessionIssuer":"#
                + #"{"type":"Role","arn":"\#(issuer)","userName":"AWSReservedSSO_Admin_0123"}}}"#
        )
        #expect(actor.type == "AssumedRole")
        #expect(actor.issuerARN == issuer)
        #expect(actor.userName == "AWSReservedSSO_Admin_0123")
        #expect(actor.sessionName == "mia@example.com")
        #expect(actor.sourceIdentity == "mia")
        #expect(actor.invokedBy == "cloudformation.amazonaws.com")
        #expect(actor.accountID == "111122223333")
    }

    @Test(arguments: [
        ("IAMUser", "arn:aws:iam::111122223333:user/ops/mia"), ("Root", "arn:aws:iam::111122223333:root"),
    ])
    func `users and the root stand for themselves`(type: String, arn: String) throws {
        let actor = try actor(#"{"type":"\#(type)","arn":"\#(arn)","sessionContext":{"sessionIssuer":{}}}"#)
        #expect(actor.issuerARN == arn)
        #expect(actor.sessionName == nil)
    }

    @Test(arguments: ["null", "{}", "[]", "7", #"{"type":"AWSService","invokedBy":"autoscaling.amazonaws.com"}"#])
    func `whoever has no ARN has no issuer`(identity: String) throws {
        #expect(try actor(identity).issuerARN == nil)
    }

    @Test(arguments: [
        (#"{"type":"AWSService","invokedBy":"autoscaling.amazonaws.com"}"#, "autoscaling.amazonaws.com"),
        (
            #"{"type":"IdentityCenterUser","credentialId":"c-1","onBehalfOf":{"userId":"u-1","identityStoreArn":"a"}}"#,
            "u-1"
        ),
        (#"{"type":"AWSAccount","accountId":"444455556666","principalId":"AIDAEXAMPLE"}"#, "AIDAEXAMPLE"),
        (#"{"type":"AWSAccount","accountId":"444455556666"}"#, "444455556666"),
        (#"{"type":"IAMUser","arn":"arn:aws:iam::111122223333:user/mia","principalId":"AIDAEXAMPLE"}"#, nil),
        ("{}", nil),
    ])
    func `whoever has no ARN has an id`(identity: String, id: String?) throws {
        #expect(try actor(identity).actorID == id)
    }

    @Test func `a session's own ARN is never its issuer`() throws {
        let actor = try actor(#"{"type":"AssumedRole","arn":"arn:aws:sts::111122223333:assumed-role/r/s"}"#)
        #expect(actor.issuerARN == nil)
        #expect(actor.sessionName == "s")
    }
}
