import Foundation

extension AWSServiceClient {
    /// The version of each query API. The JSON protocols have none.
    private var apiVersion: String {
        switch service {
        case .ec2: "2016-11-15"
        case .sns: "2010-03-31"
        case .sts: "2011-06-15"
        case .sqs, .dynamodb, .eventbridge, .sso, .ssoOIDC: ""
        }
    }

    /// The response of a query API.
    struct QueryAnswer {
        let root: XMLTree
        let requestID: String?
        /// The time of the service's clock at the response.
        let date: Date?
    }

    /// Calls `action` in the query protocol and reads the root element of the response.
    func query(
        _ action: String,
        of resource: AWSResource? = nil,
        _ addParameters: (inout QueryEncoder) -> Void = { _ in }
    ) async throws -> QueryAnswer {
        var encoder = QueryEncoder(action: action, version: apiVersion)
        addParameters(&encoder)
        let response = try await send(
            Call(
                operation: action,
                headers: ["Content-Type": "application/x-www-form-urlencoded; charset=utf-8"],
                body: encoder.body,
                resource: resource
            )
        )
        do throws(XMLTree.Failure) {
            let root = try XMLTree.parse(response.body)
            let requestID = root.text("requestId") ?? root["ResponseMetadata"]?.text("RequestId") ?? response.requestID
            return QueryAnswer(
                root: root,
                requestID: requestID,
                date: response.headers["Date"].flatMap(ClockSkew.parse)
            )
        } catch {
            throw unreadable(action, error.description)
        }
    }
}
