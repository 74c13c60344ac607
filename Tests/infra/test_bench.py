"""What the benchmark believes: its stand-in for AWS, and when a figure counts as worse."""

import argparse
import asyncio
import contextlib
import copy
import io
import json
import sys
import tempfile
import time
import unittest
from pathlib import Path
from typing import Any

from template import ROOT

sys.path.insert(0, str(ROOT / "scripts/lib/bench"))

import bench  # noqa: E402
import standin  # noqa: E402


class StandInTests(unittest.TestCase):
    def world(self, **settings: Any) -> standin.World:
        world = standin.World(standin.Settings(**settings))
        world.release(world.add(count=20, groups=4, duplicates=0, seed=1), time.monotonic())
        return world

    def test_a_message_is_hidden_until_its_time_is_over(self) -> None:
        world = self.world()
        first = world.take(10, 30)
        self.assertEqual(len(first), 10)
        self.assertFalse({each.id for each in first} & {each.id for each in world.take(10, 0.0)})
        # The second ten were hidden for no time at all.
        again = world.take(10, 30)
        self.assertEqual([each.deliveries for each in again], [2] * 10)

    def test_a_poll_that_waits_gets_what_is_visible_again(self) -> None:
        async def polled() -> str:
            world = self.world()
            world.take(20, 3600)
            hidden = list(world.in_flight)
            poll = asyncio.ensure_future(standin.Connection(world).receive({"WaitTimeSeconds": 3600}))
            await asyncio.sleep(0)
            world.hide(hidden[0], 0.0)
            world.wake()
            return await poll

        self.assertIn("Messages", asyncio.run(polled()))

    def test_a_deleted_message_does_not_come_back(self) -> None:
        world = self.world()
        for message in world.take(10, 0.0):
            world.delete(message.receipt)
        self.assertEqual(len(world.take(20, 30)), 10)
        self.assertEqual(world.result()["deleted"], 10)

    def test_a_revoke_takes_all_of_its_rules_or_none(self) -> None:
        world = self.world()
        ids = list(world.rules)[:2]
        self.assertIsNone(world.revoke([*ids, "sgr-unknown"]))
        self.assertEqual(world.result()["open"], 20)
        self.assertEqual([rule.id for rule in world.revoke(ids) or []], ids)
        self.assertIsNone(world.revoke(ids))
        self.assertEqual(world.result()["open"], 18)
        self.assertEqual(world.result()["late_revokes"], 2)

    def test_a_bucket_empties_and_fills(self) -> None:
        world = self.world(buckets=True)
        admitted = sum(world.admits("RevokeSecurityGroupIngress") for _ in range(80))
        self.assertIn(admitted, (50, 51))
        self.assertTrue(all(world.admits("GetCallerIdentity") for _ in range(200)))

    def test_a_share_of_the_messages_comes_twice(self) -> None:
        world = standin.World(standin.Settings())
        messages = world.add(count=1000, groups=10, duplicates=0.2, seed=1)
        self.assertEqual(len(world.rules), 1000)
        self.assertTrue(1150 < len(messages) < 1250, len(messages))


class ComparisonTests(unittest.TestCase):
    def results(self, **figures: float) -> dict[str, Any]:
        median = {"events_per_s": 5000.0, "cpu_s_per_1000": 0.3, "calls_per_event": 0.5, "rss_mb": 30.0} | figures
        spread = dict.fromkeys(median, 0.05)
        scenario = {"median": median, "spread": spread, "rounds": [median]}
        return {"calibration": 0.1, "scenarios": {"throughput": scenario}}

    def test_the_same_figures_are_no_regression(self) -> None:
        self.assertEqual(bench.regressions(self.results(), self.results()), [])

    def test_a_difference_within_the_noise_is_none(self) -> None:
        self.assertEqual(bench.regressions(self.results(cpu_s_per_1000=0.33, events_per_s=4500.0), self.results()), [])

    def test_more_than_the_noise_is_one(self) -> None:
        (line,) = bench.regressions(self.results(cpu_s_per_1000=0.5), self.results())
        self.assertIn("CPU s/1000 0.500, was 0.300", line)
        (line,) = bench.regressions(self.results(events_per_s=3000.0), self.results())
        self.assertIn("events/s 3000, was 5000", line)

    def test_better_is_never_worse(self) -> None:
        better = self.results(cpu_s_per_1000=0.1, events_per_s=20_000.0, calls_per_event=0.1, rss_mb=10.0)
        self.assertEqual(bench.regressions(better, self.results()), [])

    def test_a_slower_machine_is_no_regression(self) -> None:
        slower = self.results(cpu_s_per_1000=0.6, events_per_s=2500.0) | {"calibration": 0.2}
        self.assertEqual(bench.regressions(slower, self.results()), [])

    def test_rounds_that_differ_widely_prove_less(self) -> None:
        old = self.results()
        noisy = copy.deepcopy(old)
        noisy["scenarios"]["throughput"]["spread"]["cpu_s_per_1000"] = 2.0
        new = self.results(cpu_s_per_1000=0.5)
        self.assertEqual(bench.regressions(new, noisy), [])

    def test_a_scenario_that_is_new_is_compared_with_nothing(self) -> None:
        self.assertEqual(bench.regressions(self.results(), {"calibration": 0.1, "scenarios": {}}), [])

    def test_one_refused_call_is_a_regression(self) -> None:
        old = self.results()
        scenario = {"median": {"throttled": 0.0}, "spread": {"throttled": 0.0}, "rounds": []}
        old["scenarios"]["burst"] = scenario
        new = copy.deepcopy(old)
        new["scenarios"]["burst"]["median"]["throttled"] = 1.0
        (line,) = bench.regressions(new, old)
        self.assertIn("burst: refused calls 1, was 0", line)

    def test_a_thread_that_has_ended_makes_no_count_negative(self) -> None:
        self.assertEqual(bench.wakeups({"1": 10, "2": 500}, {"1": 14, "3": 2}), 6)

    def test_only_a_run_under_the_same_load_is_compared(self) -> None:
        parser = argparse.ArgumentParser()
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "old.json"
            path.write_text(json.dumps(self.results() | {"quick": True}))
            self.assertEqual(bench.earlier(path, True, parser)["calibration"], 0.1)
            for text, quick in ((path.read_text(), False), ("[]", True), ("no JSON", True)):
                path.write_text(text)
                with contextlib.redirect_stderr(io.StringIO()) as said, self.assertRaises(SystemExit):
                    bench.earlier(path, quick, parser)
                self.assertIn("old.json is", said.getvalue())

    def test_every_figure_that_is_shown_has_a_name(self) -> None:
        self.assertEqual(set(bench.SHOWN), set(bench.SCENARIOS))
        for keys in bench.SHOWN.values():
            self.assertLessEqual(set(keys), set(bench.FIGURES))


if __name__ == "__main__":
    unittest.main()
