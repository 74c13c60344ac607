/// The candidate that differs from `name` in the fewest letters; nil if none is close enough for a typing mistake.
package func nearest(to name: String, among candidates: [String]) -> String? {
    // A mistyped name has less than a hundred letters, and the time grows with the product of the lengths.
    guard name.count <= 100 else { return nil }
    return
        candidates
        .map { (candidate: $0, distance: editDistance(name, $0)) }
        .filter { $0.distance <= max(2, $0.candidate.count / 3) && $0.distance < $0.candidate.count }
        .min { $0.distance < $1.distance }?
        .candidate
}

private func editDistance(_ first: String, _ second: String) -> Int {
    let second = Array(second)
    var row = Array(0...second.count)
    for (index, letter) in first.enumerated() {
        var diagonal = row[0]
        row[0] = index + 1
        for column in second.indices {
            let replaced = diagonal + (letter == second[column] ? 0 : 1)
            diagonal = row[column + 1]
            row[column + 1] = min(replaced, row[column] + 1, diagonal + 1)
        }
    }
    return row[second.count]
}
