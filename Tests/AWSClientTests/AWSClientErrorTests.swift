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
}
