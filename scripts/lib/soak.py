"""Runs one worker for a long time under a steady stream of events and a few faults, and shows that it stays small.

Every so often a line with the worker's memory and descriptors; at the end the first and the last of them, the calls for
each event, and exit code 1 unless every event was reverted and recorded, nothing is left in a queue, and neither memory nor
descriptors grew after the first minute by more than a tenth.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

import boto3
from cloudtrail import record
from processes import DemoError, enter_closed_environment, start_emulator, start_worker, stop

FAULTS = [
    {"kind": "duplicate", "action": "ReceiveMessage", "percent": 10},
    {"kind": "error", "status": 503, "code": "Unavailable", "percent": 2},
    {"kind": "reset", "percent": 1},
    {"kind": "lost", "percent": 1},
    {"kind": "truncate", "percent": 1},
    {"kind": "latency", "seconds": 0.05, "percent": 5},
]
GROUPS, BATCH = 10, 5


def start_proxy(upstream: int) -> tuple[subprocess.Popen[str], int]:
    script = str(Path(__file__).with_name("faultproxy.py"))
    process = subprocess.Popen(
        [sys.executable, script, "--upstream", str(upstream), "--watch-stdin"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    return process, int(process.stdout.readline().split()[1])


def size(pid: int) -> tuple[int, int]:
    """Resident memory in KiB, and open descriptors."""
    status = Path(f"/proc/{pid}/status").read_text()
    memory = next(line for line in status.splitlines() if line.startswith("VmRSS:"))
    return int(memory.split()[1]), len(os.listdir(f"/proc/{pid}/fd"))


def make_queue(name: str, attributes: dict[str, str]) -> str:
    return str(boto3.client("sqs").create_queue(QueueName=name, Attributes=attributes)["QueueUrl"])


def waiting(url: str) -> int:
    names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    answer = boto3.client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=names)
    return sum(int(answer["Attributes"][name]) for name in names)


def violate(group: str, port: int) -> str:
    """Opens a port to the world, and answers with what EventBridge would send."""
    source = {"IpProtocol": "tcp", "FromPort": port, "ToPort": port, "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}
    request = {"GroupId": group, "IpPermissions": [source]}
    answer = boto3.client("ec2").authorize_security_group_ingress(**request)
    detail = record("AuthorizeSecurityGroupIngress", request, answer)
    return json.dumps({"detail-type": "AWS API Call via CloudTrail", "source": "aws.ec2", "detail": detail})


def run(program: str, seconds: int, folder: Path) -> list[str]:
    emulator, port = start_emulator(folder / "emulator.log", keep=False)
    proxy, proxy_port = start_proxy(port)
    control = f"http://127.0.0.1:{proxy_port}"
    enter_closed_environment(port)
    ec2, sqs = boto3.client("ec2"), boto3.client("sqs")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    groups = [
        ec2.create_security_group(GroupName=f"g{number}", Description="soak", VpcId=vpc)["GroupId"]
        for number in range(GROUPS)
    ]
    dead = make_queue("dead", {})
    arn = sqs.get_queue_attributes(QueueUrl=dead, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    redrive = json.dumps({"deadLetterTargetArn": arn, "maxReceiveCount": 20})
    queue = make_queue("queue", {"RedrivePolicy": redrive, "VisibilityTimeout": "10"})

    faults = urllib.request.Request(f"{control}/faults", data=json.dumps(FAULTS).encode(), method="PUT")
    urllib.request.urlopen(faults).read()
    command = [program, "worker", "--queue-url", queue, "--ledger", str(folder / "ledger.db"), "--endpoint-url", control]
    command += ["--wait-seconds", "2", "--settle-seconds", "1", "--log-level", "warning"]
    command += [argument for group in groups for argument in ("--group", group)]
    worker = start_worker(command, folder / "worker.log", keep=False)

    sizes: list[tuple[int, int]] = []
    start, spoke, sent = time.monotonic(), 0.0, 0
    try:
        while (elapsed := time.monotonic() - start) < seconds:
            if waiting(queue) < 40:
                for _ in range(BATCH):
                    sqs.send_message(QueueUrl=queue, MessageBody=violate(groups[sent % GROUPS], 1 + sent % 60000))
                    sent += 1
            else:
                time.sleep(0.2)
            if elapsed - spoke >= min(15, seconds / 8):
                spoke = elapsed
                sizes.append(size(worker.pid))
                print(f"{elapsed:5.0f} s  {sent:6} events  {sizes[-1][0]:7} KiB  {sizes[-1][1]:4} descriptors", flush=True)
        deadline = time.monotonic() + 90
        while waiting(queue) and time.monotonic() < deadline:
            time.sleep(0.5)
        sizes.append(size(worker.pid))
    finally:
        code = stop(worker)

    rules = [
        rule
        for group in groups
        for rule in ec2.describe_security_group_rules(Filters=[{"Name": "group-id", "Values": [group]}])["SecurityGroupRules"]
        if not rule["IsEgress"]
    ]
    audit = subprocess.run(
        [program, "audit", "query", "--ledger", str(folder / "ledger.db"), "--format", "jsonl"],
        capture_output=True,
        text=True,
        check=True,
    )
    outcomes = [json.loads(line)["outcome"] for line in audit.stdout.splitlines()]
    letters = waiting(dead)
    counts = json.load(urllib.request.urlopen(f"{control}/counts"))
    proxy.kill()
    emulator.kill()

    for name, count in sorted(counts.items()):
        print(f"{count['calls'] / max(sent, 1):8.3f} calls for each event  {name}, {count['faults']} met a fault")
    steady = sizes[len(sizes) // 4]
    print(f"start {sizes[0][0]} KiB, {sizes[0][1]} descriptors; end {sizes[-1][0]} KiB, {sizes[-1][1]} descriptors")
    return [
        complaint
        for is_bad, complaint in [
            (code != 0, f"the worker ended with {code}"),
            (bool(rules), f"{len(rules)} rules still stand"),
            (outcomes != ["reverted"] * sent, f"{outcomes.count('reverted')} of {sent} events are reverted"),
            (letters > 0, f"{letters} dead letters"),
            (sizes[-1][0] > steady[0] * 1.1, "memory grew by more than a tenth"),
            (sizes[-1][1] > steady[1] * 1.1 + 2, "descriptors grew"),
        ]
        if is_bad
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description="A long run of one worker.")
    parser.add_argument("--seconds", type=int, default=600)
    parser.add_argument("--program", required=True, help="the built sg-revert")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        try:
            complaints = run(options.program, options.seconds, Path(folder))
        except DemoError as error:
            complaints = [str(error)]
    for complaint in complaints:
        print(f"error: {complaint}", file=sys.stderr)
    sys.exit(1 if complaints else 0)


if __name__ == "__main__":
    main()
