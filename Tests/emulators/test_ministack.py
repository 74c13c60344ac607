"""The program and the template on ministack: another implementation of AWS, which checks signatures and IAM policies.

It speaks TLS here, because the queues' policies refuse everything else, and it believes them.
"""

import json
import os
import socket
import subprocess
import tempfile
import time
import unittest
from pathlib import Path
from typing import Any
from unittest import mock

import boto3
from botocore.exceptions import ClientError

import cloudtrail
import demo
import deployment
import processes
from template import ROOT

PROGRAM = ROOT / ".build/debug/sg-revert"
MINISTACK = ROOT / ".venv-emulators/bin/ministack"
ACCOUNT = "000000000000"
# CloudFormation makes the role's name, so the operator of the tests is made before the stack.
OPERATOR = f"arn:aws:iam::{ACCOUNT}:role/operator"
SESSION = boto3.Session
ANYBODY = {"Statement": [{"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}, "Action": "sts:AssumeRole"}]}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Ministack(unittest.TestCase):
    @classmethod
    def setUpClass(cls) -> None:
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.folder = Path(folder.name)
        closed = mock.patch.dict(os.environ)
        closed.start()
        cls.addClassCleanup(closed.stop)
        cls.start(free_port())
        cls.set_up_account()

    @classmethod
    def start(cls, port: int) -> None:
        certificate, key = cls.folder / "server.crt", cls.folder / "server.key"
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost",
             "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout", key, "-out", certificate],
            check=True, capture_output=True,
        )
        environment = os.environ | {
            "AUTH": "true", "BIND_HOST": "127.0.0.1", "GATEWAY_PORT": str(port), "USE_SSL": "1",
            "MINISTACK_SSL_CERT": str(certificate), "MINISTACK_SSL_KEY": str(key), "TMPDIR": str(cls.folder),
            # Root's keys.
            "AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": "testing",
        }
        with (cls.folder / "ministack.log").open("w") as log:
            server = subprocess.Popen([MINISTACK], env=environment, stdout=log, stderr=log, stdin=subprocess.DEVNULL)
        cls.addClassCleanup(processes.stop, server)
        processes.enter_closed_environment(port)
        os.environ |= {"AWS_ENDPOINT_URL": f"https://localhost:{port}", "AWS_CA_BUNDLE": str(certificate)}
        boto3.setup_default_session()
        deadline = time.monotonic() + 30
        while True:
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
                return
            except OSError:
                if server.poll() is not None or time.monotonic() > deadline:
                    raise AssertionError(processes.tail(cls.folder / "ministack.log")) from None
                time.sleep(0.1)

    @classmethod
    def set_up_account(cls) -> None:
        iam = boto3.client("iam")
        iam.create_role(RoleName="operator", AssumeRolePolicyDocument=json.dumps(ANYBODY))
        cls.outputs = deployment.deploy(OperatorRoleArn=OPERATOR)
        iam.attach_role_policy(RoleName="operator", PolicyArn=cls.outputs["OperatorPolicyArn"])
        # In AWS a batch needs the permission of the single call; here it has a name of its own.
        queue, letters = (deployment.attributes(cls.outputs[name])["QueueArn"] for name in ("QueueUrl", "DeadLetterQueueUrl"))
        batches = ["sqs:DeleteMessageBatch", "sqs:ChangeMessageVisibilityBatch"]
        cls.batches = [
            {"Effect": "Allow", "Action": batches, "Resource": queue},
            {"Effect": "Allow", "Action": "sqs:SendMessageBatch", "Resource": letters},
        ]
        replays = [
            {"Effect": "Allow", "Action": batches, "Resource": letters},
            {"Effect": "Allow", "Action": "sqs:SendMessageBatch", "Resource": queue},
        ]
        document = json.dumps({"Version": "2012-10-17", "Statement": replays})
        iam.put_role_policy(RoleName="operator", PolicyName="batches", PolicyDocument=document)
        cls.worker = cls.user("worker", cls.outputs["WorkerPolicyArn"], *cls.batches)
        cls.administrator = cls.user("administrator", None, {"Effect": "Allow", "Action": "*", "Resource": "*"})
        session = boto3.client("sts").assume_role(RoleArn=OPERATOR, RoleSessionName="alice")["Credentials"]
        cls.operator = {
            "AWS_ACCESS_KEY_ID": session["AccessKeyId"],
            "AWS_SECRET_ACCESS_KEY": session["SecretAccessKey"],
            "AWS_SESSION_TOKEN": session["SessionToken"],
        }
        cls.name_session(session_of=f"arn:aws:sts::{ACCOUNT}:assumed-role/operator/alice")
        cls.group = demo.make_group()

    @classmethod
    def name_session(cls, *, session_of: str) -> None:
        """Puts the session in the place of the role in the queue's policy: in AWS aws:PrincipalArn is the role's ARN, and
        here it is the session's."""
        sqs, url = boto3.client("sqs"), cls.outputs["QueueUrl"]
        policy = deployment.attributes(url)["Policy"]
        assert OPERATOR in policy
        sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": policy.replace(OPERATOR, session_of)})

    @classmethod
    def user(cls, name: str, policy: str | None, *statements: dict[str, Any]) -> dict[str, str]:
        """The keys of a new user with a managed policy, with statements of its own, or with both."""
        iam = boto3.client("iam")
        iam.create_user(UserName=name)
        if policy:
            iam.attach_user_policy(UserName=name, PolicyArn=policy)
        if statements:
            document = json.dumps({"Version": "2012-10-17", "Statement": list(statements)})
            iam.put_user_policy(UserName=name, PolicyName="own", PolicyDocument=document)
        key = iam.create_access_key(UserName=name)["AccessKey"]
        return {"AWS_ACCESS_KEY_ID": key["AccessKeyId"], "AWS_SECRET_ACCESS_KEY": key["SecretAccessKey"]}

    def sqs(self, keys: dict[str, str]) -> Any:
        return SESSION(
            keys["AWS_ACCESS_KEY_ID"], keys["AWS_SECRET_ACCESS_KEY"], keys.get("AWS_SESSION_TOKEN"), processes.REGION
        ).client("sqs")

    def run_as(self, keys: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
        # The URL as the stack prints it; with an endpoint configured it names the queue and no host.
        command = [PROGRAM, *arguments, "--queue-url", self.outputs["QueueUrl"]]
        environment = {name: value for name, value in os.environ.items() if name != "AWS_SESSION_TOKEN"} | keys
        environment |= {"HOME": str(self.folder), "SG_REVERT_LEDGER": str(self.folder / "ledger.db")}
        return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=90)

    def work(self, keys: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
        return self.run_as(
            keys or self.worker, "worker", "--group", self.group, "--topic-arn", self.outputs["TopicArn"],
            "--until-empty", "--wait-seconds", "1", "--settle-seconds", "1",
        )

    def open(self, port: int) -> dict[str, Any]:
        """Somebody opens a port; the record of the call."""
        permission = {"IpProtocol": "tcp", "FromPort": port, "ToPort": port, "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}
        request = {"GroupId": self.group, "IpPermissions": [permission]}
        answer = boto3.client("ec2").authorize_security_group_ingress(**request)
        return cloudtrail.record(
            "AuthorizeSecurityGroupIngress", request, answer, region=processes.REGION, account=ACCOUNT
        )


class SpineTests(Ministack):
    def test_a_port_that_is_opened_is_closed_with_the_workers_own_permissions(self) -> None:
        record = self.open(22)
        # As AWS does, this emulator takes no event of a source that begins with "aws." from a caller.
        with self.assertRaisesRegex(processes.DemoError, "NotAuthorizedForSource"):
            demo.put_on_bus(record)
        envelope = {
            "version": "0", "id": "1", "detail-type": "AWS API Call via CloudTrail", "source": "aws.ec2",
            "account": ACCOUNT, "time": record["eventTime"], "region": processes.REGION, "resources": [], "detail": record,
        }
        self.sqs(self.operator).send_message(QueueUrl=self.outputs["QueueUrl"], MessageBody=json.dumps(envelope))
        done = self.work()
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(demo.ingress_rules(self.group), [], done.stderr)

    def test_nobody_but_the_operator_sends_to_the_queue(self) -> None:
        for keys in (self.administrator, self.worker):
            with self.assertRaises(ClientError) as refused:
                self.sqs(keys).send_message(QueueUrl=self.outputs["QueueUrl"], MessageBody="{}")
            self.assertIn("AccessDenied", refused.exception.response["Error"]["Code"])
        self.sqs(self.operator).send_message(QueueUrl=self.outputs["QueueUrl"], MessageBody="{}")
        self.assertEqual(self.work().returncode, 0)

    def test_a_dead_letter_is_buried_by_the_worker_and_replayed_by_the_operator(self) -> None:
        envelope = {"detail-type": "AWS API Call via CloudTrail", "source": "aws.ec2", "detail": {"eventID": 7}}
        self.sqs(self.operator).send_message(QueueUrl=self.outputs["QueueUrl"], MessageBody=json.dumps(envelope))
        done = self.work()
        self.assertEqual(done.returncode, 0, done.stderr)
        listed = self.run_as(self.operator, "dlq", "list", "--format", "json")
        self.assertEqual(listed.returncode, 0, listed.stderr)
        self.assertTrue(json.loads(listed.stdout))
        refused = self.run_as(self.worker, "dlq", "replay")
        self.assertNotEqual(refused.returncode, 0, "the worker's keys must not replay")
        replayed = self.run_as(self.operator, "dlq", "replay")
        self.assertEqual(replayed.returncode, 0, replayed.stderr)

    def test_a_wrong_secret_is_refused(self) -> None:
        done = self.work(self.worker | {"AWS_SECRET_ACCESS_KEY": "wrong"})
        self.assertEqual(done.returncode, 1, done.stderr)


class DoctorTests(Ministack):
    def diagnose(self, keys: dict[str, str]) -> subprocess.CompletedProcess[str]:
        return self.run_as(keys, "doctor", "--group", self.group, "--topic-arn", self.outputs["TopicArn"])

    def test_the_workers_policy_is_enough(self) -> None:
        done = self.diagnose(self.worker)
        self.assertNotIn("AccessDenied", done.stdout + done.stderr)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    def test_each_permission_that_lacks_is_named(self) -> None:
        for action in (
            "sqs:ReceiveMessage", "sqs:DeleteMessage", "ec2:DescribeSecurityGroupRules",
            "ec2:RevokeSecurityGroupIngress", "sns:Publish",
        ):
            name = action.replace(":", "-")
            denied = {"Effect": "Deny", "Action": f"{action}*", "Resource": "*"}
            keys = self.user(name, self.outputs["WorkerPolicyArn"], denied, *self.batches)
            done = self.diagnose(keys)
            with self.subTest(action):
                self.assertEqual(done.returncode, 2, done.stdout + done.stderr)
                self.assertIn(action.split(":")[1], done.stdout)


del Ministack

if __name__ == "__main__":
    unittest.main()
