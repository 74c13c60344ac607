import Foundation
import Logging
import TestSupport
import Testing

@testable import AWSClient

/// Shared files that nobody thought of, resolved here and by botocore.
///
/// Profiles beside botocore.
@Suite(.enabled(if: Botocore.isAvailable, "no Python with botocore")) struct ProfileBotocoreTests {
    private struct Question: Encodable {
        let kind = "profile"
        let config: String
        let credentials: String
        let profile: String
    }

    private struct Answer: Decodable, Equatable {
        struct Role: Decodable, Equatable {
            let by: String?
            let arn: String
            let externalID: String?
        }

        let keys: [String?]?
        let roles: [Role]
        var error: String?
    }

    private static let profiles = ["default", "a", "b", "c"]

    @Test func `both resolve 200 generated files alike`() async throws {
        var generator = SeededGenerator(seed: 3)
        let questions = (0..<200).map { _ in Self.question(&generator) }
        let answers = try Botocore.ask(questions, for: Answer.self)
        try #require(answers.count == questions.count)
        var kinds: Set<String> = []
        for (question, answer) in zip(questions, answers) {
            let found = await Self.resolve(question)
            kinds.insert(
                answer.error.map { _ in "error" } ?? (answer.keys == nil ? "nothing" : "\(answer.roles.count)")
            )
            #expect(found.keys == answer.keys && found.roles == answer.roles, "\(question)\n\(found)\n\(answer)")
            #expect((found.error != nil) == (answer.error != nil), "\(question)\n\(found)\n\(answer)")
        }
        // The generator reaches every kind of outcome.
        #expect(kinds.isSuperset(of: ["error", "nothing", "0", "1", "2"]), "\(kinds)")
    }

    private static func resolve(_ question: Question) async -> Answer {
        let role = { (number: Int) -> ScriptedTransport.Answer in
            .answer(
                200,
                "<AssumeRoleResponse><AssumeRoleResult><Credentials><AccessKeyId>ROLE\(number)</AccessKeyId>"
                    + "<SecretAccessKey>rs</SecretAccessKey><SessionToken>rt</SessionToken>"
                    + "<Expiration>2100-01-01T00:00:00Z</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>"
            )
        }
        let transport = ScriptedTransport((1...4).map(role))
        let system = TestSystem(files: ["/config": question.config, "/credentials": question.credentials])
        do {
            let session = try AWSSession(
                environment: [
                    "AWS_CONFIG_FILE": "/config", "AWS_SHARED_CREDENTIALS_FILE": "/credentials",
                    "AWS_EC2_METADATA_DISABLED": "true", "AWS_REGION": "eu-west-1",
                ],
                profile: question.profile,
                transport: transport,
                logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() },
                system: system.system
            )
            let found = try await session.credentials
            return Answer(
                keys: [found.accessKeyID, found.secretAccessKey, found.sessionToken],
                roles: transport.requests.map(assumed)
            )
        } catch AWSClientError.noCredentials {
            return Answer(keys: nil, roles: [])
        } catch {
            return Answer(keys: nil, roles: [], error: "\(error)")
        }
    }

    private static func assumed(_ request: HTTPRequest) -> Answer.Role {
        func parameter(_ name: String) -> String? {
            request.text.split(separator: "&").first { $0.hasPrefix("\(name)=") }
                .flatMap { URIEncoding.decode(String($0.dropFirst(name.count + 1))) }
        }
        let credential = request.headers["Authorization"]?.split(separator: "=").dropFirst().first?.split(
            separator: "/"
        )
        return Answer.Role(
            by: credential?.first.map(String.init),
            arn: parameter("RoleArn") ?? "",
            externalID: parameter("ExternalId")
        )
    }

    /// Two files in what both dialects have in common: botocore knows neither comments behind a value nor profiles
    /// with half of a pair in each file.
    private static func question(_ generator: inout SeededGenerator) -> Question {
        var config = ""
        var credentials = ""
        for name in profiles where Int.random(in: 0..<8, using: &generator) > 0 {
            let properties = properties(of: name, &generator)
            let isInConfig = properties.contains { $0.hasPrefix("role_arn") } || Bool.random(using: &generator)
            let space = [" = ", "=", "  =\t"].randomElement(using: &generator) ?? "="
            var lines = properties.map { $0.replacingOccurrences(of: "=", with: space) }
            lines.insert(
                ["", "# a comment", "; another", "region = eu-west-3"].randomElement(using: &generator) ?? "",
                at: 0
            )
            let text = lines.joined(separator: "\n") + "\n"
            if isInConfig {
                config += (name == "default" ? "[default]\n" : "[profile \(name)]\n") + text
            } else {
                credentials += "[\(name)]\n" + text
            }
        }
        let profile = profiles.randomElement(using: &generator) ?? "a"
        return Question(config: config, credentials: credentials, profile: profile)
    }

    private static func properties(of name: String, _ generator: inout SeededGenerator) -> [String] {
        let pair = ["aws_access_key_id=AK\(name)", "AWS_Secret_Access_Key=s/+\(name)"]
        let target = profiles.randomElement(using: &generator) ?? "a"
        let role = ["role_arn=arn:aws:iam::1:role/\(name)", "source_profile=\(target)"]
        switch Int.random(in: 0..<8, using: &generator) {
        case 0: return ["output=json"]
        case 1: return [pair[0]]
        case 2: return pair + ["aws_session_token=t\(name)"]
        case 3: return pair
        case 4: return role + ["external_id=x \(name)"]
        case 5: return role + pair
        case 6: return [role[0]]
        default: return role
        }
    }
}
