import AWSClient
import ArgumentParser
import CoreMetrics
import Foundation
import Logging

/// The options that say which AWS to call.
struct AWSOptions: ParsableArguments {
    @Option(.profile)
    var profile: String?

    @Option(.region)
    var region: String?

    @Option(.endpointURL)
    var endpointURL: String?

    /// Creates a session, with the settings resolved as in every AWS SDK.
    func session(
        _ settings: Settings,
        logger: Logger,
        metrics: any MetricsFactory = NOOPMetricsHandler.instance
    ) async throws -> AWSSession {
        let environment = settings.environment
        let session: AWSSession
        do {
            let profile = try settings.awsText(profile, .profile)
            session = try AWSSession(
                environment: environment,
                profile: profile,
                region: settings.awsText(region, .region),
                endpointURL: settings.awsText(endpointURL, .endpointURL),
                transport: CurlTransport(
                    caBundle: AWSSession.caBundle(environment: environment, profile: profile),
                    proxies: ProxySettings(environment: environment)
                ),
                logger: logger,
                metrics: metrics,
                version: Version.userAgent
            )
        } catch let error as any CommandFailure {
            throw error
        } catch AWSClientError.invalidSetting(let name, let value, let reason) where isFlag(name) {
            let error = AWSClientError.invalidSetting(name: name, value: value, reason: reason)
            throw RunFailure(description: "\(error)", exitCode: 64)
        } catch {
            throw RunFailure(description: errorText(error), exitCode: 78)
        }
        // Without an answer the Region stays unknown. That is an error only for a call that needs one.
        return (try? await session.locatingRegion()) ?? session
    }

    /// True if the setting `name` came from the command line. The session uses the same names for values from files.
    private func isFlag(_ name: String) -> Bool {
        name == "--region" && region != nil || name == "--endpoint-url" && endpointURL != nil
    }
}

extension Settings {
    /// A setting with a standard `AWS_*` variable, which the session reads itself.
    fileprivate func awsText(_ flag: String?, _ setting: Setting) throws(SettingsError) -> String? {
        if case .environment = origin(flag.map { [$0] } ?? [], setting) { return nil }
        return try text(flag, setting)
    }
}
