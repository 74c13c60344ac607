import Formats

/// The credentials of an ECS task or an EKS pod, from the agent of the container.
struct ContainerProvider: CredentialProvider {
    let name = "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI or …_FULL_URI"
    private let endpoint: ContainerEndpoint
    private let runtime: AWSServiceClient.Runtime

    init(environment: [String: String], runtime: AWSServiceClient.Runtime) {
        endpoint = ContainerEndpoint(environment: environment)
        self.runtime = runtime
    }

    func credentials() async throws -> Credentials? {
        guard let url = try await endpoint.url(runtime.system) else { return nil }
        var request = HTTPRequest(method: "GET", url: url, headers: ["Accept": "application/json"])
        request.isMetadata = true
        request.headers["Authorization"] = try endpoint.authorization(runtime.system)
        request.headers["User-Agent"] = runtime.userAgent
        let response = try await answer(request)
        let document = CredentialDocument(response.body)
        guard response.status == 200, let found = document?.credentials else {
            let code = plainText(document?.code ?? "no credentials in its answer", limit: 200)
            throw endpoint.invalid("\(url) answered HTTP \(response.status): \(code)")
        }
        return found
    }

    /// The agent's answer. It is asked up to three times, as botocore does.
    private func answer(_ request: HTTPRequest) async throws -> HTTPResponse {
        var attempt = 1
        while true {
            do throws(HTTPTransportError) {
                let response = try await runtime.transport.send(request, timeout: .seconds(5))
                if response.status < 500 || attempt == 3 { return response }
            } catch .cancelled {
                throw CancellationError()
            } catch {
                if attempt == 3 || !error.isTransient { throw endpoint.invalid("\(error)") }
            }
            let delay = RetryBackoff.delay(.transient, attempt: attempt, random: runtime.system.random())
            try await runtime.system.sleep(delay)
            attempt += 1
        }
    }
}
