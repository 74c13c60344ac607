"""Serves AWS on a loopback port, for the demo and the integration tests.

moto, with three of its habits put right: its changes take no lock, so that concurrent ones undo one another; every
EC2 answer has the same request id, so that a worker would take all events for its own calls; and CloudFormation's
AWS::NoValue stays in a list as null, so that a policy with an optional statement is refused.

Prints `ready PORT` once it serves. Ends on SIGTERM and, with --watch-stdin, when its standard input closes, so that it
never outlives the process that started it.
"""

import argparse
import io
import logging
import os
import re
import signal
import threading
import uuid
from collections.abc import Callable, Iterable
from typing import Any

from moto.cloudformation import parsing
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import make_server

import lifeline

Environment = dict[str, Any]
REQUEST_ID = re.compile(rb"<(requestId|RequestId|RequestID)>[^<]*</\1>")


class OneAtATime:
    """Passes requests on one by one. SQS receives go past the queue: a long poll would stop everybody else."""

    def __init__(self, app: Callable[..., Iterable[bytes]]) -> None:
        self.app = app
        self.lock = threading.Lock()

    def __call__(self, environment: Environment, start_response: Callable[..., Any]) -> Iterable[bytes]:
        if is_receive(environment):
            return self.app(environment, start_response)
        with self.lock:
            # The answer is read whole here, because an application may do its work while it is iterated.
            answer = self.app(environment, start_response)
            try:
                return list(answer)
            finally:
                getattr(answer, "close", lambda: None)()


def is_receive(environment: Environment) -> bool:
    """Whether the request is SQS ReceiveMessage, in JSON (by its header) or as a query (by its form)."""
    target = environment.get("HTTP_X_AMZ_TARGET")
    if target:
        return bool(target == "AmazonSQS.ReceiveMessage")
    length = int(environment.get("CONTENT_LENGTH") or 0)
    body = environment["wsgi.input"].read(length)
    environment["wsgi.input"] = io.BytesIO(body)
    return b"Action=ReceiveMessage" in body.split(b"&")


class FreshRequestIds:
    """Gives every XML answer (EC2, SNS, STS) a request id of its own, in its body and in the header."""

    def __init__(self, app: Callable[..., Iterable[bytes]]) -> None:
        self.app = app

    def __call__(self, environment: Environment, start_response: Callable[..., Any]) -> Iterable[bytes]:
        started: list[Any] = []
        body = b"".join(self.app(environment, lambda *arguments: started.extend(arguments)))
        status, headers = started[0], list(started[1])
        # Only XML: an SQS answer is JSON, and the messages in it are not to be touched.
        if "xml" in dict(headers).get("Content-Type", ""):
            request_id = str(uuid.uuid4())
            body = REQUEST_ID.sub(rb"<\1>%b</\1>" % request_id.encode(), body)
            replaced = ("content-length", "x-amzn-requestid")
            headers = [header for header in headers if header[0].lower() not in replaced]
            headers += [("Content-Length", str(len(body))), ("x-amzn-RequestId", request_id)]
        start_response(status, headers)
        return [body]


def drop_missing_values() -> None:
    """Makes CloudFormation leave AWS::NoValue out of lists, as it does out of objects."""
    clean = parsing.clean_json

    def cleaned(node: Any, resources: Any) -> Any:
        value = clean(node, resources)
        return [each for each in value if each is not None] if isinstance(node, list) else value

    # clean_json calls itself by this name.
    parsing.clean_json = cleaned


def main() -> None:
    parser = argparse.ArgumentParser(description="An AWS emulator on a loopback port.")
    parser.add_argument("--port", type=int, default=0, help="default: any free port")
    lifeline.add_option(parser)
    options = parser.parse_args()

    # One line for each request is noise, and nobody may be reading the pipe it would fill.
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    drop_missing_values()
    app = OneAtATime(FreshRequestIds(DomainDispatcherApplication(create_backend_app)))
    server = make_server("127.0.0.1", options.port, app, threaded=True)
    # moto calls itself under this port.
    os.environ["MOTO_PORT"] = str(server.port)

    # No orderly shutdown: nothing here outlives the process, and an open long poll would delay it.
    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
    signal.signal(signal.SIGINT, lambda *_: os._exit(0))
    lifeline.watch(options)

    print(f"ready {server.port}", flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
