"""Stands between a worker and the AWS emulator: checks every signature, and breaks what it is told to break.

Prints `ready PORT` once it serves. Control, as JSON over HTTP:

    PUT /faults    replaces the list of faults
    GET /counts    for each `service.Action` its calls, and how many a fault or a bad signature met

The first fault that fits a request is applied. A fault names its `kind`, and where it holds: `service`, `action`,
`percent` of the requests (default 100) and `times` (default: for ever). The kinds, and what else they take:

    latency      `seconds`, then the true answer
    reset        the connection is reset before the request has an effect
    lost         ... and after it had one
    hang         no answer, ever
    error        `status` and `code`, in the shape of the service's protocol
    truncate     half of the true answer, then the end of the connection
    throttle     `burst` and `rate` (calls a second): a token bucket for each action, which answers RequestLimitExceeded
    duplicate    each message of a receive comes once more with the next receive
    expired      the credentials have expired
    skew         `seconds` by which the service's clock, and its Date header, are ahead of ours; other faults still apply
"""

import argparse
import http.client
import json
import os
import random
import signal
import socket
import struct
import sys
import threading
import time
import uuid
from datetime import datetime, timezone
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

import lifeline

SECRETS = {"testing": "testing"}
Fault = dict[str, Any]


class State:
    """What the proxy was told, and what it saw."""

    def __init__(self, seed: int) -> None:
        self.lock = threading.Lock()
        self.random = random.Random(seed)
        self.faults: list[Fault] = []
        self.counts: dict[str, dict[str, int]] = {}
        self.buckets: dict[str, tuple[float, float]] = {}
        self.duplicates: dict[str, list[Any]] = {}

    def replace(self, faults: list[Fault]) -> None:
        with self.lock:
            self.faults = faults
            self.buckets = {}

    def skew(self) -> float:
        with self.lock:
            return sum(fault["seconds"] for fault in self.faults if fault["kind"] == "skew")

    def count(self, name: str, what: str) -> None:
        with self.lock:
            entry = self.counts.setdefault(name, {"calls": 0, "faults": 0})
            entry[what] += 1

    def choose(self, service: str, action: str) -> Fault | None:
        with self.lock:
            for fault in self.faults:
                if (
                    fault["kind"] == "skew"
                    or fault.get("service", service) != service
                    or fault.get("action", action) != action
                    or fault.get("times", 1) <= 0
                    or self.random.random() * 100 >= fault.get("percent", 100)
                    or (fault["kind"] == "throttle" and self.has_token(f"{service}.{action}", fault))
                ):
                    continue
                if "times" in fault:
                    fault["times"] -= 1
                return fault
        return None

    def has_token(self, name: str, fault: Fault) -> bool:
        now = time.monotonic()
        tokens, then = self.buckets.get(name, (fault["burst"], now))
        tokens = min(tokens + (now - then) * fault["rate"], fault["burst"])
        self.buckets[name] = (tokens - 1 if tokens >= 1 else tokens, now)
        return tokens >= 1


class Call:
    """One request, as far as the proxy has to understand it."""

    def __init__(self, path: str, headers: http.client.HTTPMessage, body: bytes) -> None:
        self.path, self.headers, self.body = path, headers, body
        self.is_json = "X-Amz-Target" in headers
        if self.is_json:
            self.action = headers["X-Amz-Target"].rpartition(".")[2]
        else:
            self.action = parse_qs(body.decode()).get("Action", ["?"])[0]
        fields = headers.get("Authorization", "").removeprefix("AWS4-HMAC-SHA256 ").split(",")
        self.authorization = dict(field.strip().partition("=")[::2] for field in fields if "=" in field)
        scope = self.authorization.get("Credential", "////").split("/")
        self.access_key, _, self.region, self.service = (scope + [""] * 4)[:4]

    def refusal(self, now: float) -> tuple[int, str] | None:
        """The error of a service that does not believe the signature, as botocore would have made it."""
        secret = SECRETS.get(self.access_key)
        if secret is None:
            return 403, {"ec2": "AuthFailure"}.get(self.service, "InvalidClientTokenId")
        stamp = self.headers.get("X-Amz-Date", "")
        try:
            signed_at = datetime.strptime(stamp, "%Y%m%dT%H%M%SZ").replace(tzinfo=timezone.utc).timestamp()
        except ValueError:
            return 400, "IncompleteSignature"
        if abs(signed_at - now) > 300:
            return 400, "RequestExpired" if self.service == "ec2" else "InvalidSignatureException"
        names = self.authorization.get("SignedHeaders", "").split(";")
        request = AWSRequest(
            method="POST",
            url=f"http://{self.headers['Host']}{self.path}",
            headers={name: self.headers[name] for name in names if name in self.headers},
            data=self.body,
        )
        request.context["timestamp"] = stamp
        auth = SigV4Auth(Credentials(self.access_key, secret), self.service, self.region)
        canonical = auth.canonical_request(request)
        if auth.signature(auth.string_to_sign(request, canonical), request) != self.authorization.get("Signature"):
            return 403, {"ec2": "AuthFailure"}.get(self.service, "SignatureDoesNotMatch")
        return None


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: "Proxy"

    def log_message(self, *_: Any) -> None:
        """Nobody reads one line for each request."""

    def date_time_string(self, timestamp: float | None = None) -> str:
        return formatdate(time.time() + self.server.state.skew(), usegmt=True)

    def do_GET(self) -> None:
        with self.server.state.lock:
            body = json.dumps(self.server.state.counts).encode()
        self.answer(200, [("Content-Type", "application/json")], body)

    def do_PUT(self) -> None:
        self.server.state.replace(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        self.answer(200, [], b"{}")

    def do_POST(self) -> None:
        state = self.server.state
        call = Call(self.path, self.headers, self.rfile.read(int(self.headers.get("Content-Length") or 0)))
        name = f"{call.service}.{call.action}"
        state.count(name, "calls")
        refusal = call.refusal(time.time() + state.skew())
        if refusal:
            state.count(name, "faults")
            return self.fail(call, *refusal)
        fault = state.choose(call.service, call.action)
        if fault:
            state.count(name, "faults")
        match fault and fault["kind"]:
            case "reset":
                self.reset()
            case "hang":
                self.rfile.read(1)
                self.close_connection = True
            case "error":
                self.fail(call, fault["status"], fault["code"])
            case "throttle":
                self.fail(call, 503, "RequestLimitExceeded")
            case "expired":
                self.fail(call, 403, "ExpiredTokenException" if call.is_json else "ExpiredToken")
            case kind:
                if kind == "latency":
                    time.sleep(fault["seconds"])
                status, headers, body = self.server.forward(call)
                if call.action == "ReceiveMessage" and status == 200:
                    body = self.duplicated(call, body, kind == "duplicate")
                if kind == "lost":
                    return self.reset()
                self.answer(status, headers, body, length=len(body) // 2 if kind == "truncate" else None)

    def duplicated(self, call: Call, body: bytes, remember: bool) -> bytes:
        """A receive's answer, with the messages that are to come a second time."""
        request, answer = json.loads(call.body), json.loads(body or b"{}")
        messages = answer.get("Messages", [])
        with self.server.state.lock:
            again = self.server.state.duplicates.setdefault(request["QueueUrl"], [])
            room = max(request.get("MaxNumberOfMessages", 1) - len(messages), 0)
            added = again[:room]
            del again[:room]
            if remember:
                again += messages
        if added:
            answer["Messages"] = messages + added
        return json.dumps(answer).encode()

    def fail(self, call: Call, status: int, code: str) -> None:
        request_id = str(uuid.uuid4())
        text = "the fault proxy says so"
        if call.is_json:
            kind = "application/x-amz-json-1.0"
            body = json.dumps({"__type": f"com.amazonaws.sqs#{code}", "message": text})
        else:
            kind = "text/xml"
            error = f"<Error><Code>{code}</Code><Message>{text}</Message></Error>"
            body = (
                f"<Response><Errors>{error}</Errors><RequestID>{request_id}</RequestID></Response>"
                if call.service == "ec2"
                else f"<ErrorResponse>{error}<RequestId>{request_id}</RequestId></ErrorResponse>"
            )
        self.answer(status, [("Content-Type", kind), ("x-amzn-RequestId", request_id)], body.encode())

    def answer(
        self, status: int, headers: list[tuple[str, str]], body: bytes, length: int | None = None
    ) -> None:
        try:
            self.send_response(status)
            for name, value in headers:
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body[:length])
        except OSError:
            length = 0
        if length is not None:
            self.close_connection = True

    def reset(self) -> None:
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()
        self.close_connection = True


class Proxy(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, upstream: int, seed: int) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.upstream = upstream
        self.state = State(seed)

    def handle_error(self, *_: Any) -> None:
        """A connection that broke is what we are here for."""
        error = sys.exception()
        if not isinstance(error, OSError | ValueError):
            print(f"fault proxy: {error!r}", file=sys.stderr)

    def forward(self, call: Call) -> tuple[int, list[tuple[str, str]], bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", self.upstream, timeout=60)
        try:
            connection.putrequest("POST", call.path, skip_host=True, skip_accept_encoding=True)
            for name, value in call.headers.items():
                if name.lower() not in ("connection", "expect"):
                    connection.putheader(name, value)
            connection.endheaders(call.body)
            response = connection.getresponse()
            body = response.read()
            dropped = ("content-length", "connection", "date", "server", "transfer-encoding")
            headers = [(name, value) for name, value in response.getheaders() if name.lower() not in dropped]
            return response.status, headers, body
        finally:
            connection.close()


def main() -> None:
    parser = argparse.ArgumentParser(description="A proxy that breaks AWS on purpose.")
    parser.add_argument("--upstream", type=int, required=True, help="the emulator's port")
    parser.add_argument("--seed", type=int, default=1, help="for the faults that meet only a percentage")
    lifeline.add_option(parser)
    options = parser.parse_args()
    proxy = Proxy(options.upstream, options.seed)
    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
    lifeline.watch(options)
    print(f"ready {proxy.server_address[1]}", flush=True)
    proxy.serve_forever()


if __name__ == "__main__":
    main()
