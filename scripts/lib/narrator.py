"""Tells people what happens, one line a step."""

import os
import shutil
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager


class Narrator:
    """Writes steps to standard output: in place and in colour on a terminal, plainly elsewhere."""

    def __init__(self) -> None:
        self.terminal = sys.stdout.isatty()
        self.colour = self.terminal and not os.environ.get("NO_COLOR")
        locale = os.environ.get("LC_ALL") or os.environ.get("LC_CTYPE") or os.environ.get("LANG") or ""
        unicode = "utf" in locale.lower() and "utf" in (sys.stdout.encoding or "").lower()
        self.arrow, self.tick, self.cross = ("→", "✓", "✗") if unicode else ("->", "ok", "!!")

    @contextmanager
    def step(self, doing: str) -> Iterator[list[str]]:
        """One step. What is put into the list that it gives is told when the step is done, on the same line."""
        if self.terminal:
            # A line that wraps could not be written over.
            room = shutil.get_terminal_size().columns - 8
            print(f"{self.painted(self.arrow, 36)} {doing[:room]} ...", end="", flush=True)
        outcome: list[str] = []
        started = time.monotonic()
        try:
            yield outcome
        except BaseException:
            self.end(self.painted(self.cross, 31), doing)
            raise
        told = ": ".join([doing, *outcome])
        self.end(self.painted(self.tick, 32), f"{told} ({time.monotonic() - started:.1f} s)")

    def end(self, mark: str, text: str) -> None:
        print(f"\r\033[K{mark} {text}" if self.terminal else f"{mark} {text}", flush=True)

    def show(self, text: str) -> None:
        """What a step brought to light: a rule, a table, a message."""
        for line in text.rstrip("\n").split("\n"):
            print(f"    {line}", flush=True)

    def title(self, text: str) -> None:
        print(f"\n{self.painted(text, 1)}", flush=True)

    def painted(self, text: str, code: int) -> str:
        return f"\033[{code}m{text}\033[0m" if self.colour else text
