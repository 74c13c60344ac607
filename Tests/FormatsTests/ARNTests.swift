import Formats
import Testing

@Suite struct ARNTests {
    @Test func `an ARN is split into its parts, and the resource keeps its colons`() {
        let arn = ARN("arn:aws:sns:eu-west-1:111122223333:topic:with:colons")
        #expect(arn?.partition == "aws")
        #expect(arn?.service == "sns")
        #expect(arn?.region == "eu-west-1")
        #expect(arn?.account == "111122223333")
        #expect(arn?.resource == "topic:with:colons")
        #expect(arn?.description == "arn:aws:sns:eu-west-1:111122223333:topic:with:colons")
    }

    @Test func `Region and account may be empty`() {
        #expect(ARN("arn:aws:iam::111122223333:role/a")?.region == "")
        #expect(ARN("arn:aws:s3:::bucket")?.account == "")
    }

    @Test(arguments: ["", "arn", "arn:aws:sns:eu-west-1:111122223333", "urn:aws:sns:eu-west-1:111122223333:a", ":::::"])
    func `other text is no ARN`(_ text: String) {
        #expect(ARN(text) == nil)
    }
}
