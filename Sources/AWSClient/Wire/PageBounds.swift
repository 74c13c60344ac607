/// Follows the pages of one answer and ends the walk where no honest service would go on.
///
/// A service, or whoever answers in its place, may hand out a new token for ever. Without bounds that fills the memory.
struct PageBounds {
    /// A Region's quota is 2,500 groups; 1,000 rules a page is what EC2 gives.
    static let maximumPages = 200
    /// Rules or groups of one call.
    static let maximumItems = 100_000

    /// Why the walk ends with an error.
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

    /// The token of the page to ask for, or nil at the start and at the end.
    private(set) var token: String?
    private var seen: Set<String> = []
    private var pages = 1

    /// Takes the token that a page named as the next one; nil and an empty one end the walk.
    ///
    /// - Parameter items: the number of elements so far.
    mutating func turn(to next: String?, items: Int) throws(Failure) {
        guard items <= Self.maximumItems else { throw .tooManyItems }
        token = next.flatMap { $0.isEmpty ? nil : $0 }
        guard let token else { return }
        guard seen.insert(token).inserted else { throw .repeatedToken }
        pages += 1
        guard pages <= Self.maximumPages else { throw .tooManyPages }
    }
}
