extension AWSServiceClient {
    /// The version of each query API, which never changed since; the others have none.
    private var apiVersion: String {
        switch service {
        case .ec2: "2016-11-15"
        case .sns: "2010-03-31"
        case .sts: "2011-06-15"
        case .sqs, .dynamodb, .sso, .ssoOIDC: ""
        }
    }

    /// Calls `action` in the query protocol and reads the root element of the answer.
    func query(
        _ action: String,
        _ addParameters: (inout QueryEncoder) -> Void = { _ in }
    ) async throws -> (root: XMLTree, requestID: String?) {
        var encoder = QueryEncoder(action: action, version: apiVersion)
        addParameters(&encoder)
        let response = try await send(
            Call(
                operation: action,
                headers: ["Content-Type": "application/x-www-form-urlencoded; charset=utf-8"],
                body: encoder.body
            )
        )
        do throws(XMLTree.Failure) {
            let root = try XMLTree.parse(response.body)
            let requestID = root.text("requestId") ?? root["ResponseMetadata"]?.text("RequestId") ?? response.requestID
            return (root, requestID)
        } catch {
            throw unreadable(action, error.description)
        }
    }
}
