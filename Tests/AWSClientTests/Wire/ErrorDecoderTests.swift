import Foundation
import Testing

@testable import AWSClient

@Suite struct ErrorDecoderTests {
    private func decode(_ status: Int, _ body: String, _ headers: HTTPHeaders = [:]) -> AWSServiceError {
        ErrorDecoder.decode(
            HTTPResponse(status: status, headers: headers, body: Array(body.utf8)),
            service: "sqs",
            operation: "X"
        )
    }

    @Test func `reads EC2's shape, the first of several errors`() {
        let error = decode(
            400,
            """
            <?xml version="1.0" encoding="UTF-8"?>
            <Response><Errors><Error><Code>InvalidGroup.NotFound</Code><Message>no sg-1</Message></Error>\
            <Error><Code>Other</Code></Error></Errors><RequestID>r-1</RequestID></Response>
            """
        )
        #expect(error.code == "InvalidGroup.NotFound")
        #expect(error.message == "no sg-1")
        #expect(error.requestID == "r-1")
        #expect(!error.isTransient && !error.isThrottling)
    }

    @Test func `reads the query protocol's shape`() {
        let error = decode(
            403,
            "<ErrorResponse><Error><Type>Sender</Type><Code>ExpiredToken</Code><Message>old</Message></Error>"
                + "<RequestId>r-2</RequestId></ErrorResponse>"
        )
        #expect(error.code == "ExpiredToken")
        #expect(error.requestID == "r-2")
    }

    @Test func `reads SQS's JSON, with the code's old name beside the new`() {
        let error = decode(
            400,
            #"{"__type":"com.amazonaws.sqs#QueueDoesNotExist","message":"gone"}"#,
            [
                "x-amzn-query-error": "AWS.SimpleQueueService.NonExistentQueue;Sender", "x-amzn-requestid": "r-3",
            ]
        )
        #expect(error.has(code: "QueueDoesNotExist"))
        #expect(error.has(code: "AWS.SimpleQueueService.NonExistentQueue"))
        #expect(!error.has(code: "Sender"))
        #expect(error.message == "gone")
        #expect(error.requestID == "r-3")
        #expect("\(error)" == "sqs X failed: QueueDoesNotExist: gone (HTTP 400, request r-3)")
    }

    @Test(arguments: [
        ("FooError", "FooError"), ("a.b#FooError", "FooError"), ("FooError:http://x/y#z", "FooError"),
        ("a.b#FooError:http://x/y", "FooError"), ("FooError:http://x", "FooError"),
    ]
    )
    func `takes the bare name of a code`(text: String, code: String) {
        #expect(ErrorDecoder.normalized(text) == code)
    }

    @Test(arguments: [
        "", "   ", "<html><body>busy</body></html>", "<!DOCTYPE html><html>", "<Response><Errors>", "{\"__type",
        "[]",
        "busy", "<Response><Errors><Error><Code/></Error></Errors></Response>", "\u{FFFD}\u{0}\u{1B}[31m",
    ]
    )
    func `says that a body is no error of AWS's`(body: String) {
        let error = decode(503, body)
        #expect(error.code == AWSServiceError.unreadableResponse)
        #expect(!error.message.isEmpty)
        #expect(error.isTransient)
        #expect(!"\(error)".unicodeScalars.contains { $0.value < 0x20 })
    }

    @Test func `reads an error of JSON kinds that nobody expects without falling over`() {
        let error = decode(400, #"{"__type": 5, "message": null, "Message": "m"}"#)
        #expect(error.code == AWSServiceError.unreadableResponse)
        #expect(error.message == "m")
        #expect(decode(400, "{}", ["x-amzn-ErrorType": "FooError:x"]).code == "FooError")
    }

    @Test func `knows a throttled call by its code, whatever the status`() {
        let body = "<Response><Errors><Error><Code>RequestLimitExceeded</Code></Error></Errors></Response>"
        #expect(decode(503, body).isThrottling)
        #expect(!decode(503, body).isTransient)
        let legacy = decode(400, #"{"__type":"x#Odd"}"#, ["x-amzn-query-error": "RequestThrottled;Sender"])
        #expect(legacy.isThrottling)
    }

    @Test(arguments: [
        (#"{"code":"A"}"#, "A", ""), (#"{"Code":"A","errorMessage":"m"}"#, "A", "m"),
        (#"{"__type":"x.y#A:http://z","code":"B","Message":"m"}"#, "A", "m"),
    ])
    func `finds the code and the message under every name that a service gives them`(
        body: String,
        code: String,
        message: String
    ) {
        let error = decode(400, body)
        #expect(error.code == code)
        #expect(error.message == message)
    }

    @Test func `believes the header more than the body, and a body without any form not at all`() {
        let header: HTTPHeaders = ["X-Amzn-ErrorType": "FromHeader:http://x"]
        #expect(decode(400, #"{"__type":"FromBody"}"#, header).code == "FromHeader")
        #expect(decode(400, "", header).code == "FromHeader")
        #expect(decode(400, "", header).message == "")
        // XML has a code of its own.
        #expect(decode(400, "<R><Error><Code>FromXML</Code></Error></R>", header).code == "FromXML")
    }

    @Test(arguments: ["x-amzn-requestid", "x-amz-request-id"])
    func `finds the request id in a header where the body has none`(name: String) {
        #expect(decode(500, "", [name: "r"]).requestID == "r")
        #expect(decode(400, "<R><Error><Code>C</Code></Error></R>", [name: "r"]).requestID == "r")
        let inBody = "<R><Error><Code>C</Code></Error><RequestID>b</RequestID></R>"
        #expect(decode(400, inBody, [name: "r"]).requestID == "b")
    }

    @Test func `quotes the beginning of a body that it cannot read, and no more`() {
        let error = decode(502, " \n<html>" + String(repeating: "x", count: 500))
        #expect(error.message.hasPrefix("the body is not an AWS error and begins <html>xxx"))
        #expect(error.message.utf8.count < 170)
        #expect(decode(502, " \n").message == "the body is empty")
    }

    @Test(
        .enabled(if: Conformance.isAvailable, "SG_REVERT_CONFORMANCE_DIR is unset"),
        arguments: [("ec2", 2), ("query", 3), ("json_1_0", 12), ("json_1_0-query-compatible", 2)]
    )
    func `reads the errors of the protocols' common suites`(suite: String, count: Int) throws {
        let text = try Conformance.text("protocols/output/\(suite).json")
        let suites = try #require(JSONSerialization.jsonObject(with: Data(text.utf8)) as? [[String: Any]])
        let cases = suites.flatMap { $0["cases"] as? [[String: Any]] ?? [] }.filter { $0["errorCode"] != nil }
        #expect(cases.count == count)
        for testCase in cases {
            let response = try #require(testCase["response"] as? [String: Any])
            var headers = HTTPHeaders()
            for (name, value) in response["headers"] as? [String: String] ?? [:] { headers.add(name, value) }
            let error = decode(
                try #require(response["status_code"] as? Int),
                response["body"] as? String ?? "",
                headers
            )
            #expect(error.has(code: testCase["errorCode"] as? String ?? ""), "\(testCase["id"] ?? "")")
            if let message = testCase["errorMessage"] as? String { #expect(error.message == message) }
        }
    }
}
