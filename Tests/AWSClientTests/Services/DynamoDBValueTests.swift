import Formats
import Foundation
import Testing

@testable import AWSClient

@Suite struct DynamoDBValueTests {
    private func item(_ json: String) throws -> DynamoDBItem? {
        DynamoDBValue.item(try JSONTree.parse(Array(json.utf8)))
    }

    private func text(_ item: DynamoDBItem) -> String {
        String(decoding: JSONWriter.object { $0.member("Item", item) }, as: UTF8.self)
    }

    @Test(arguments: [
        (DynamoDBValue.string("é\"\n"), #"{"S":"é\"\n"}"#), (.number("-1.5E+20"), #"{"N":"-1.5E+20"}"#),
        (.integer(.min), #"{"N":"-9223372036854775808"}"#), (.bool(false), #"{"BOOL":false}"#),
        (.null, #"{"NULL":true}"#), (.stringSet(["b", "a"]), #"{"SS":["a","b"]}"#),
        (.list([.string("x"), .list([])]), #"{"L":[{"S":"x"},{"L":[]}]}"#),
        (.map(["b": .null, "a": .map([:])]), #"{"M":{"a":{"M":{}},"b":{"NULL":true}}}"#),
    ])
    func `writes every type as DynamoDB does, and reads it back`(value: DynamoDBValue, json: String) throws {
        let written = text(["v": value])
        #expect(written == #"{"Item":{"v":\#(json)}}"#)
        #expect(try item(#"{"v":\#(json)}"#) == ["v": value])
    }

    @Test(arguments: [
        #"{"B":"AA=="}"#, #"{"BS":[]}"#, #"{"NS":["1"]}"#, #"{"S":5}"#, #"{"N":5}"#, #"{"BOOL":"true"}"#,
        #"{"SS":"a"}"#,
        #"{"L":{}}"#, #"{"L":[{"B":"AA=="}]}"#, #"{"M":[]}"#, "{}", #"{"S":"a","N":"1"}"#, "5", "null",
    ])
    func `leaves out an attribute of another type or form, which somebody else wrote`(json: String) throws {
        #expect(try item(#"{"odd":\#(json),"pk":{"S":"k"}}"#) == ["pk": .string("k")])
    }

    @Test func `is no item where there is none`() throws {
        #expect(DynamoDBValue.item(nil) == nil)
        #expect(try item("[]") == nil)
        #expect(try item("{}") == [:])
    }

    @Test func `gives a value only as what it is`() {
        #expect(DynamoDBValue.string("5").string == "5")
        #expect(DynamoDBValue.string("5").integer == nil)
        #expect(DynamoDBValue.integer(5).integer == 5)
        #expect(DynamoDBValue.number("1.5").integer == nil)
        #expect(DynamoDBValue.number("9223372036854775808").integer == nil)
        #expect(DynamoDBValue.integer(1).bool == nil)
        #expect(DynamoDBValue.bool(true).bool == true)
        #expect(DynamoDBValue.null.string == nil)
    }
}
