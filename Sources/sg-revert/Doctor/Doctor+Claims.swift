import AWSClient
import Worker

extension Doctor {
    /// Checks that the table that hosts share exists, has the right shape, and may be read and written.
    func claims(_ session: AWSSession) async -> [Finding] {
        guard let table = setup.claimsTable else { return [] }
        let name = "table \(table)"
        let client: DynamoDBClient
        let described: DescribedTable
        do {
            let region = try setup.queueURL.map { try session.sqs(queueURL: $0).region } ?? session.region
            client = try session.dynamodb(region: region)
            described = try await client.describe(table)
        } catch let error as AWSServiceError where error.has(code: "AccessDeniedException") {
            // The worker itself does not describe the table.
            return [
                .notTried(
                    "claims",
                    "\(error)",
                    fix: "allow dynamodb:DescribeTable on \(name), or check its key by hand"
                )
            ]
        } catch {
            let fix =
                "create the table with ClaimsTable=true of infra/cloudformation/sg-revert.yaml, or correct --claims"
            return [.problem("claims", errorText(error), fix: fix)]
        }
        guard described.key == ["pk S"] else {
            let key = described.key.joined(separator: ", ")
            return [
                .problem("claims", "\(name) has the key \(key)", fix: "name a table whose only key is pk, a string")
            ]
        }
        guard ["ACTIVE", "UPDATING"].contains(described.status) else {
            return [.problem("claims", "\(name) is \(described.status)", fix: "wait until it is ACTIVE")]
        }
        return [
            .ok("claims", name), await timeToLive(client, table),
            .of(await client.probeRead(table), "dynamodb:GetItem", on: name),
            .of(await client.probeWrite(ClaimsTableProbe.write, table: table), "dynamodb:UpdateItem", on: name),
            .of(await client.probeWrite(ClaimsTableProbe.put, table: table), "dynamodb:PutItem", on: name),
        ]
    }

    private func timeToLive(_ client: DynamoDBClient, _ table: String) async -> Finding {
        let check = "claims-expire"
        let fix =
            "aws dynamodb update-time-to-live --table-name \(table) --time-to-live-specification "
            + "Enabled=true,AttributeName=expires_at"
        do {
            switch try await client.timeToLiveAttribute(of: table) {
            case "expires_at": return .ok(check, "items of table \(table) are removed after expires_at")
            case let other?: return .warning(check, "items of table \(table) are removed after \(other)", fix: fix)
            case nil: return .warning(check, "nothing is ever removed from table \(table)", fix: fix)
            }
        } catch {
            return .notTried(check, errorText(error), fix: "allow dynamodb:DescribeTimeToLive on the table")
        }
    }
}
