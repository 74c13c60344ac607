"""Measures the client beside curl, both against one server that says yes to everything: aws-bench COUNT."""

import asyncio
import json
import os
import pathlib
import resource
import subprocess
import sys
import tempfile
import threading

BODY = json.dumps(
    {
        "QueueUrl": "https://sqs.us-east-1.amazonaws.com/123456789012/q",
        "Entries": [{"Id": "0", "ReceiptHandle": "handle"}],
    }
)
ANSWER = b'{"Successful":[{"Id":"0"}]}'
RESPONSE = b"HTTP/1.1 200 OK\r\nContent-Type: application/x-amz-json-1.0\r\nContent-Length: %d\r\n\r\n%s" % (
    len(ANSWER),
    ANSWER,
)


async def answer(reader, writer):
    try:
        while True:
            head = await reader.readuntil(b"\r\n\r\n")
            for line in head.split(b"\r\n"):
                if line.lower().startswith(b"content-length:"):
                    await reader.readexactly(int(line.split(b":")[1]))
            writer.write(RESPONSE)
    except (asyncio.IncompleteReadError, ConnectionError):
        writer.close()


def serve():
    """Starts the server in a thread; the answer is its port."""
    ready = threading.Event()
    ports = []

    async def run():
        server = await asyncio.start_server(answer, "127.0.0.1", 0)
        ports.append(server.sockets[0].getsockname()[1])
        ready.set()
        await server.serve_forever()

    threading.Thread(target=lambda: asyncio.run(run()), daemon=True).start()
    ready.wait()
    return ports[0]


def cpu(command):
    """The microseconds of CPU that a child takes."""

    def spent():
        usage = resource.getrusage(resource.RUSAGE_CHILDREN)
        return (usage.ru_utime + usage.ru_stime) * 1e6

    before = spent()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return spent() - before


def curl(url, count, *flags):
    """The microseconds of CPU of one of `count` requests over one connection, without curl's own start."""
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder, "urls")

        def run(number):
            path.write_text(f'url = "{url}"\noutput = "/dev/null"\n' * number)
            headers = [
                "Content-Type: application/x-amz-json-1.0",
                "X-Amz-Target: AmazonSQS.DeleteMessageBatch",
                "x-amzn-query-mode: true",
            ]
            command = ["curl", "--silent", "--http1.1", "--config", str(path), "--data", BODY, *flags]
            return cpu(command + [part for header in headers for part in ("--header", header)])

        return (run(count + 1) - run(1)) / count


def main():
    program, count = sys.argv[1], int(sys.argv[2])
    url = f"http://127.0.0.1:{serve()}/"
    signed = float(subprocess.check_output([program, str(count)]))
    sent = float(subprocess.check_output([program, str(count), url]))
    plain = curl(url, count)
    signing = curl(url, count, "--aws-sigv4", "aws:amz:us-east-1:sqs", "--user", "AKIDEXAMPLE:secret")
    print(
        json.dumps(
            {
                "requests": count,
                "cpus": os.cpu_count(),
                "us_per_signed_call": round(signed, 1),
                "us_per_loopback_call": round(sent, 1),
                "us_per_request_of_curl": round(plain, 1),
                "us_per_signed_request_of_curl": round(signing, 1),
                "ratio_to_curl": round(sent / plain, 2),
                "ratio_to_signing_curl": round(sent / signing, 2),
            }
        )
    )


if __name__ == "__main__":
    main()
