"""Shows the main job from end to end on an AWS emulator: a rule is opened, sg-revert takes it away and tells of it."""

import argparse
import json
import os
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any, TypeVar

import boto3
from botocore.exceptions import BotoCoreError, ClientError

import cloudtrail
import deployment
import processes
from narrator import Narrator
from processes import DemoError

Found = TypeVar("Found")
PATIENCE = 30.0
PERMISSION = {
    "IpProtocol": "tcp",
    "FromPort": 22,
    "ToPort": 22,
    "IpRanges": [{"CidrIp": "0.0.0.0/0"}],
    "Ipv6Ranges": [{"CidrIpv6": "::/0"}],
}


class Demo:
    """The story, step by step. What it starts is ended by `cleanup`, unless the user keeps it."""

    def __init__(self, binary: Path, *, keep: bool, cleanup: ExitStack) -> None:
        self.binary = binary
        self.keep = keep
        self.cleanup = cleanup
        self.narrator = Narrator()
        self.folder = Path(tempfile.mkdtemp(prefix="sg-revert."))
        cleanup.callback(shutil.rmtree, self.folder, ignore_errors=True)
        self.ledger = self.folder / "ledger.db"
        self.worker_log = self.folder / "worker.log"
        self.worker: subprocess.Popen[bytes] | None = None

    def run(self) -> None:
        tell = self.narrator
        tell.title("An AWS to work on")
        with tell.step("Start an AWS emulator") as outcome:
            self.emulator, port = processes.start_emulator(self.folder / "emulator.log", keep=self.keep)
            self.cleanup.callback(processes.stop, self.emulator)
            processes.enter_closed_environment(port)
            outcome.append(f"port {port}")
        with tell.step("Deploy infra/cloudformation/sg-revert.yaml"):
            self.outputs = deployment.deploy()
        with tell.step("Set the queues' policies by API: the emulator's CloudFormation skips them, and alarms"):
            deployment.complete(self.outputs)
        with tell.step("Ask SQS, EventBridge and SNS whether all of it is there"):
            deployment.verify(self.outputs)
        with tell.step("Subscribe a queue to the topic, to read the notification back"):
            self.inbox = self.make_inbox()
        with tell.step("Create a VPC and a security group") as outcome:
            self.group = make_group()
            outcome.append(self.group)
        with tell.step("Start sg-revert worker") as outcome:
            self.worker = processes.start_worker(self.worker_command(), self.worker_log, keep=self.keep)
            self.cleanup.callback(processes.stop, self.worker)
            outcome.append(f"process {self.worker.pid}")

        tell.title("Somebody opens ssh to the world")
        with tell.step("Authorize tcp/22 from 0.0.0.0/0 and ::/0"):
            request = {"GroupId": self.group, "IpPermissions": [PERMISSION]}
            answer = boto3.client("ec2").authorize_security_group_ingress(**request)
            opened = time.monotonic()
        standing = ingress_rules(self.group)
        if len(standing) != 2:
            raise DemoError(f"EC2 should show two rules, and shows {len(standing)}.")
        for rule in standing:
            tell.show(in_words(rule))
        with tell.step("Put the call's CloudTrail record on the event bus, as AWS would"):
            put_on_bus(cloudtrail.record("AuthorizeSecurityGroupIngress", request, answer, region=processes.REGION))

        tell.title("sg-revert takes it away")
        with tell.step("Wait until EC2 no longer shows the rules") as outcome:
            self.wait("The rules still stand", lambda: not ingress_rules(self.group))
            outcome.append(f"gone, {time.monotonic() - opened:.2f} s after they were opened")
        with tell.step("Wait for the ledger's word on it"):
            self.wait("The ledger does not say that the event was reverted", self.is_recorded)
        tell.show(self.audit("table"))
        with tell.step("Read the notification"):
            notification = self.wait("No notification came", self.receive_notification)
        tell.show(f"Subject: {notification['Subject']}\n\n{notification['Message']}")

        if self.keep:
            self.cleanup.pop_all()
            self.tell_how_to_use()
        else:
            with tell.step("Stop the worker"):
                if (code := processes.stop(self.worker)) != 0:
                    raise DemoError(f"The worker ended with exit code {code} when it was asked to stop.")
        self.tell_how_to_deploy()

    def worker_command(self) -> list[str]:
        return [
            str(self.binary),
            "worker",
            *("--queue-url", self.outputs["QueueUrl"]),
            *("--group", self.group),
            *("--topic-arn", self.outputs["TopicArn"]),
            *("--ledger", str(self.ledger)),
            *("--wait-seconds", "2"),
        ]

    def make_inbox(self) -> str:
        queue = boto3.client("sqs").create_queue(QueueName="inbox")["QueueUrl"]
        boto3.client("sns").subscribe(
            TopicArn=self.outputs["TopicArn"], Protocol="sqs", Endpoint=deployment.attributes(queue)["QueueArn"]
        )
        return str(queue)

    def wait(self, otherwise: str, look: Callable[[], Found]) -> Found:
        """Looks until there is something to see. An error when the worker ends meanwhile, or after `PATIENCE`."""
        deadline = time.monotonic() + PATIENCE
        while True:
            if found := look():
                return found
            if self.worker and (code := self.worker.poll()) is not None:
                raise DemoError(f"The worker ended with exit code {code}.")
            if time.monotonic() > deadline:
                raise DemoError(f"{otherwise} after {PATIENCE:.0f} s.")
            time.sleep(0.05)

    def audit(self, form: str) -> str:
        command = [str(self.binary), "audit", "query", "--ledger", str(self.ledger), "--format", form]
        done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE)
        if done.returncode != 0:
            raise DemoError(f"audit query ended with exit code {done.returncode}: {done.stderr.strip()}")
        return done.stdout

    def is_recorded(self) -> bool:
        return any(event["outcome"] == "reverted" for event in json.loads(self.audit("json")))

    def receive_notification(self) -> dict[str, str] | None:
        answer = boto3.client("sqs").receive_message(QueueUrl=self.inbox, WaitTimeSeconds=1)
        return json.loads(answer["Messages"][0]["Body"]) if answer.get("Messages") else None

    def tell_how_to_use(self) -> None:
        assert self.worker is not None
        settings = {name: value for name, value in os.environ.items() if name.startswith("AWS_")} | {
            "SG_REVERT_QUEUE_URL": self.outputs["QueueUrl"],
            "SG_REVERT_DEAD_LETTER_QUEUE_URL": self.outputs["DeadLetterQueueUrl"],
            "SG_REVERT_TOPIC_ARN": self.outputs["TopicArn"],
            "SG_REVERT_GROUPS": self.group,
            "SG_REVERT_LEDGER": str(self.ledger),
        }
        self.narrator.title("Everything is still running. To use it from a shell:")
        for name, value in sorted(settings.items()):
            print(f"export {name}={shlex.quote(value)}")
        print("# aws of version 1 passes over AWS_ENDPOINT_URL for SQS; give it --endpoint-url \"$AWS_ENDPOINT_URL\"")
        self.narrator.title("The worker's log, and how to stop it all:")
        print(f"tail -f {shlex.quote(str(self.worker_log))}")
        print(f"kill {self.worker.pid} && sleep 3; kill {self.emulator.pid}; rm -r {shlex.quote(str(self.folder))}")

    def tell_how_to_deploy(self) -> None:
        self.narrator.title("On a real account, which needs a trail that logs management write events:")
        print(
            "aws cloudformation deploy --stack-name sg-revert --capabilities CAPABILITY_IAM \\\n"
            "    --template-file infra/cloudformation/sg-revert.yaml\n"
            "aws cloudformation describe-stacks --stack-name sg-revert --query 'Stacks[0].Outputs'\n"
            ".build/release/sg-revert worker --queue-url QueueUrl --topic-arn TopicArn --group sg-... --dry-run\n"
            "(It runs as you: attach the policy WorkerPolicyArn to its identity. Without --dry-run it reverts.)"
        )


def make_group() -> str:
    ec2 = boto3.client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    group = ec2.create_security_group(GroupName="web", Description="Watched by sg-revert", VpcId=vpc)
    return str(group["GroupId"])


def ingress_rules(group: str) -> list[dict[str, Any]]:
    filters = [{"Name": "group-id", "Values": [group]}]
    rules = boto3.client("ec2").describe_security_group_rules(Filters=filters)["SecurityGroupRules"]
    return [dict(rule) for rule in rules if not rule["IsEgress"]]


def in_words(rule: dict[str, Any]) -> str:
    source = rule.get("CidrIpv4") or rule.get("CidrIpv6")
    return f"{rule['SecurityGroupRuleId']}  {rule['IpProtocol']}/{rule['FromPort']} from {source}"


def put_on_bus(record: dict[str, Any]) -> None:
    entry = {"Source": "aws.ec2", "DetailType": "AWS API Call via CloudTrail", "Detail": json.dumps(record)}
    answer = boto3.client("events").put_events(Entries=[entry])
    if answer["FailedEntryCount"]:
        raise DemoError(f"EventBridge did not take the record: {answer['Entries']}")


def interrupt(number: int, _: object) -> None:
    # Once is enough: a second Ctrl-C must not cut the cleaning up short.
    for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(each, signal.SIG_IGN)
    print("\nInterrupted; stopping what runs.", file=sys.stderr)
    raise SystemExit(128 + number)


def main() -> None:
    parser = argparse.ArgumentParser(description="Show sg-revert at work on an AWS emulator.")
    parser.add_argument("binary", type=Path, help="the sg-revert to show")
    parser.add_argument("--keep", action="store_true", help="leave everything running")
    options = parser.parse_args()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, interrupt)

    with ExitStack() as cleanup:
        demo = Demo(options.binary, keep=options.keep, cleanup=cleanup)
        try:
            demo.run()
        except (DemoError, BotoCoreError, ClientError, OSError, subprocess.SubprocessError) as error:
            print(f"error: {error}", file=sys.stderr)
            if log := processes.tail(demo.worker_log):
                print(f"The worker's log ends with:\n{log}", file=sys.stderr)
            sys.exit(1)


if __name__ == "__main__":
    main()
