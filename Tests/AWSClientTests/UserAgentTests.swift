import Testing

@testable import AWSClient

@Suite struct UserAgentTests {
    private func text(
        version: String = "1.2.3",
        _ environment: [String: String] = [:],
        profile: [String: String] = [:]
    ) -> String {
        UserAgent.text(version: version, environment: environment, profile: profile)
    }

    @Test func `names the program and its version, and claims to be no AWS SDK`() {
        #expect(text().hasPrefix("sg-revert/1.2.3 ua/2.1 os/linux lang/swift md/arch#"))
        #expect(text().hasSuffix(" cfg/retry-mode#standard"))
        #expect(!text().contains("aws-sdk"))
    }

    @Test(arguments: [
        (["AWS_SDK_UA_APP_ID": "env"], ["sdk_ua_app_id": "profile"], " app/env"),
        (["AWS_SDK_UA_APP_ID": " "], ["sdk_ua_app_id": "profile"], " app/profile"),
        ([:], ["sdk_ua_app_id": "profile"], " app/profile"), (["AWS_EXECUTION_ENV": ""], [:], "#standard"),
        (["AWS_EXECUTION_ENV": "AWS_ECS_EC2"], [:], " exec-env/AWS_ECS_EC2 cfg/retry-mode#standard"),
    ])
    func `takes the application from the environment, or else from the profile`(
        environment: [String: String],
        profile: [String: String],
        end: String
    ) {
        #expect(text(environment, profile: profile).hasSuffix(end))
    }

    @Test(arguments: [
        ("a b/c", "a-b-c"), ("é", "-"), ("x\r\nY: z", "x-Y--z"), ("(1)", "-1-"), ("!$%&'*+-.^_`|~", "!$%&'*+-.^_`|~"),
    ])
    func `writes a hyphen where a token may not have a character`(raw: String, shown: String) {
        #expect(text(version: raw).hasPrefix("sg-revert/\(shown) ua/2.1 "))
        #expect(text(["AWS_SDK_UA_APP_ID": raw]).hasSuffix(" app/\(shown)"))
    }
}
