// swift-tools-version: 6.2

import PackageDescription

/// The house rules, the same in every target: Swift 6 mode, every import declared, no warning.
let houseRules: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
    .treatAllWarnings(as: .error),
]

/// Targets that call C also mark every unsafe expression.
let touchesC = houseRules + [.strictMemorySafety()]

/// `SG_REVERT_COMMIT`, where the environment of the build has it: scripts/package sets it.
let buildStamp: [CSetting] = {
    let commit = (Context.environment["SG_REVERT_COMMIT"] ?? "").filter { $0.isHexDigit || $0 == "+" }
    return commit.isEmpty ? [] : [.define("SG_REVERT_COMMIT", to: commit)]
}()

let package = Package(
    name: "sg-revert",
    products: [
        .executable(name: "sg-revert", targets: ["sg-revert"])
    ],
    dependencies: [
        // Exact versions are the pin: a resolved file holds commit ids, which differ between mirrors.
        .package(url: "https://github.com/apple/swift-argument-parser", exact: "1.8.2"),
        .package(url: "https://github.com/apple/swift-log", exact: "1.16.2"),
        .package(url: "https://github.com/apple/swift-metrics", exact: "2.13.0"),
        .package(url: "https://github.com/groue/GRDB.swift", exact: "7.10.0"),
        .package(url: "https://github.com/jpsim/Yams", exact: "6.2.2"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", exact: "2.13.0"),
    ],
    targets: [
        .systemLibrary(
            name: "CCurl",
            pkgConfig: "libcurl",
            providers: [.apt(["libcurl4-openssl-dev"])]
        ),
        .systemLibrary(
            name: "CCrypto",
            pkgConfig: "libcrypto",
            providers: [.apt(["libssl-dev"])]
        ),
        .systemLibrary(name: "CSystem"),

        // Small formats that every target needs, each written once: times, safe text, JSON strings, ARNs, back-off.
        .target(name: "Formats", swiftSettings: houseRules),

        // The pure core: values and decisions.
        .target(name: "SecurityGroups", dependencies: ["Formats"], swiftSettings: houseRules),
        .target(
            name: "CloudTrailEvents",
            dependencies: ["Formats", "Hashing", "SecurityGroups"],
            swiftSettings: houseRules
        ),

        .target(
            name: "PolicyFile",
            dependencies: ["Formats", "Hashing", "SecurityGroups", "Yams"],
            swiftSettings: houseRules
        ),

        // The edges.
        .target(name: "Hashing", dependencies: ["CCrypto"], swiftSettings: touchesC),
        .target(
            name: "AWSClient",
            dependencies: [
                "Formats", "Hashing", "CCurl", "CSystem", .product(name: "Logging", package: "swift-log"),
                .product(name: "CoreMetrics", package: "swift-metrics"),
            ],
            swiftSettings: touchesC
        ),
        .target(
            name: "Ledger",
            dependencies: [
                "Formats", "SecurityGroups", "Hashing", .product(name: "GRDB", package: "GRDB.swift"),
                .product(name: "GRDBSQLite", package: "GRDB.swift"),
            ],
            swiftSettings: touchesC
        ),
        .target(
            name: "Telemetry",
            dependencies: [
                "Formats", .product(name: "CoreMetrics", package: "swift-metrics"),
                .product(name: "Logging", package: "swift-log"),
            ],
            swiftSettings: houseRules
        ),

        // The commit that a build is made from, told by the environment of the build.
        .target(name: "CBuildStamp", cSettings: buildStamp),

        // What joins them.
        .target(
            name: "Worker",
            dependencies: [
                "Formats", "Hashing", "SecurityGroups", "CloudTrailEvents", "Ledger", "AWSClient",
                .product(name: "CoreMetrics", package: "swift-metrics"),
                .product(name: "Logging", package: "swift-log"),
            ],
            swiftSettings: houseRules
        ),
        .executableTarget(
            name: "sg-revert",
            dependencies: [
                "Formats", "Hashing", "SecurityGroups", "CloudTrailEvents", "PolicyFile", "Ledger", "AWSClient",
                "Telemetry",
                "Worker",
                "CBuildStamp", "Yams",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "CoreMetrics", package: "swift-metrics"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "UnixSignals", package: "swift-service-lifecycle"),
            ],
            swiftSettings: houseRules
        ),

        // What scripts/bench aws measures.
        .executableTarget(
            name: "aws-bench",
            dependencies: ["AWSClient", .product(name: "Logging", package: "swift-log")],
            swiftSettings: houseRules
        ),

        // What the tests share: seeded randomness, virtual time, records, a ledger, programs beside the test.
        .target(
            name: "TestSupport",
            dependencies: [
                "AWSClient", "CSystem", "Ledger", "SecurityGroups", .product(name: "GRDB", package: "GRDB.swift"),
            ],
            path: "Tests/TestSupport",
            exclude: ["Simulation"],
            swiftSettings: houseRules
        ),
        // AWS, its callers and the machines that the worker runs on, in memory and on virtual time.
        .target(
            name: "SimulatedWorld",
            dependencies: [
                "AWSClient", "Formats", "Ledger", "PolicyFile", "SecurityGroups", "TestSupport", "Worker",
                .product(name: "GRDB", package: "GRDB.swift"),
                .product(name: "Logging", package: "swift-log"),
            ],
            path: "Tests/TestSupport/Simulation",
            swiftSettings: houseRules
        ),
        // The whole guard in a simulated account, seed after seed.
        .executableTarget(
            name: "simulate",
            dependencies: ["SimulatedWorld", .product(name: "Logging", package: "swift-log")],
            path: "Tests/simulate",
            swiftSettings: houseRules
        ),

        .testTarget(name: "FormatsTests", dependencies: ["Formats", "TestSupport"], swiftSettings: houseRules),
        .testTarget(name: "HashingTests", dependencies: ["Hashing", "TestSupport"], swiftSettings: houseRules),
        .testTarget(
            name: "SecurityGroupsTests",
            dependencies: ["SecurityGroups", "TestSupport"],
            swiftSettings: houseRules
        ),
        .testTarget(
            name: "CloudTrailEventsTests",
            dependencies: ["CloudTrailEvents", "SecurityGroups", "TestSupport"],
            swiftSettings: houseRules
        ),
        .testTarget(
            name: "PolicyFileTests",
            dependencies: ["PolicyFile", "SecurityGroups", "TestSupport", "Yams"],
            swiftSettings: houseRules
        ),
        .testTarget(
            name: "AWSClientTests",
            dependencies: [
                "AWSClient", "Formats", "TestSupport",
                .product(name: "InMemoryLogging", package: "swift-log"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "CoreMetrics", package: "swift-metrics"),
                .product(name: "MetricsTestKit", package: "swift-metrics"),
            ],
            exclude: ["Support/botocore_peer.py"],
            swiftSettings: houseRules
        ),
        // Writes a ledger and is killed at it, many at once.
        .executableTarget(
            name: "ledger-writer",
            dependencies: ["Ledger", "SecurityGroups"],
            path: "Tests/ledger-writer",
            swiftSettings: houseRules
        ),
        .testTarget(
            name: "LedgerTests",
            dependencies: [
                "Formats", "Ledger", "ledger-writer", "SecurityGroups", "TestSupport",
                .product(name: "GRDB", package: "GRDB.swift"),
            ],
            swiftSettings: houseRules
        ),
        .testTarget(
            name: "TelemetryTests",
            dependencies: [
                "Telemetry", "TestSupport", .product(name: "CoreMetrics", package: "swift-metrics"),
                .product(name: "Logging", package: "swift-log"),
            ],
            swiftSettings: houseRules
        ),
        .testTarget(
            name: "WorkerTests",
            dependencies: [
                "Worker", "Hashing", "Formats", "SecurityGroups", "CloudTrailEvents", "Ledger", "AWSClient",
                "TestSupport",
                .product(name: "CoreMetrics", package: "swift-metrics"),
                .product(name: "InMemoryLogging", package: "swift-log"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "MetricsTestKit", package: "swift-metrics"),
            ],
            swiftSettings: houseRules
        ),
        .testTarget(
            name: "CommandTests",
            dependencies: [
                "sg-revert", "AWSClient", "CloudTrailEvents", "Formats", "Ledger", "PolicyFile", "SecurityGroups",
                "Telemetry", "TestSupport", "Worker",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "InMemoryLogging", package: "swift-log"),
                .product(name: "Logging", package: "swift-log"),
            ],
            swiftSettings: houseRules
        ),
        .testTarget(
            name: "SimulationTests",
            dependencies: ["SimulatedWorld", "TestSupport", "simulate"],
            swiftSettings: houseRules
        ),
        // The built program against an AWS emulator.
        .testTarget(
            name: "EndToEndTests",
            dependencies: [
                "sg-revert", "AWSClient", "TestSupport", .product(name: "GRDB", package: "GRDB.swift"),
                .product(name: "Logging", package: "swift-log"),
            ],
            swiftSettings: houseRules
        ),
    ]
)
