import Foundation
import Testing

@testable import AWSClient

@Suite struct SQSClientTests {
    private let queueURL = "https://sqs.eu-west-1.amazonaws.com/111122223333/q"

    private func client(_ answers: ScriptedTransport.Answer...) throws -> (SQSClient, ScriptedTransport) {
        let transport = ScriptedTransport(answers)
        return (try AWSSession.scripted(transport).sqs(queueURL: queueURL), transport)
    }

    @Test func `asks for all attributes and reads a message whole`() async throws {
        let (client, transport) = try client(
            .answer(
                200,
                """
                {"Messages":[{"MessageId":"m","ReceiptHandle":"h","Body":"b\\u00e9","MD5OfBody":"x","Unknown":[1],
                "Attributes":{"ApproximateReceiveCount":"3","SentTimestamp":"1","SenderId":"AROAX:events",
                "AWSTraceHeader":"Root=1-2"},
                "MessageAttributes":{"S":{"DataType":"String","StringValue":"v"},
                "B":{"DataType":"Binary","BinaryValue":"AQI="}}},{"MessageId":"n","ReceiptHandle":"i","Body":""}]}
                """
            )
        )
        let messages = try await client.receiveMessage(queueURL: queueURL, maxNumberOfMessages: 7, waitTimeSeconds: 3)
        #expect(messages.count == 2)
        #expect(messages[0].body == "bé")
        #expect(messages[0].receiveCount == 3)
        #expect(messages[0].senderID == "AROAX:events")
        #expect(messages[0].traceHeader == "Root=1-2")
        #expect(messages[1].senderID == nil)
        #expect(
            messages[0].messageAttributes == [
                "S": .string("v"), "B": MessageAttributeValue(dataType: "Binary", binaryValue: Data([1, 2])),
            ]
        )
        #expect(messages[1] == SQSMessage(messageID: "n", receiptHandle: "i", body: ""))
        #expect(messages[1].receiveCount == 1)

        let request = transport.requests[0]
        #expect(request.headers["X-Amz-Target"] == "AmazonSQS.ReceiveMessage")
        #expect(request.headers["Content-Type"] == "application/x-amz-json-1.0")
        #expect(request.headers["x-amzn-query-mode"] == "true")
        #expect(
            request.json == [
                "QueueUrl": queueURL, "MaxNumberOfMessages": 7, "WaitTimeSeconds": 3,
                "MessageSystemAttributeNames": ["All"], "MessageAttributeNames": ["All"],
            ]
        )
        #expect(transport.timeouts == [.seconds(13)])
    }

    @Test func `hides messages for as long as it is told`() async throws {
        let (client, transport) = try client(.answer(200, "{}"))
        _ = try await client.receiveMessage(queueURL: queueURL, visibilityTimeout: 45)
        #expect(transport.requests[0].json?["VisibilityTimeout"] as? Int == 45)
    }

    @Test(arguments: ["{}", "", #"{"Messages":null}"#, #"{"Messages":[]}"#]
    )
    func `takes an answer without messages for none`(body: String) async throws {
        let (client, _) = try client(.answer(200, body))
        #expect(try await client.receiveMessage(queueURL: queueURL).isEmpty)
    }

    @Test(arguments: [#"{"Messages":[{"#, #"{"Messages":[{}]}"#, "<html>"]
    )
    func `does not take half an answer for an empty queue`(body: String) async throws {
        let (client, _) = try client(.answer(200, body))
        await #expect(throws: AWSClientError.self) { try await client.receiveMessage(queueURL: queueURL) }
    }

    @Test func `tells for each handle whether its message is deleted`() async throws {
        let (client, transport) = try client(
            .answer(
                200,
                #"{"Successful":[{"Id":"2"},{"Id":"0"}],"Failed":[{"Id":"1","Code":"C","Message":"M","SenderFault":true}]}"#
            )
        )
        let outcomes = try await client.deleteMessageBatch(queueURL: queueURL, receiptHandles: ["a", "b", "c", "d"])
        #expect(outcomes[0] == nil)
        #expect(outcomes[1] == BatchEntryFailure(code: "C", message: "M", isSenderFault: true))
        #expect(outcomes[2] == nil)
        #expect(outcomes[3]?.code == "MissingFromAnswer")
        let entries = ["a", "b", "c", "d"].enumerated().map { ["Id": "\($0)", "ReceiptHandle": $1] }
        #expect(transport.requests[0].json == ["QueueUrl": queueURL, "Entries": entries])
    }

    @Test(arguments: [
        #"{"Successful":[{"Id":"0"},{"Id":"1"},{"Id":"2"}]}"#, #"{"Successful":[{"Id":"0"},{"Id":"x"}]}"#,
        #"{"Successful":[{"Id":"0"}],"Failed":[{"Id":"-1","Code":"C"}]}"#, "{}",
    ]
    )
    func `trusts no batch answer that names an entry which was never sent`(body: String) async throws {
        let (client, _) = try client(.answer(200, body))
        let outcomes = try await client.deleteMessageBatch(queueURL: queueURL, receiptHandles: ["a", "b"])
        #expect(outcomes.map { $0?.code } == ["MissingFromAnswer", "MissingFromAnswer"])
    }

    @Test func `takes an error that says nothing of itself for one that another try may mend`() async throws {
        let (client, _) = try client(.answer(200, #"{"Failed":[{"Id":"0"}]}"#))
        let outcomes = try await client.deleteMessageBatch(queueURL: queueURL, receiptHandles: ["a"])
        #expect(outcomes == [BatchEntryFailure(code: "Unknown", message: "", isSenderFault: false)])
    }

    @Test func `changes visibilities, and makes no call for nothing`() async throws {
        let (client, transport) = try client(.answer(200, #"{"Successful":[{"Id":"0"}]}"#))
        let outcomes = try await client.changeMessageVisibilityBatch(queueURL: queueURL, entries: [("h", 0)])
        #expect(outcomes == [nil])
        #expect(
            transport.requests[0].json == [
                "QueueUrl": queueURL, "Entries": [["Id": "0", "ReceiptHandle": "h", "VisibilityTimeout": 0]],
            ]
        )
        #expect(try await client.changeMessageVisibilityBatch(queueURL: queueURL, entries: []).isEmpty)
        #expect(try await client.deleteMessageBatch(queueURL: queueURL, receiptHandles: []).isEmpty)
        #expect(transport.requests.count == 1)
    }

    @Test func `sends a body as it is, with what goes beside it`() async throws {
        let (client, transport) = try client(.answer(200, #"{"MessageId":"m"}"#), .answer(200, #"{"MessageId":"n"}"#))
        let body = "{\"a\": \"é/😀\"}\n"
        #expect(try await client.sendMessage(queueURL: queueURL, body: body) == "m")
        #expect(transport.requests[0].json == ["QueueUrl": queueURL, "MessageBody": body])
        _ = try await client.sendMessage(
            queueURL: queueURL,
            body: "b",
            attributes: ["R": .string("x")],
            messageGroupID: "g",
            messageDeduplicationID: "d"
        )
        #expect(
            transport.requests[1].json == [
                "QueueUrl": queueURL, "MessageBody": "b", "MessageGroupId": "g", "MessageDeduplicationId": "d",
                "MessageAttributes": ["R": ["DataType": "String", "StringValue": "x"]],
            ]
        )
    }

    @Test func `reads a queue's attributes and URL`() async throws {
        let (client, transport) = try client(
            .answer(200, #"{"Attributes":{"RedrivePolicy":"{}"}}"#),
            .answer(200, #"{"QueueUrl":"u"}"#)
        )
        #expect(try await client.getQueueAttributes(queueURL: queueURL) == ["RedrivePolicy": "{}"])
        #expect(try await client.getQueueURL(name: "q", ownerAccountID: "111122223333") == "u")
        #expect(transport.requests[0].json == ["QueueUrl": queueURL, "AttributeNames": ["All"]])
        #expect(transport.requests[1].json == ["QueueName": "q", "QueueOwnerAWSAccountId": "111122223333"])
    }

    @Test func `knows a missing queue by either name`() async throws {
        let (client, _) = try client(
            .answer(
                400,
                #"{"__type":"com.amazonaws.sqs#QueueDoesNotExist","message":"no"}"#,
                ["x-amzn-query-error": "AWS.SimpleQueueService.NonExistentQueue;Sender"]
            )
        )
        await #expect {
            try await client.receiveMessage(queueURL: queueURL)
        } throws: { error in
            let error = error as? AWSServiceError
            return error?.has(code: "QueueDoesNotExist") == true
                && error?.has(code: "AWS.SimpleQueueService.NonExistentQueue") == true
                && error?.operation == "ReceiveMessage"
        }
    }

    @Test(arguments: [
        ("MessageId", false), ("ReceiptHandle", false), ("Body", false), ("Attributes", true),
        ("MessageAttributes", true),
    ])
    func `reads a message only with its id, its handle and its body`(missing: String, isMessage: Bool) async throws {
        let members = [
            #""MessageId":"m""#, #""ReceiptHandle":"h""#, #""Body":"b""#, #""Attributes":{"A":"1"}"#,
            #""MessageAttributes":{"B":{"DataType":"Number","StringValue":"2"}}"#,
        ]
        let kept = members.filter { !$0.hasPrefix("\"\(missing)\"") }.joined(separator: ",")
        let (client, _) = try client(.answer(200, #"{"Messages":[{\#(kept)}]}"#))
        let messages = try? await client.receiveMessage(queueURL: queueURL)
        #expect((messages?.count == 1) == isMessage)
        if isMessage {
            #expect(messages?[0].systemAttributes == (missing == "Attributes" ? [:] : ["A": "1"]))
            #expect(messages?[0].messageAttributes.isEmpty == (missing == "MessageAttributes"))
        }
    }

    @Test func `passes over attributes of a form that SQS does not write`() async throws {
        let (client, _) = try client(
            .answer(
                200,
                #"{"Messages":[{"MessageId":"m","ReceiptHandle":"h","Body":"b","Attributes":{"A":1,"B":"2","C":null},"#
                    + #""MessageAttributes":{"D":{"StringValue":"x"},"E":{"DataType":"Binary","BinaryValue":"!"},"F":5}}]}"#
            )
        )
        let message = try #require(try await client.receiveMessage(queueURL: queueURL).first)
        #expect(message.systemAttributes == ["B": "2"])
        #expect(message.messageAttributes == ["E": MessageAttributeValue(dataType: "Binary")])
    }

    @Test(arguments: [("1", 1), ("12", 12), ("0", 1), ("-3", 1), ("many", 1), ("", 1)])
    func `counts at least the receive that returned the message`(text: String, count: Int) {
        let attributes = ["ApproximateReceiveCount": text]
        let message = SQSMessage(messageID: "m", receiptHandle: "h", body: "", systemAttributes: attributes)
        #expect(message.receiveCount == count)
    }

    @Test func `gives every call but a receive ten seconds`() async throws {
        let (client, transport) = try client(.answer(200, "{}"), .answer(200, "{}"), .answer(200, "{}"))
        _ = try await client.receiveMessage(queueURL: queueURL, waitTimeSeconds: 0)
        _ = try await client.deleteMessageBatch(queueURL: queueURL, receiptHandles: ["h"])
        _ = try await client.getQueueAttributes(queueURL: queueURL)
        #expect(transport.timeouts == [.seconds(10), .seconds(10), .seconds(10)])
    }

    @Test func `sends an attribute of every type, in the order of their names`() async throws {
        let (client, transport) = try client(.answer(200, #"{"MessageId":"m"}"#))
        _ = try await client.sendMessage(
            queueURL: queueURL,
            body: "b",
            attributes: [
                "z": MessageAttributeValue(dataType: "Binary.png", binaryValue: Data([0, 255])),
                "a": MessageAttributeValue(dataType: "Number", stringValue: "1.5"),
            ]
        )
        #expect(
            transport.requests[0].text.contains(
                #""MessageAttributes":{"a":{"DataType":"Number","StringValue":"1.5"},"#
                    + #""z":{"DataType":"Binary.png","BinaryValue":"AP8="}}"#
            )
        )
    }

    @Test func `takes no answer for sent, found or known that does not say so`() async throws {
        let (client, _) = try client(.answer(200, "{}"), .answer(200, #"{"QueueUrl":null}"#), .answer(200, "[]"))
        let error = await #expect(throws: AWSClientError.self) {
            try await client.sendMessage(queueURL: queueURL, body: "b")
        }
        #expect(error?.description.hasPrefix("sqs SendMessage got an answer that cannot be read") == true)
        #expect(error?.isTransient == true)
        await #expect(throws: AWSClientError.self) { try await client.getQueueURL(name: "q") }
        await #expect(throws: AWSClientError.self) { try await client.getQueueAttributes(queueURL: queueURL) }
    }

    @Test func `a queue whose attributes nobody may read has none`() async throws {
        let (client, _) = try client(.answer(200, "{}"))
        #expect(try await client.getQueueAttributes(queueURL: queueURL) == [:])
    }

    @Test func `names a queue that is not found by its name`() async throws {
        let (client, transport) = try client(.answer(400, #"{"__type":"com.amazonaws.sqs#QueueDoesNotExist"}"#))
        let error = await #expect(throws: AWSServiceError.self) { try await client.getQueueURL(name: "events") }
        #expect(error?.description.hasPrefix("queue events does not exist: check --queue-url") == true)
        #expect(transport.requests[0].json == ["QueueName": "events"])
    }

    @Test func `shows the error of an entry in one printable line`() {
        let failure = BatchEntryFailure(code: "C\n", message: "M\u{1B}[31m", isSenderFault: true)
        #expect("\(failure)" == "C : M [31m")
    }
}
