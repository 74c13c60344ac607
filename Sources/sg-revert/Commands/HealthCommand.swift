import AWSClient
import ArgumentParser
import Formats
import Foundation
import Telemetry

struct HealthCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "health",
        abstract: "Ask a running worker's endpoint; for container health checks.",
        discussion: "Exit 0 where the worker is alive, with --ready where it can receive messages; else 1."
    )

    @Option(.httpAddress)
    var httpAddress: String?

    @Flag(help: "Ask whether it can receive messages, and not only whether it is alive.")
    var ready = false

    @OptionGroup var config: ConfigOptions

    func run() async throws {
        let settings = try config.settings()
        guard let address = try StatusSettings.address(httpAddress, settings) else {
            throw SettingsError.missing(
                what: "endpoint",
                how: "\(Setting.httpAddress.flag) or \(Setting.httpAddress.variable)"
            )
        }
        let text = address.url(ready ? "/readyz" : "/livez")
        guard let url = HTTPURL(text) else { throw RunFailure(description: "\(text) is no URL; check --http-address") }
        let response: HTTPResponse
        do {
            // No proxies are used, because the worker runs on this machine.
            response = try await CurlTransport().send(HTTPRequest(method: "GET", url: url), timeout: .seconds(5))
        } catch {
            throw RunFailure(description: "no worker answers at \(address): \(error)")
        }
        let body = plainText(String(decoding: response.body.prefix(4096), as: UTF8.self), limit: 4096)
        guard response.status == 200 else {
            throw RunFailure(description: "the worker at \(address) answers \(response.status): \(body)")
        }
        StandardOutput.write(body.trimmingCharacters(in: .whitespaces) + "\n")
    }
}
