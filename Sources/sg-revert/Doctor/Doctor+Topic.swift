import AWSClient

extension Doctor {
    /// Checks that the topic exists and accepts messages.
    func topic(_ session: AWSSession) async -> [Finding] {
        guard let arn = setup.topicARN else {
            let isOtherwise = setup.webhook != nil || setup.eventBus != nil
            return [.ok("topic", isOtherwise ? "no topic is set" : "no notifications are asked for")]
        }
        guard !arn.hasSuffix(".fifo") else {
            return [.problem("topic", "\(arn) is a FIFO topic", fix: "name a standard topic")]
        }
        let sns: SNSClient
        do {
            sns = try session.sns(topicARN: arn)
        } catch {
            return [.problem("topic", "\(error)", fix: "set --topic-arn or notify.topic_arn to the topic's ARN")]
        }
        switch await sns.probeTopic(topicARN: arn) {
        case .missing(let error):
            let fix = "create the topic, or correct --topic-arn or notify.topic_arn"
            return [.problem("topic", error, fix: fix)] + notTried(["sns:Publish"], "there is no topic")
        case .unusable(let error):
            return [.problem("topic", error, fix: Finding.unusableFix)]
                + notTried(["sns:Publish"], "SNS cannot be used")
        case .allowed, .denied, .unclear: break
        }
        let publish = Finding.of(await sns.probePublish(topicARN: arn), "sns:Publish", on: arn)
        return [.ok("topic", arn), publish]
    }
}
