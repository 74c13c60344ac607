"""Draws the Grafana dashboard as an SVG, from its panels' own queries against a Prometheus: dashboard.py URL [MINUTES] > FILE

It is no Grafana: it knows the panels of type stat, timeseries and row that infra/monitoring has, and no more.
"""

import html
import json
import re
import sys
import time
import urllib.parse
import urllib.request
from pathlib import Path
from typing import Any

DASHBOARD = Path(__file__).parents[2] / "infra/monitoring/grafana-dashboard.json"
COLUMN, ROW, WIDTH, STEP = 50, 26, 24 * 50, 10
COLOURS = ("#3274d9", "#e0752d", "#37872d", "#c4162a", "#8f3bb8", "#b77d00", "#1f78c1", "#6d1f62", "#58140c", "#052b51")
# A line of a chart: its legend, and its points as time and value.
Series = tuple[str, list[tuple[float, float]]]


class Prometheus:
    def __init__(self, url: str, minutes: float) -> None:
        self.url, self.end = url, time.time()
        self.start = self.end - 60 * minutes

    def ask(self, path: str, **parameters: Any) -> list[dict[str, Any]]:
        with urllib.request.urlopen(f"{self.url}/api/v1/{path}?{urllib.parse.urlencode(parameters)}") as answer:
            return list(json.load(answer)["data"]["result"])

    def value(self, query: str) -> float | None:
        found = self.ask("query", query=query, time=self.end)
        return float(found[0]["value"][1]) if found else None

    def series(self, query: str, legend: str) -> list[Series]:
        found = self.ask("query_range", query=query, start=self.start, end=self.end, step=STEP)
        return [
            (
                re.sub(r"\{\{(\w+)\}\}", lambda name: each["metric"].get(name[1], ""), legend),
                [(float(at), float(value)) for at, value in each["values"] if value != "NaN"],
            )
            for each in found
        ]


def query(expression: str) -> str:
    """The expression as Grafana sends it with all workers chosen."""
    return expression.replace("$instance", ".*").replace("$__rate_interval", f"{4 * STEP}s")


def words(value: float, unit: str) -> str:
    """The value with its unit, in three digits."""
    if unit == "s" and 0 < abs(value) < 1:
        return f"{value * 1000:.3g} ms"
    return (f"{value:.0f}" if abs(value) >= 100 else f"{value:.3g}") + {"s": " s", "cps": "/s"}.get(unit, "")


def text(x: float, y: float, content: str, size: int = 12, **style: str) -> str:
    extra = "".join(f' {name.replace("_", "-")}="{value}"' for name, value in style.items())
    return f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}"{extra}>{html.escape(content)}</text>'


def stat(panel: dict[str, Any], source: Prometheus, box: tuple[float, float, float, float]) -> str:
    x, y, width, height = box
    value = source.value(query(panel["targets"][0]["expr"]))
    shown = "No data" if value is None else words(value, panel["fieldConfig"]["defaults"].get("unit", ""))
    return text(x + width / 2, y + height / 2 + 22, shown, 30, text_anchor="middle", font_weight="bold")


def chart(panel: dict[str, Any], source: Prometheus, box: tuple[float, float, float, float]) -> str:
    x, y, width, height = box
    lines = [line for each in panel["targets"] for line in source.series(query(each["expr"]), each["legendFormat"])]
    lines = [line for line in lines if line[1]]
    if not lines:
        return text(x + width / 2, y + height / 2, "No data", text_anchor="middle")
    unit = panel["fieldConfig"]["defaults"].get("unit", "")
    top = max(value for _, points in lines for _, value in points) or 1
    left, right, upper = x + 58, x + width - 12, y + 34
    rows = -(-len(lines) // 3)
    lower = y + height - 26 - 14 * min(rows, 4)
    parts = []
    for part in (0, 0.5, 1):
        level = lower - part * (lower - upper)
        parts.append(f'<path d="M{left:.0f} {level:.1f}H{right:.0f}" stroke="#ddd"/>')
        parts.append(text(left - 6, level + 4, words(part * top, unit), 10, text_anchor="end", fill="#555"))
    for part in (0, 0.5, 1):
        at = source.start + part * (source.end - source.start)
        place = left + part * (right - left)
        anchor = ("start", "middle", "end")[round(2 * part)]
        parts.append(text(place, lower + 13, time.strftime("%H:%M:%S", time.gmtime(at)), 10, text_anchor=anchor, fill="#555"))
    for number, (legend, points) in enumerate(lines):
        colour = COLOURS[number % len(COLOURS)]
        path, last = "", 0.0
        for at, value in points:
            across = left + (at - source.start) / (source.end - source.start) * (right - left)
            path += f"{'L' if at - last <= STEP else 'M'}{across:.1f} {lower - value / top * (lower - upper):.1f}"
            last = at
        parts.append(f'<path d="{path}" fill="none" stroke="{colour}" stroke-width="1.5"/>')
        if number < 12:
            spot, line = left + number % 3 * (right - left) / 3, lower + 27 + 14 * (number // 3)
            limit = int((right - left) / 3 / 6.2)
            parts.append(f'<path d="M{spot:.0f} {line - 4:.0f}h10" stroke="{colour}" stroke-width="2"/>')
            parts.append(text(spot + 14, line, legend if len(legend) <= limit else legend[: limit - 1] + "…", 10))
    return "".join(parts)


def draw(dashboard: dict[str, Any], source: Prometheus) -> str:
    panels = dashboard["panels"]
    height = ROW * max(each["gridPos"]["y"] + each["gridPos"]["h"] for each in panels)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" font-family="sans-serif" fill="#222">',
        f'<rect width="{WIDTH}" height="{height}" fill="#f4f5f5"/>',
    ]
    for panel in panels:
        place = panel["gridPos"]
        box = (place["x"] * COLUMN, place["y"] * ROW, place["w"] * COLUMN, place["h"] * ROW)
        if panel["type"] == "row":
            parts.append(text(box[0] + 8, box[1] + 18, panel["title"], 14, font_weight="bold"))
            continue
        x, y, width, tall = box
        parts.append(f'<rect x="{x + 3}" y="{y + 3}" width="{width - 6}" height="{tall - 6}" fill="#fff" stroke="#ccc"/>')
        parts.append(text(x + 12, y + 22, panel["title"], 13, font_weight="bold"))
        parts.append({"stat": stat, "timeseries": chart}[panel["type"]](panel, source, box))
    return "\n".join([*parts, "</svg>"]) + "\n"


def main() -> None:
    if not 2 <= len(sys.argv) <= 3:
        sys.exit(__doc__)
    source = Prometheus(sys.argv[1].rstrip("/"), float(sys.argv[2]) if len(sys.argv) > 2 else 15)
    sys.stdout.write(draw(json.loads(DASHBOARD.read_text()), source))


if __name__ == "__main__":
    main()
