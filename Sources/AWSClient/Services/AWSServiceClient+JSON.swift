extension AWSServiceClient {
    /// Sends a call of a JSON protocol and reads the object of the response. An empty body is an empty object.
    func json(_ call: Call) async throws -> JSONTree {
        let response = try await send(call)
        do throws(JSONTree.Failure) {
            let json = try JSONTree.parse(response.body.isEmpty ? Array("{}".utf8) : response.body)
            guard json.isObject else { throw JSONTree.Failure.malformed(offset: 0) }
            return json
        } catch {
            throw unreadable(call.operation, "the JSON lacks what the operation answers with or is cut off")
        }
    }
}
