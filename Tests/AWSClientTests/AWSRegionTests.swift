import AWSClient
import Foundation
import Testing

@Suite struct AWSRegionTests {
    @Test(arguments: [
        ("eu-west-1", AWSPartition.aws), ("us-east-1", .aws), ("ap-southeast-5", .aws), ("mx-central-1", .aws),
        ("cn-north-1", .china), ("us-gov-east-1", .usGovernment), ("eusc-de-east-1", .europeanSovereignCloud),
        ("us-iso-east-1", .iso), ("us-isob-east-1", .isoB), ("eu-isoe-west-1", .isoE), ("us-isof-south-1", .isoF),
    ]
    )
    func `knows the partition of a Region`(name: String, partition: AWSPartition) throws {
        let region = try #require(AWSRegion(name))
        #expect(region.partition == partition)
        #expect(region.description == name)
    }

    @Test(arguments: [
        "", "-", "--", "us", "us-east", "us-east-", "us-east-1a", "us-east-100", "us--1", "US-EAST-1", "xx-east-1",
        "us-east-1.evil.com", "us-east-1/", "us-east-1\n", " us-east-1", "us-east-１", "aws-global",
        "us-éast-1", "us-ea_st-1", "us-gov-east-extra-1", "us-\(String(repeating: "a", count: 40))-1",
    ]
    )
    func `lets no other name through`(name: String) {
        #expect(AWSRegion(name) == nil)
    }

    @Test(.enabled(if: Conformance.isAvailable, "SG_REVERT_CONFORMANCE_DIR is unset"))
    func `agrees with AWS's list`() throws {
        let partitions = try #require(Conformance.json("partitions.json")["partitions"] as? [[String: Any]])
        #expect(partitions.count == AWSPartition.allCases.count)
        for entry in partitions {
            let id = try #require(entry["id"] as? String)
            let partition = try #require(AWSPartition(rawValue: id))
            let outputs = try #require(entry["outputs"] as? [String: Any])
            #expect(partition.dnsSuffix == outputs["dnsSuffix"] as? String)
            let regions = try #require(entry["regions"] as? [String: Any])
            for name in regions.keys where !name.hasSuffix("-global") {
                #expect(AWSRegion(name)?.partition == partition, "\(name)")
            }
        }
    }
}
