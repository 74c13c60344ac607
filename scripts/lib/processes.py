"""Starts and stops what the demo runs: the AWS emulator and the worker."""

import os
import subprocess
import sys
from pathlib import Path

REGION = "us-east-1"


class DemoError(Exception):
    """The demo cannot go on; the message says why."""


def closed_environment(given: dict[str, str]) -> dict[str, str]:
    """`given`, with nothing left by which a call could reach a real account: its keys, files, endpoints and proxies."""
    proxies = {"HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"}
    kept = {
        name: value
        for name, value in given.items()
        if not name.startswith(("AWS_", "SG_REVERT_")) and name.upper() not in proxies | {"NO_PROXY"}
    }
    for name in proxies:
        # Nobody listens there. libcurl reads the lower-case names.
        kept[name] = kept[name.lower()] = "http://127.0.0.1:9"
    kept["NO_PROXY"] = kept["no_proxy"] = "127.0.0.1,localhost"
    return kept


def emulator_environment(port: int) -> dict[str, str]:
    """What points an AWS client at the emulator."""
    return {
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}",
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_CONFIG_FILE": "/dev/null",
        "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
        "AWS_EC2_METADATA_DISABLED": "true",
    }


def start_emulator(log: Path, *, keep: bool) -> tuple[subprocess.Popen[str], int]:
    """The emulator and its port. Unless it is to be kept it ends with this process, however that ends."""
    command = [sys.executable, str(Path(__file__).with_name("emulator.py"))]
    with log.open("w") as output:
        process = subprocess.Popen(
            command if keep else [*command, "--watch-stdin"],
            stdin=subprocess.DEVNULL if keep else subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=output,
            text=True,
            start_new_session=True,
        )
    assert process.stdout is not None
    word, _, port = process.stdout.readline().partition(" ")
    if word != "ready":
        stop(process)
        raise DemoError(f"The AWS emulator did not start:\n{tail(log)}")
    return process, int(port)


def start_worker(command: list[str], log: Path, *, keep: bool) -> subprocess.Popen[bytes]:
    """The worker, in a session of its own, so that Ctrl-C reaches only the demo, which then stops it in good order."""

    # Not by a function between fork and exec: what Ctrl-C raises while Python forks is lost, and the signal with it.
    tied = [] if keep else ["setpriv", "--pdeathsig", "TERM"]
    with log.open("wb") as output:
        return subprocess.Popen(
            [*tied, *command],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )


def stop(process: subprocess.Popen[bytes] | subprocess.Popen[str], seconds: float = 35) -> int:
    """Asks the process to end, waits for so long, then kills it. Its exit code, negative for a signal."""
    if process.poll() is None:
        process.terminate()
    try:
        return process.wait(seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        return process.wait()


def tail(log: Path, lines: int = 20) -> str:
    try:
        return "\n".join(log.read_text(errors="replace").splitlines()[-lines:])
    except OSError:
        return ""


def enter_closed_environment(port: int) -> None:
    """Makes this process, and all it starts, see the emulator and nothing else of AWS."""
    closed = closed_environment(dict(os.environ)) | emulator_environment(port)
    os.environ.clear()
    os.environ.update(closed)
