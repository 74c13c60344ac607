import ArgumentParser
import SecurityGroups
import Testing

@testable import sg_revert

@Suite struct PolicyOptionsTests {
    private func source(_ arguments: [String], _ environment: [String: String] = [:]) throws -> PolicySource {
        try PolicyOptions.parse(arguments).source(Settings(configPath: nil, environment: environment))
    }

    @Test func `a policy is a file or some groups`() throws {
        let group = try #require(SecurityGroupID("sg-0a1b2c3d"))
        #expect(try source(["--policy", "p.yaml"]) == .file("p.yaml"))
        #expect(try source([], ["SG_REVERT_POLICY": "p.yaml", "SG_REVERT_GROUPS": " "]) == .file("p.yaml"))
        #expect(try source(["--group", "sg-0a1b2c3d"]) == .groups([group]))
        #expect(try source([], ["SG_REVERT_GROUPS": "sg-0a1b2c3d,"]) == .groups([group]))
    }

    @Test(
        arguments: [
            ([], [:], "no policy: set --policy or SG_REVERT_POLICY, or set --group or SG_REVERT_GROUPS"),
            (
                ["--policy", "p", "--group", "sg-0a1b2c3d"], [:],
                "a policy file is set by --policy and groups by --group: keep one of the two"
            ),
            (
                ["--group", "sg-0a1b2c3d"], ["SG_REVERT_POLICY": "p"],
                "a policy file is set by SG_REVERT_POLICY and groups by --group: keep one of the two"
            ),
            (
                [], ["SG_REVERT_POLICY": "p", "SG_REVERT_GROUPS": "x"],
                "a policy file is set by SG_REVERT_POLICY and groups by SG_REVERT_GROUPS: keep one of the two"
            ),
        ] as [([String], [String: String], String)]
    )
    func `neither or both is wrong, and told with the places`(
        arguments: [String],
        environment: [String: String],
        message: String
    ) {
        let error = #expect(throws: SettingsError.self) { try source(arguments, environment) }
        #expect(error?.description == message)
        #expect(error?.exitCode == 78)
    }
}
