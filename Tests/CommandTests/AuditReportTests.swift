import Foundation
import Testing

/// The report, where a browser is, as the browser shows it.
@Suite struct AuditReportTests {
    let folder: AuditFolder

    init() throws {
        folder = try AuditFolder()
    }

    /// What would run, load something, or break out of an element, an attribute, a comment or a script, if it could.
    private static let hostile =
        #"<script>document.title='pwned'</script><img src=x onerror="document.title='pwned'">"#
        + "\"'--></title></style></script><b>\u{202E}\u{1B}[2J&amp;"

    static let browser = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"].first {
        FileManager.default.isExecutableFile(atPath: $0)
    }

    private func report(_ ledger: String, _ arguments: [String] = []) async throws -> String {
        let result = try await folder.run(
            ["audit", "report", "--html", folder.path("report.html"), "--ledger", ledger] + arguments
        )
        #expect(result.status == 0 && result.output == "" && result.errors == "")
        return try String(contentsOfFile: folder.path("report.html"), encoding: .utf8)
    }

    @Test func `the page stands alone`() async throws {
        let html = try await report(try await folder.ledger("a", events: 5))
        for outside in ["http:", "https:", "src=", "@import", "url("] { #expect(!html.contains(outside), "\(outside)") }
        #expect(html.contains("<svg") && html.contains("<b>5</b><span>events</span>"))
    }

    @Test func `hostile text is escaped wherever it stands`() async throws {
        let html = try await report(try await folder.ledger("a", hostile: Self.hostile))
        #expect(html.components(separatedBy: "<script>").count == 2 && !html.contains("<img"))
        #expect(html.contains("&lt;script&gt;document.title=&#39;pwned&#39;&lt;/script&gt;"))
        #expect(!html.unicodeScalars.contains("\u{202E}") && !html.unicodeScalars.contains("\u{1B}"))
    }

    @Test func `the sums are of all events, the table of the newest`() async throws {
        let html = try await report(try await folder.ledger("a", events: 5), ["--limit", "2"])
        #expect(html.contains("<b>5</b><span>events</span>") && html.contains("The newest 2; 3 more"))
        #expect(html.components(separatedBy: "<tr><td").count == 3)
    }

    @Test func `temporary access of the ledger and of the policy is shown with its end`() async throws {
        let ledger = try await folder.ledger("a")
        let added = try await folder.run(
            [
                "exempt", "add", "--ledger", ledger, "--principal", "arn:aws:iam::111122223333:role/oncall", "--for",
                "2h",
            ]
                + ["--reason", "incident 4711"]
        )
        let policy = folder.path("policy.yaml")
        let text = #"""
            version: 1
            watch:
              - regions: [eu-west-1]
            exempt:
              - { name: always, principals: ["arn:aws:iam::111122223333:role/always"] }
              - { name: past, principals: ["arn:aws:iam::111122223333:role/past"], until: 2020-01-01T00:00:00Z }
              - name: move <b>
                principals: ["arn:aws:iam::111122223333:role/mover"]
                groups: [sg-0a1b2c3d4e5f60718]
                until: 2999-01-01T00:00:00Z
                then: revert
            """#
        try text.write(toFile: policy, atomically: true, encoding: .utf8)
        let html = try await report(ledger, ["--policy", policy])
        let section = try #require(html.components(separatedBy: "Temporary access").last)
        let rows = section.components(separatedBy: "</table>")[0].components(separatedBy: "<tr><td>").dropFirst()
        #expect(rows.count == 2)
        let (command, entry) = (rows.first ?? "", rows.last ?? "")
        #expect(command.hasPrefix(added.output.trimmingCharacters(in: .newlines)))
        #expect(command.contains("<td>incident 4711</td>"))
        for cell in [
            "move &lt;b&gt;", "arn:aws:iam::111122223333:role/mover", "sg-0a1b2c3d4e5f60718",
            "2999-01-01T00:00:00.000Z",
            "is reverted", "policy.yaml:7",
        ] { #expect(entry.contains(cell), "\(cell) in \(entry)") }
        #expect(try await !report(ledger).contains("move &lt;b&gt;"))
    }

    @Test func `a page that cannot be written is one line`() async throws {
        let ledger = try await folder.ledger("a")
        let result = try await folder.run(
            ["audit", "report", "--html", folder.path("no/report.html"), "--ledger", ledger]
        )
        #expect(result.status == 1 && result.errors.contains("cannot be written"))
    }

    @Test(.enabled(if: browser != nil, "no browser is installed"), arguments: ["", "#pwned%20reverted", "#nowhere"])
    func `a browser renders it, searches it, and runs nothing of what others wrote`(_ search: String) async throws {
        let ledger = try await folder.ledger("a", events: 3, hostile: Self.hostile)
        _ = try await report(ledger)
        let page = try await folder.run(
            [
                "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
                "--user-data-dir=\(folder.path("browser"))", "--virtual-time-budget=2000", "--dump-dom",
                "file://\(folder.path("report.html"))\(search)",
            ],
            program: Self.browser
        ).output
        #expect(page.contains("<title>Security group reverts</title>"))
        let rows = page.components(separatedBy: "<tr").dropFirst(2)
        #expect(rows.count == 3 && !page.contains("<img"))
        let isFound = search != "#nowhere"
        #expect(rows.allSatisfy { $0.hasPrefix(isFound ? "><td" : " hidden") })
        let count = search.isEmpty ? "" : isFound ? "3 of 3" : "0 of 3"
        #expect(page.contains("aria-live=\"polite\">\(count)</p>"))
    }
}
