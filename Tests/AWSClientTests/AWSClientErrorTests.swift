import AWSClient
import Testing

@Suite struct AWSClientErrorTests {
    @Test(arguments: [
        (
            AWSClientError.transport(service: "s", operation: "o", .timedOut(host: "h", after: .seconds(1))), true,
            false
        ),
        (.transport(service: "s", operation: "o", .connectionFailed(host: "h", reason: "r")), true, false),
        (.transport(service: "s", operation: "o", .refused(host: "h", reason: "r")), false, false),
        (.unreadableResponse(service: "s", operation: "o", reason: "r"), true, false),
        (.noCredentials(tried: "t"), false, false),
        (.invalidSetting(name: "n", value: "v", reason: "r"), false, true),
        (.missingRegion, false, true),
    ]
    )
    func `tells what may pass by itself from what somebody must mend`(
        error: AWSClientError,
        isTransient: Bool,
        isConfiguration: Bool
    ) {
        #expect(error.isTransient == isTransient)
        #expect(error.isConfiguration == isConfiguration)
    }

    @Test func `stays one printable line whatever the text that it quotes`() {
        let odd = "https://x\u{1B}[31m\r\n\u{202E}" + String(repeating: "y", count: 500)
        let errors: [AWSClientError] = [
            .invalidQueueURL(odd, reason: "r"), .invalidTopicARN(odd),
            .invalidSetting(name: "N", value: odd, reason: "r"),
        ]
        for error in errors {
            #expect(error.description.unicodeScalars.allSatisfy { $0.value >= 0x20 && $0.value != 0x202E })
            #expect(error.description.count < 400)
        }
    }

    @Test(arguments: [
        (
            AWSClientError.noCredentials(tried: "a, b", hint: "raise the limit"),
            "no AWS credentials in a, b; set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY or choose a profile "
                + "(raise the limit)"
        ),
        (.invalidCredentials(source: "profile p", reason: "r"), "the AWS credentials of profile p cannot be used: r"),
        (
            .unreadableResponse(service: "sts", operation: "AssumeRole", reason: "r"),
            "sts AssumeRole got an answer that cannot be read: r; check that the endpoint is AWS"
        ),
        (.invalidSharedFile(path: "/c", line: 3, reason: "r"), "/c:3: r"),
        (.invalidSharedFile(path: "/c", line: nil, reason: "r"), "/c: r"),
        (.missingRegion, "no AWS region; set AWS_REGION, --region, or region in the profile"),
    ])
    func `says in one line what is wrong and what to do`(error: AWSClientError, text: String) {
        #expect(error.description == text)
        #expect(!error.isTimeout)
    }

    @Test func `does not blame a setting for credentials that are missing, because they may come`() {
        #expect(!AWSClientError.noCredentials(tried: "t").isConfiguration)
        #expect(!AWSClientError.invalidCredentials(source: "s", reason: "r").isConfiguration)
        #expect(AWSClientError.invalidSharedFile(path: "/c", line: nil, reason: "r").isConfiguration)
        #expect(AWSClientError.invalidQueueURL("q", reason: "r").isConfiguration)
        #expect(AWSClientError.invalidTopicARN("t").isConfiguration)
    }
}
