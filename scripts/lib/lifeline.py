"""Ends a server with the process that started it, which holds the other end of its standard input."""

import argparse
import os
import sys
import threading


def add_option(parser: argparse.ArgumentParser) -> None:
    """Adds --watch-stdin."""
    parser.add_argument("--watch-stdin", action="store_true", help="end when standard input closes")


def watch(options: argparse.Namespace) -> None:
    """Ends this process when its standard input closes, if --watch-stdin was given."""
    if options.watch_stdin:
        threading.Thread(target=exit_at_end_of_input, daemon=True).start()


def exit_at_end_of_input() -> None:
    while sys.stdin.buffer.read(4096):
        pass
    os._exit(0)
