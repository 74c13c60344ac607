/// One column of a chart: two numbers, one stacked on the other.
typealias ChartColumn = (label: String, first: Int, second: Int)

/// A column chart as SVG. Each column has its sum above it if there is room, and its numbers as a tooltip.
///
/// - Parameter step: Every `step`-th column has its label below it.
func columnChart(_ columns: [ChartColumn], everyLabel step: Int) -> String {
    let (width, height, top) = (600.0, 140.0, 24.0)
    let scale = (height - top) / Double(max(columns.map { $0.first + $0.second }.max() ?? 1, 1))
    let slot = width / Double(columns.count)
    let isDense = columns.count > 12
    var svg = ""
    for (index, column) in columns.enumerated() {
        let x = Double(index) * slot
        let (lower, upper) = (Double(column.first) * scale, Double(column.second) * scale)
        let total = column.first + column.second
        svg += "<g><title>\(escaped(column.label)): \(total)</title>"
        svg += rectangle("slot", x: x, y: 0, width: slot, height: height)
        for (name, y, size) in [("first", height - lower, lower), ("second", height - lower - upper, upper)]
        where size > 0 {
            svg += rectangle(name, x: x + slot * 0.1, y: y, width: slot * 0.8, height: max(size, 1))
        }
        if total > 0, !isDense {
            svg += text("", "\(total)", x: x + slot / 2, y: height - lower - upper - 4)
        }
        if index % step == 0 {
            let place = isDense ? ("label start", x + slot * 0.1) : ("label", x + slot / 2)
            svg += text(place.0, column.label, x: place.1, y: height + 18)
        }
        svg += "</g>"
    }
    // On a narrow screen, every other of many labels is hidden.
    let kind = columns.count > 6 && step == 1 ? "dense" : ""
    return "<svg class=\"\(kind)\" viewBox=\"0 0 600 164\" role=\"img\">\(svg)"
        + "<line x1=\"0\" y1=\"140\" x2=\"600\" y2=\"140\"/></svg>"
}

private func rectangle(_ kind: String, x: Double, y: Double, width: Double, height: Double) -> String {
    "<rect class=\"\(kind)\" x=\"\(number(x))\" y=\"\(number(y))\""
        + " width=\"\(number(width))\" height=\"\(number(height))\" rx=\"2\"/>"
}

private func text(_ kind: String, _ text: String, x: Double, y: Double) -> String {
    "<text class=\"\(kind)\" x=\"\(number(x))\" y=\"\(number(y))\">\(escaped(text))</text>"
}

private func number(_ value: Double) -> String {
    String((value * 10).rounded() / 10)
}
