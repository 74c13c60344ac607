"""The alert rules and the dashboard use the metrics that the worker has, and nothing else."""

import html
import json
import re
import shutil
import subprocess
import tempfile
import unittest
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import yaml

import dashboard
from template import ROOT

FOLDER = ROOT / "infra/monitoring"
# The metrics that the worker has, with their labels. A histogram has _bucket, _count and _sum.
FAMILIES = re.findall(
    r'Self\(\s*"([a-z_]+)",\s*\.(\w+)(?:\(\w+\))?,(?:\s*labels: \[([^\]]*)\],)?',
    (ROOT / "Sources/Telemetry/Metrics/MetricFamily.swift").read_text(),
)
METRICS = {f"sg_revert_{name}": set(re.findall(r"\w+", labels)) for name, _, labels in FAMILIES}
HISTOGRAMS = {f"sg_revert_{name}" for name, kind, _ in FAMILIES if kind == "histogram"}
# What Prometheus adds to every series and to a bucket.
ADDED = {"instance", "le"}


def expressions() -> list[str]:
    rules = yaml.safe_load((FOLDER / "alerts.yaml").read_text())
    found = [rule["expr"] for group in rules["groups"] for rule in group["rules"]]
    return found + [target["expr"] for panel in panels() for target in panel.get("targets", [])]


def panels() -> list[dict[str, Any]]:
    return list(json.loads((FOLDER / "grafana-dashboard.json").read_text())["panels"])


class NameTests(unittest.TestCase):
    def test_every_name_is_a_metric(self) -> None:
        for expression in expressions():
            for name in re.findall(r"sg_revert_\w+", expression):
                base = re.sub(r"_(bucket|count|sum)$", "", name)
                self.assertIn(base, METRICS, expression)
                self.assertEqual(name != base, base in HISTOGRAMS, f"{name}: a histogram is asked by its parts")

    def test_every_label_is_one_that_the_metric_has(self) -> None:
        for expression in expressions():
            names = {re.sub(r"_(bucket|count|sum)$", "", name) for name in re.findall(r"sg_revert_\w+", expression)}
            known = set().union(*(METRICS[name] for name in names)) | ADDED
            used = set(re.findall(r"[{,]\s*(\w+)\s*=", expression))
            for listed in re.findall(r"by \(([^)]*)\)", expression):
                used |= {each.strip() for each in listed.split(",")}
            self.assertLessEqual(used, known, expression)

    def test_every_metric_is_shown(self) -> None:
        shown = " ".join(target["expr"] for panel in panels() for target in panel.get("targets", []))
        for name in METRICS:
            self.assertIn(name, shown)

    def test_the_code_has_metrics_and_counts_nothing_else(self) -> None:
        self.assertGreaterEqual(len(METRICS), 15)
        worker = (ROOT / "Sources/Worker/Support/WorkerMetrics.swift").read_text()
        worker += (ROOT / "Sources/Worker/Support/WorkerStatus.swift").read_text()
        used = {f"sg_revert_{name}" for name in re.findall(r'(?:add|set|measure)\(\s*"([a-z_]+)"', worker)}
        client = (ROOT / "Sources/AWSClient/Services/CallMetrics.swift").read_text()
        used |= set(re.findall(r'"(sg_revert_[a-z_]+)"', client))
        self.assertEqual(used, set(METRICS))


class PrometheusTests(unittest.TestCase):
    @unittest.skipUnless(shutil.which("promtool"), "promtool is not installed")
    def test_the_alerts_do_what_their_tests_say(self) -> None:
        for command in (["check", "rules", "alerts.yaml"], ["test", "rules", "alerts.test.yaml"]):
            done = subprocess.run(["promtool", *command], cwd=FOLDER, capture_output=True, text=True)
            self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    @unittest.skipUnless(shutil.which("promtool"), "promtool is not installed")
    def test_prometheus_takes_every_expression_of_the_dashboard(self) -> None:
        rules = [
            {"record": f"panel:{number}", "expr": re.sub(r"\$\w+", "5m", each.replace('"$instance"', '".*"'))}
            for number, each in enumerate(expressions())
        ]
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, "rules.yaml")
            path.write_text(yaml.safe_dump({"groups": [{"name": "dashboard", "rules": rules}]}))
            done = subprocess.run(["promtool", "check", "rules", path], capture_output=True, text=True)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    def test_every_alert_says_what_to_do(self) -> None:
        rules = yaml.safe_load((FOLDER / "alerts.yaml").read_text())
        for rule in rules["groups"][0]["rules"]:
            self.assertEqual(set(rule["annotations"]), {"summary", "description"}, rule["alert"])
            self.assertIn(rule["labels"]["severity"], ("critical", "warning"))


class DrawingTests(unittest.TestCase):
    def test_the_drawing_is_svg_and_has_every_panel_with_the_answers_to_its_queries(self) -> None:
        asked: list[str] = []

        class Source(dashboard.Prometheus):
            def ask(self, path: str, **parameters: Any) -> list[dict[str, Any]]:
                asked.append(parameters["query"])
                points = [[self.end - 20, "1"], [self.end - 10, "NaN"], [self.end, "2000"]]
                return [{"metric": {"outcome": "a<b"}, "value": points[-1], "values": points}]

        drawn = dashboard.draw({"panels": panels()}, Source("http://nowhere", 1))
        words = [each.text for each in ElementTree.fromstring(drawn).iter("{http://www.w3.org/2000/svg}text")]
        for panel in panels():
            self.assertIn(panel["title"], words)
            for target in panel.get("targets", []):
                self.assertIn(dashboard.query(target["expr"]), asked)
        self.assertNotIn("$", "".join(asked))
        self.assertIn("a<b", words)

    def test_the_drawing_in_the_repository_is_of_this_dashboard(self) -> None:
        drawn = (FOLDER / "dashboard.svg").read_text()
        for panel in panels():
            self.assertIn(f">{html.escape(panel['title'])}<", drawn)


class DashboardTests(unittest.TestCase):
    def test_panels_do_not_overlap(self) -> None:
        taken: set[tuple[int, int]] = set()
        for panel in panels():
            place = panel["gridPos"]
            cells = {
                (x, y)
                for x in range(place["x"], place["x"] + place["w"])
                for y in range(place["y"], place["y"] + place["h"])
            }
            self.assertFalse(cells & taken, panel["title"])
            self.assertLessEqual(place["x"] + place["w"], 24, panel["title"])
            taken |= cells

    def test_every_panel_has_an_id_of_its_own_and_asks_the_chosen_source(self) -> None:
        self.assertEqual(len({panel["id"] for panel in panels()}), len(panels()))
        for panel in panels():
            for target in panel.get("targets", []):
                self.assertEqual(target["datasource"]["uid"], "${datasource}")


if __name__ == "__main__":
    unittest.main()
