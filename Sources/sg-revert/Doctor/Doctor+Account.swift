import AWSClient
import Formats
import Foundation

extension Doctor {
    /// The worker's identity.
    struct Account: Sendable {
        var findings: [Finding]
        var hasCredentials: Bool
        /// The account; nil if STS did not answer.
        var number: String?
    }

    /// Checks credentials, identity and clock.
    func account(_ session: AWSSession) async -> Account {
        let place: Finding
        do {
            let found = try await session.credentials
            let end = found.expiration.map { ", until \(RFC3339.format($0))" } ?? ""
            place = .ok("credentials", "\(found.source ?? "a provider")\(end)")
        } catch {
            let rest = notTried(["identity", "clock"], "no credentials")
            return Account(findings: [credentialsProblem(error)] + rest, hasCredentials: false)
        }
        do {
            let identity = try await session.sts(region: regions(session).first).getCallerIdentity()
            return Account(
                findings: [place, Self.identity(identity), clock(identity)],
                hasCredentials: true,
                number: identity.account
            )
        } catch {
            let fix = "renew the credentials, or let the worker reach STS; reverts go on without it"
            let problem = Finding.problem("identity", "\(error)", fix: fix)
            return Account(
                findings: [place, problem] + notTried(["clock"], "AWS did not tell the time"),
                hasCredentials: true
            )
        }
    }

    private func credentialsProblem(_ error: any Error) -> Finding {
        var fix = "give the worker a role, or set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or --profile"
        if "\(error)".contains("metadata") {
            fix +=
                "; in a container on EC2 set the hop limit of the metadata service to 2 "
                + "(aws ec2 modify-instance-metadata-options --http-put-response-hop-limit 2)"
        }
        return .problem("credentials", "\(error)", fix: fix)
    }

    /// Warns of an identity that people use, too: their changes may be taken for the worker's own.
    static func identity(_ identity: CallerIdentity) -> Finding {
        let detail = "\(identity.arn) in account \(identity.account)"
        let resource = ARN(identity.arn)?.resource ?? ""
        let isShared = resource == "root" || resource.hasPrefix("user/") || resource.contains("AWSReservedSSO_")
        guard isShared else { return .ok("identity", detail) }
        return .warning(
            "identity",
            "\(detail), which people use too: their changes may count as the worker's own",
            fix: "give the worker a role of its own"
        )
    }

    private func clock(_ identity: CallerIdentity) -> Finding {
        guard let answeredAt = identity.answeredAt else { return .notTried("clock", "AWS did not tell the time") }
        let skew = Int(now().timeIntervalSince(answeredAt).rounded())
        let text = "\(abs(skew)) s \(skew < 0 ? "behind" : "ahead of") AWS's"
        // Signatures are valid for 5 minutes. The client corrects a wrong clock for itself, but not for the age of
        // events.
        if abs(skew) >= 300 { return .problem("clock", text, fix: "set the clock; run an NTP client") }
        return abs(skew) >= 10 ? .warning("clock", text, fix: "run an NTP client") : .ok("clock", text)
    }

    /// Checks where the calls for the queue go.
    func endpoint(_ session: AWSSession) -> [Finding] {
        guard let queueURL = setup.queueURL else { return [] }
        do {
            let sqs = try session.sqs(queueURL: queueURL)
            let region = session.region.map { "default Region \($0)" } ?? "no default Region"
            return [.ok("endpoint", "\(sqs.endpoint) signed for \(sqs.region); \(region)")]
        } catch {
            return [.problem("endpoint", "\(error)", fix: "set AWS_REGION; check --queue-url and AWS_ENDPOINT_URL")]
        }
    }
}
