"""Measures the worker against a stand-in for AWS: throughput, latency, burst, duplicates, scale, start, idle.

Each scenario runs in several rounds; the table shows the medians and, in brackets, how far apart the rounds were. A run
counts only if every rule is closed afterwards and no message is left or was given up. CPU is the workers', from the load
to the empty queue. The stand-in says how busy it was: near 1.00 it is the limit, and not the worker.
"""

import argparse
import json
import multiprocessing
import os
import platform
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import standin

POLICY = f'version: 1\nwatch:\n  - accounts: ["{standin.ACCOUNT}"]\n    changes: [ingress-added]\n'
Result = dict[str, float]


@dataclass(frozen=True)
class Load:
    """A number of events that come at once, or at a rate."""

    events: int
    groups: int
    latency: float = 0.0
    buckets: bool = False
    duplicates: float = 0.0
    rate: float = 0.0
    workers: int = 1
    timeout: float = 240.0


LOADS = {
    "throughput": Load(20_000, 500),
    "latency": Load(400, 40, latency=0.010, rate=20),
    "burst": Load(1_000, 50, latency=0.010, buckets=True),
    "duplicates": Load(5_000, 125, duplicates=0.2),
    "scale-1": Load(10_000, 250, latency=0.005),
    "scale-4": Load(10_000, 250, latency=0.005, workers=4),
}
SCENARIOS = (*LOADS, "start", "idle")
# What a figure is called, how it is printed, and which way is better. Others are only shown.
FIGURES: dict[str, tuple[str, str, int]] = {
    "events_per_s": ("events/s", "{:.0f}", 1),
    "cpu_s_per_1000": ("CPU s/1000", "{:.3f}", -1),
    "ms_p50": ("p50 ms", "{:.1f}", -1),
    "ms_p99": ("p99 ms", "{:.1f}", -1),
    "last_s": ("last rule s", "{:.2f}", -1),
    "exposure": ("rule-seconds", "{:.0f}", -1),
    "calls_per_event": ("calls/event", "{:.2f}", -1),
    "late_revokes": ("late revokes", "{:.0f}", -1),
    "throttled": ("refused calls", "{:.0f}", -1),
    "rss_mb": ("RSS MB", "{:.1f}", -1),
    "start_ms": ("start ms", "{:.1f}", -1),
    "idle_cpu_ms": ("CPU ms", "{:.1f}", -1),
    "wakeups": ("wake-ups", "{:.0f}", -1),
    "stop_s": ("stop s", "{:.2f}", -1),
    "connections": ("connections", "{:.0f}", 0),
    "standin": ("stand-in", "{:.2f}", 0),
}
SHOWN = {
    "throughput": ("events_per_s", "cpu_s_per_1000", "calls_per_event", "connections", "rss_mb", "standin"),
    "latency": ("ms_p50", "ms_p99", "cpu_s_per_1000", "calls_per_event", "rss_mb"),
    "burst": ("last_s", "exposure", "calls_per_event", "throttled", "cpu_s_per_1000", "rss_mb"),
    "duplicates": ("events_per_s", "cpu_s_per_1000", "calls_per_event", "late_revokes"),
    "scale-1": ("events_per_s", "cpu_s_per_1000", "rss_mb", "standin"),
    "scale-4": ("events_per_s", "cpu_s_per_1000", "rss_mb", "standin"),
    "start": ("start_ms", "rss_mb", "stop_s"),
    "idle": ("idle_cpu_ms", "wakeups", "rss_mb", "stop_s"),
}
# CPU figures are compared after this machine's speed is taken out of them.
CPU_FIGURES = {"cpu_s_per_1000", "idle_cpu_ms", "start_ms"}
# Two runs of one program differ by so much on a quiet machine.
NOISE = 0.15


class BenchError(Exception):
    """A run that does not count; the message says why."""


class StandIn:
    """The stand-in in a process of its own."""

    def __init__(self, settings: standin.Settings) -> None:
        self.pipe, theirs = multiprocessing.Pipe()
        self.process = multiprocessing.Process(target=standin.serve, args=(theirs, settings), daemon=True)
        self.process.start()
        self.port = self.pipe.recv()

    def load(self, load: Load, seed: int) -> float:
        """Releases the load. The stand-in's CPU time when it did."""
        self.pipe.send(("load", load.events, load.groups, load.duplicates, seed, load.rate))
        return float(self.pipe.recv())

    def progress(self) -> dict[str, int]:
        self.pipe.send(("progress",))
        return dict(self.pipe.recv())

    def stats(self) -> dict[str, Any]:
        self.pipe.send(("stats",))
        return dict(self.pipe.recv())

    def stop(self) -> None:
        self.pipe.send(("stop",))
        self.process.join(5)
        self.process.kill()


class Worker:
    """A worker that runs, and what the kernel says of it."""

    def __init__(self, program: str, port: int, folder: Path, number: int = 0) -> None:
        policy = folder / "policy.yaml"
        policy.write_text(POLICY)
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "SG_REVERT_"))}
        environment = kept | {
            "AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}", "AWS_REGION": standin.REGION, "HOME": str(folder),
            "AWS_ACCESS_KEY_ID": "AKIABENCHBENCHBENCH0", "AWS_SECRET_ACCESS_KEY": "bench",
            "AWS_EC2_METADATA_DISABLED": "true", "no_proxy": "127.0.0.1",
        }
        queue = f"http://127.0.0.1:{port}/{standin.ACCOUNT}/{standin.QUEUE}"
        command = [program, "worker", "--queue-url", queue, "--policy", str(policy), "--ledger", str(folder / "ledger.db")]
        command += ["--log-level", "warning"]
        self.log = folder / f"worker-{number}.log"
        self.started = time.monotonic()
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(command, env=environment, stdout=log, stderr=log, stdin=subprocess.DEVNULL)

    def cpu(self) -> float:
        # The clock of another process, by the kernel's numbering.
        return time.clock_gettime(((~self.process.pid) << 3) | 2)

    def status(self, key: str) -> int:
        for line in Path(f"/proc/{self.process.pid}/status").read_text().splitlines():
            if line.startswith(f"{key}:"):
                return int(line.split()[1])
        return 0

    def switches(self) -> dict[str, int]:
        """How often each thread has waited."""
        found = {}
        for path in Path(f"/proc/{self.process.pid}/task").glob("*/status"):
            for line in path.read_text().splitlines():
                if line.startswith("voluntary_ctxt_switches:"):
                    found[path.parent.name] = int(line.split()[1])
        return found

    def alive(self) -> None:
        if (code := self.process.poll()) is not None:
            raise BenchError(f"the worker ended with {code}: {self.log.read_text(errors='replace')[-500:]}")

    def stop(self) -> float:
        """Asks it to end; how long it took."""
        begun = time.monotonic()
        if self.process.poll() is None:
            self.process.terminate()
        try:
            code = self.process.wait(40)
        except subprocess.TimeoutExpired:
            self.kill()
            raise BenchError("the worker did not stop") from None
        if code != 0:
            raise BenchError(f"the worker stopped with {code}: {self.log.read_text(errors='replace')[-500:]}")
        return time.monotonic() - begun

    def kill(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()


class Bench:
    def __init__(self, program: str, factor: float) -> None:
        self.program, self.factor = program, factor

    def run(self, name: str, seed: int) -> Result:
        folder = Path(tempfile.mkdtemp(prefix="sg-revert-bench-"))
        load = LOADS.get(name)
        settings = standin.Settings(load.latency, load.buckets) if load else standin.Settings()
        server = StandIn(settings)
        workers = [Worker(self.program, server.port, folder, number) for number in range(load.workers if load else 1)]
        try:
            self.await_receives(server, workers)
            if load:
                return self.loaded(load, server, workers, seed)
            return self.started(server, workers[0]) if name == "start" else self.idle(workers[0])
        finally:
            for worker in workers:
                worker.kill()
            server.stop()
            shutil.rmtree(folder, ignore_errors=True)

    def await_receives(self, server: StandIn, workers: list[Worker]) -> None:
        deadline = time.monotonic() + 30
        while server.progress()["receives"] < len(workers):
            for worker in workers:
                worker.alive()
            if time.monotonic() > deadline:
                raise BenchError("no receive within 30 s")
            time.sleep(0.005)

    def loaded(self, load: Load, server: StandIn, workers: list[Worker], seed: int) -> Result:
        load = Load(**(load.__dict__ | {"events": max(20, int(load.events * self.factor))}))
        time.sleep(0.5)
        before = sum(worker.cpu() for worker in workers)
        busy = server.load(load, seed)
        deadline = time.monotonic() + load.timeout
        while (progress := server.progress())["left"] or not progress["deleted"]:
            for worker in workers:
                worker.alive()
            if time.monotonic() > deadline:
                raise BenchError(f"after {load.timeout:.0f} s {progress['left']} messages are left")
            time.sleep(0.05)
        spent = sum(worker.cpu() for worker in workers) - before
        memory = max(worker.status("VmHWM") for worker in workers) / 1024
        stop = max(worker.stop() for worker in workers)
        stats = server.stats()
        if stats["open"] or stats["buried"]:
            raise BenchError(f"{stats['open']} rules are open, {stats['buried']} messages were given up")
        seconds = stats["last_delete"] - stats["first_visible"]
        return {
            "events_per_s": load.events / seconds,
            "cpu_s_per_1000": spent / load.events * 1000,
            "ms_p50": stats["ms_p50"],
            "ms_p99": stats["ms_p99"],
            "last_s": stats["last_closed"] - stats["first_visible"],
            "exposure": stats["exposure"],
            "calls_per_event": sum(stats["calls"].values()) / load.events,
            "late_revokes": stats["late_revokes"],
            "throttled": stats["throttled"],
            "connections": stats["connections"],
            "rss_mb": memory,
            "stop_s": stop,
            "standin": (stats["cpu"] - busy) / seconds,
        }

    def started(self, server: StandIn, worker: Worker) -> Result:
        start = server.stats()["first_receive"] - worker.started
        return {"start_ms": start * 1000, "rss_mb": worker.status("VmHWM") / 1024, "stop_s": worker.stop()}

    def idle(self, worker: Worker) -> Result:
        time.sleep(2)
        cpu, switches, seconds = worker.cpu(), worker.switches(), max(5.0, 30 * self.factor)
        time.sleep(seconds)
        worker.alive()
        return {
            "idle_cpu_ms": (worker.cpu() - cpu) * 30_000 / seconds,
            "wakeups": wakeups(switches, worker.switches()) * 30 / seconds,
            "rss_mb": worker.status("VmRSS") / 1024,
            "stop_s": worker.stop(),
        }


def wakeups(before: dict[str, int], after: dict[str, int]) -> int:
    """How often the threads that are there now woke up. A thread that has ended meanwhile takes its count with it."""
    return sum(count - before.get(thread, 0) for thread, count in after.items())


def calibrate() -> float:
    """The CPU time of fixed work: how fast this machine is now."""
    begun = time.process_time()
    value = 0
    for number in range(1_000_000):
        value = (value * 31 + number) & 0xFFFFFFFF
    return time.process_time() - begun


def summed(rounds: list[Result]) -> dict[str, Any]:
    """Medians, and the spread of the rounds as a share of the median."""
    medians = {key: statistics.median(each[key] for each in rounds) for key in rounds[0]}
    spread = {
        key: (max(each[key] for each in rounds) - min(each[key] for each in rounds)) / medians[key] if medians[key] else 0.0
        for key in rounds[0]
    }
    return {"median": medians, "spread": spread, "rounds": rounds}


def table(name: str, result: dict[str, Any], old: dict[str, Any] | None) -> None:
    keys = [key for key in SHOWN[name] if key in result["median"]]
    cells = []
    for key in keys:
        text = FIGURES[key][1].format(result["median"][key])
        if len(result["rounds"]) > 1:
            text += f" (±{result['spread'][key] * 50:.0f} %)"
        if old and key in old["median"]:
            text += f", was {FIGURES[key][1].format(old['median'][key])}"
        cells.append((FIGURES[key][0], text))
    print(f"{name:<12}" + "   ".join(f"{title} {text}" for title, text in cells), flush=True)


def regressions(new: dict[str, Any], old: dict[str, Any]) -> list[str]:
    """What is worse than before by more than the noise of both runs."""
    found = []
    speed = new["calibration"] / old["calibration"]
    for name, result in new["scenarios"].items():
        before = old["scenarios"].get(name)
        for key, value in result["median"].items() if before else ():
            better = FIGURES[key][2]
            then = before["median"].get(key)
            if not better or key not in SHOWN[name] or then is None:
                continue
            then *= speed if key in CPU_FIGURES else 1 / speed if key == "events_per_s" else 1
            noise = max(NOISE, result["spread"][key] / 2, before["spread"].get(key, 0) / 2)
            # A figure near nothing is all noise: a millisecond, a call, a hundredth of a second.
            slack = {"late_revokes": 1, "stop_s": 0.05, "ms_p50": 1, "ms_p99": 5, "wakeups": 10, "idle_cpu_ms": 5}.get(key, 0)
            worse = (then - value if better > 0 else value - then) - slack
            if worse > noise * abs(then):
                title, form, _ = FIGURES[key]
                found.append(f"{name}: {title} {form.format(value)}, was {form.format(then)} (noise {noise * 100:.0f} %)")
    return found


def earlier(path: Path, quick: bool, parser: argparse.ArgumentParser) -> dict[str, Any]:
    """The results of an earlier run under the same load."""
    try:
        old = json.loads(path.read_text())
        same = bool(old["quick"]) == quick and old["scenarios"] is not None
    except (OSError, ValueError, KeyError, TypeError) as error:
        parser.error(f"{path} is no result of scripts/bench: {error}")
    if not same:
        parser.error(f"{path} is from a run {'without' if quick else 'with'} --quick, so it tells nothing about this one")
    return dict(old)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program", nargs="?", help="the sg-revert to measure")
    parser.add_argument("--scenario", default=",".join(SCENARIOS), help="of %(default)s")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--quick", action="store_true", help="a tenth of the load, one round: does it work at all?")
    parser.add_argument("--json", metavar="FILE", help="where the results go as well; - is standard output")
    parser.add_argument("--compare", metavar="FILE", type=Path, help="results of an earlier run")
    parser.add_argument("--fail", action="store_true", help="with --compare: exit 1 where something is worse than noise")
    options = parser.parse_args()
    names = options.scenario.split(",")
    if unknown := set(names) - set(SCENARIOS):
        parser.error(f"no such scenario: {', '.join(sorted(unknown))}; there are {', '.join(SCENARIOS)}")
    if options.fail and not options.compare:
        parser.error("--fail needs --compare")
    old = earlier(options.compare, options.quick, parser) if options.compare else None
    if options.json == "-":
        # The table is for people; standard output is the data's.
        sys.stdout, data = sys.stderr, sys.stdout

    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    bench = Bench(options.program, 0.1 if options.quick else 1.0)
    version = subprocess.check_output([options.program, "--version"], text=True).strip()
    results: dict[str, Any] = {
        "version": version, "quick": options.quick, "machine": platform.machine(), "cpus": os.cpu_count(),
        "kernel": platform.release(),
        "calibration": statistics.median(calibrate() for _ in range(5)), "scenarios": {},
    }
    print(f"sg-revert {version}, {os.cpu_count()} CPUs {platform.machine()}, load {os.getloadavg()[0]:.1f}", flush=True)
    failed = []
    for name in names:
        try:
            rounds = [bench.run(name, seed) for seed in range(1 if options.quick else options.rounds)]
        except BenchError as error:
            failed.append(name)
            print(f"{name:<12}FAILED: {error}", flush=True)
            continue
        results["scenarios"][name] = summed(rounds)
        table(name, results["scenarios"][name], old["scenarios"].get(name) if old else None)
    if options.json == "-":
        json.dump(results, data, indent=1)
        print(file=data)
    elif options.json:
        Path(options.json).write_text(json.dumps(results, indent=1) + "\n")
    worse = regressions(results, old) if old else []
    for line in worse:
        print(f"worse: {line}", flush=True)
    sys.exit(1 if failed or (worse and options.fail) else 0)


if __name__ == "__main__":
    main()
