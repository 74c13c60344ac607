/// CloudTrail's record of a call that succeeded, unless a test says otherwise. All values are raw JSON.
package struct CallRecord: Sendable {
    package var eventName: String
    package var request: String
    package var response: String
    /// The members that differ from the usual record; nil leaves a member out.
    package var members: [String: String?]

    /// Creates the record of a call with made-up ids.
    package init(
        eventName: String = "AuthorizeSecurityGroupIngress",
        request: String = #"{"groupId":"sg-0a1b2c3d4e5f60718","ipPermissions":{}}"#,
        response: String = #"{"requestId":"5d2f1c0e-aaaa-bbbb-cccc-000000000001","_return":true}"#,
        members: [String: String?] = [:]
    ) {
        self.eventName = eventName
        self.request = request
        self.response = response
        self.members = members
    }

    /// The bare record.
    package var json: String {
        var all: [String: String?] = [
            "eventVersion": #""1.11""#,
            "eventID": #""e0000000-1111-2222-3333-444444444444""#,
            "eventName": "\"\(eventName)\"",
            "eventSource": #""ec2.amazonaws.com""#,
            "eventTime": #""2026-11-25T09:30:00Z""#,
            "awsRegion": #""eu-west-1""#,
            "recipientAccountId": #""111122223333""#,
            "requestID": #""5d2f1c0e-aaaa-bbbb-cccc-000000000001""#,
            "sourceIPAddress": #""198.51.100.7""#,
            "userAgent": #""aws-cli/2.31.0""#,
            "userIdentity": #"{"type":"IAMUser","arn":"arn:aws:iam::111122223333:user/mia","userName":"mia"}"#,
            "requestParameters": request,
            "responseElements": response,
        ]
        all.merge(members) { $1 }
        let texts = all.sorted { $0.key < $1.key }.compactMap { key, value in value.map { "\"\(key)\":\($0)" } }
        return "{\(texts.joined(separator: ","))}"
    }

    /// The record as EventBridge sends it. The parameters are those of the envelope, which may differ from the record's.
    package func inEventBridge(
        account: String = "444455556666",
        region: String = "eu-central-1",
        time: String = "2026-11-25T09:30:01Z"
    ) -> String {
        #"{"version":"0","id":"d0000000-0000-0000-0000-000000000000","detail-type":"AWS API Call via CloudTrail","#
            + #""source":"aws.ec2","account":"\#(account)","time":"\#(time)","region":"\#(region)","#
            + #""resources":[],"detail":\#(json)}"#
    }
}
