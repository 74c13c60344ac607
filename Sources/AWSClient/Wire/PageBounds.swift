/// Follows the pages of one response, and ends where no honest service would go on.
///
/// A service, or somebody who answers in its place, may return a new token for ever. Without bounds that would fill the
/// memory.
struct PageBounds {
    /// A Region's quota is 2,500 groups, and EC2 returns 1,000 rules on a page.
    static let maximumPages = 200
    /// The largest number of rules or groups of one call.
    static let maximumItems = 100_000

    /// The reason why the pages end with an error.
    enum Failure: Error, Equatable, CustomStringConvertible {
        case repeatedToken
        case tooManyPages
        case tooManyItems

        var description: String {
            switch self {
            case .repeatedToken: "a page names itself or an earlier one as the next"
            case .tooManyPages: "there are more than \(maximumPages) pages; ask for fewer things at once"
            case .tooManyItems: "there are more than \(maximumItems) elements; ask for fewer things at once"
            }
        }
    }

    /// The token of the page to ask for; nil at the start and at the end.
    private(set) var token: String?
    private var seen: Set<String> = []
    private var pages = 1

    /// Takes the token of the next page. A nil or empty token ends the pages.
    ///
    /// - Parameter items: The number of elements so far.
    mutating func turn(to next: String?, items: Int) throws(Failure) {
        guard items <= Self.maximumItems else { throw .tooManyItems }
        token = next.flatMap { $0.isEmpty ? nil : $0 }
        guard let token else { return }
        guard seen.insert(token).inserted else { throw .repeatedToken }
        pages += 1
        guard pages <= Self.maximumPages else { throw .tooManyPages }
    }
}
