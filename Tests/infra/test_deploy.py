"""Deploys the templates into the AWS emulator and runs the worker through what stands then: the spine from end to end."""

import json
import os
import re
import subprocess
import tempfile
import unittest
from pathlib import Path
from typing import Any
from unittest import mock

import boto3

import cloudtrail
import demo
import deployment
import processes
from template import FOLDER, ROOT, Template

PROGRAM = ROOT / ".build/debug/sg-revert"
MEMBER = "444455556666"
ORGANIZATION = "o-a1b2c3d4e5"
# What the emulator's CloudFormation passes over, by name. infra/README.md has the same list.
NOT_DEPLOYED = {
    "AWS::ApplicationAutoScaling::ScalableTarget",
    "AWS::ApplicationAutoScaling::ScalingPolicy",
    "AWS::CloudWatch::Alarm",
    "AWS::Events::EventBusPolicy",
    "AWS::SNS::TopicPolicy",
    "AWS::SQS::QueuePolicy",
}


class Deployed(unittest.TestCase):
    """An emulator of its own for all tests of the class, and this process shut in with it."""

    @classmethod
    def setUpClass(cls) -> None:
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.folder = Path(folder.name)
        cls.log = cls.folder / "emulator.log"
        emulator, port = processes.start_emulator(cls.log, keep=False)
        cls.addClassCleanup(processes.stop, emulator)
        closed = mock.patch.dict(os.environ)
        closed.start()
        cls.addClassCleanup(closed.stop)
        processes.enter_closed_environment(port)
        # boto3 keeps the endpoint of the first session that it made.
        boto3.setup_default_session()

    @classmethod
    def not_deployed(cls) -> set[str]:
        return set(re.findall(r"Tried to parse (\S+) but it's not supported", cls.log.read_text()))


class CentralAndMemberTests(Deployed):
    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        cls.parameters = {"OrganizationId": ORGANIZATION, "ClaimsTable": "true", "RestoreRules": "true"}
        cls.outputs = deployment.deploy(**cls.parameters)
        deployment.complete(cls.outputs, **cls.parameters)
        cls.group = demo.make_group()

    def session(self, account: str) -> boto3.Session:
        """A session in another account of the emulator."""
        role = f"arn:aws:iam::{account}:role/anybody"
        keys = boto3.client("sts").assume_role(RoleArn=role, RoleSessionName="test")["Credentials"]
        return boto3.Session(keys["AccessKeyId"], keys["SecretAccessKey"], keys["SessionToken"], processes.REGION)

    def put(self, record: dict[str, Any], session: Any = boto3) -> None:
        entry = {"Source": "aws.ec2", "DetailType": "AWS API Call via CloudTrail", "Detail": json.dumps(record)}
        answer = session.client("events").put_events(Entries=[entry])
        self.assertEqual(answer["FailedEntryCount"], 0, answer)

    def drain(self) -> list[dict[str, Any]]:
        sqs, found = boto3.client("sqs"), []
        while messages := sqs.receive_message(QueueUrl=self.outputs["QueueUrl"], MaxNumberOfMessages=10).get("Messages"):
            for message in messages:
                found.append(json.loads(message["Body"]))
                sqs.delete_message(QueueUrl=self.outputs["QueueUrl"], ReceiptHandle=message["ReceiptHandle"])
        return found

    def work(self, *flags: str) -> subprocess.CompletedProcess[str]:
        command = [
            PROGRAM, "worker", "--until-empty", "--wait-seconds", "1", "--settle-seconds", "1",
            "--queue-url", self.outputs["QueueUrl"], "--topic-arn", self.outputs["TopicArn"],
            "--ledger", self.folder / "ledger.db", *flags,
        ]
        return subprocess.run(command, capture_output=True, text=True, timeout=90)

    def test_the_stack_stands(self) -> None:
        deployment.verify(self.outputs)
        table = boto3.client("dynamodb").describe_table(TableName=self.outputs["ClaimsTableName"])["Table"]
        self.assertEqual(table["KeySchema"], [{"AttributeName": "pk", "KeyType": "HASH"}])

    @unittest.skipUnless(PROGRAM.exists(), "scripts/test builds the program first")
    def test_an_event_goes_through_the_stack_and_the_rule_is_gone(self) -> None:
        request = {"GroupId": self.group, "IpPermissions": [demo.PERMISSION]}
        answer = boto3.client("ec2").authorize_security_group_ingress(**request)
        self.put(cloudtrail.record("AuthorizeSecurityGroupIngress", request, answer, region=processes.REGION))
        done = self.work("--group", self.group)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(demo.ingress_rules(self.group), [])

    def test_other_events_stay_outside(self) -> None:
        for name in ("RunInstances", "DescribeSecurityGroups"):
            self.put(cloudtrail.record(name, {"GroupId": self.group}, None))
        self.assertEqual(self.drain(), [])

    def test_an_event_of_a_member_account_reaches_the_queue(self) -> None:
        member = self.session(MEMBER)
        outputs = deployment.deploy(
            "member-account.yaml",
            "sg-revert-member",
            member,
            CentralBusArn=self.outputs["MemberBusArn"],
            WorkerRoleArn=f"arn:aws:iam::{cloudtrail.ACCOUNT}:role/worker",
            ExternalId="0123456789abcdef",
        )
        self.assertEqual(outputs["RoleArn"], f"arn:aws:iam::{MEMBER}:role/sg-revert-member")
        record = cloudtrail.record("AuthorizeSecurityGroupIngress", {"GroupId": "sg-1"}, None, account=MEMBER)
        self.put(record, member)
        self.put(cloudtrail.record("RunInstances", {}, None, account=MEMBER), member)
        (envelope,) = self.drain()
        self.assertEqual(envelope["detail"]["eventID"], record["eventID"])

    def test_the_list_of_what_is_not_deployed_is_true(self) -> None:
        self.assertLessEqual(self.not_deployed(), NOT_DEPLOYED)
        text = (ROOT / "infra/README.md").read_text()
        self.assertEqual({kind for kind in NOT_DEPLOYED if f"`{kind}`" not in text}, set())


class FargateTests(Deployed):
    def test_the_service_stands_as_far_as_the_emulator_goes(self) -> None:
        ec2 = boto3.client("ec2")
        vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
        subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.0.0/24")["Subnet"]["SubnetId"]
        central = deployment.deploy(ClaimsTable="true")
        deployment.deploy(
            "fargate.yaml", "sg-revert-worker",
            Image="example.com/sg-revert:1", VpcId=vpc, Subnets=subnet, Groups="sg-0a1b2c3d4e5f60718",
            QueueUrl=central["QueueUrl"], QueueName=central["QueueName"], TopicArn=central["TopicArn"],
            WorkerPolicyArn=central["WorkerPolicyArn"], ClaimsTableName=central["ClaimsTableName"],
        )
        ecs = boto3.client("ecs")
        (arn,) = ecs.list_task_definitions()["taskDefinitionArns"]
        (worker,) = ecs.describe_task_definition(taskDefinition=arn)["taskDefinition"]["containerDefinitions"]
        environment = {each["name"]: each["value"] for each in worker["environment"]}
        self.assertEqual(environment["SG_REVERT_QUEUE_URL"], central["QueueUrl"])
        self.assertLessEqual(self.not_deployed(), NOT_DEPLOYED)


class FargateTemplateTests(unittest.TestCase):
    """What the emulator cannot show of fargate.yaml."""

    def setUp(self) -> None:
        given = dict.fromkeys(("Image", "Subnets", "VpcId", "QueueUrl", "QueueName", "WorkerPolicyArn", "ClaimsTableName"), "x")
        self.template = Template("fargate.yaml", **given, TopicArn="arn:aws:sns:eu-west-1:111122223333:sg-revert")
        (self.worker,) = self.template.properties("TaskDefinition")["ContainerDefinitions"]

    def test_the_container_may_write_to_its_volumes_alone(self) -> None:
        self.assertIs(self.worker["ReadonlyRootFilesystem"], True)
        self.assertEqual(self.worker["User"], "10001:10001")
        self.assertEqual(self.worker["LinuxParameters"]["Capabilities"], {"Drop": ["ALL"]})
        mounted = {each["ContainerPath"] for each in self.worker["MountPoints"]}
        ledger = {each["Name"]: each.get("Value") for each in self.worker["Environment"]}["SG_REVERT_LEDGER"]
        self.assertIn(str(Path(ledger).parent), mounted)

    def test_health_is_asked_of_the_worker(self) -> None:
        environment = {each["Name"]: each.get("Value") for each in self.worker["Environment"]}
        self.assertEqual(self.worker["HealthCheck"]["Command"][1:3], ["sg-revert", "health"])
        self.assertIn(environment["SG_REVERT_HTTP_ADDRESS"], self.worker["HealthCheck"]["Command"])

    def test_a_stop_gives_the_worker_its_time(self) -> None:
        self.assertGreater(self.worker["StopTimeout"], 30)

    def test_a_task_starts_without_acting(self) -> None:
        self.assertIn({"Name": "SG_REVERT_DRY_RUN", "Value": "true"}, self.worker["Environment"])

    def test_the_service_scales_by_the_backlog_of_each_task(self) -> None:
        policy = self.template.properties("BacklogPolicy")["TargetTrackingScalingPolicyConfiguration"]
        metrics = {each["Id"]: each for each in policy["CustomizedMetricSpecification"]["Metrics"]}
        self.assertEqual([key for key, each in metrics.items() if each.get("ReturnData", True)], ["backlog"])
        self.assertIn("waiting / IF(tasks > 0, tasks, 1)", metrics["backlog"]["Expression"])

    def test_every_setting_has_a_name_that_the_worker_knows(self) -> None:
        named = set(re.findall(r"SG_REVERT_[A-Z_]+", (FOLDER / "fargate.yaml").read_text()))
        self.assertLessEqual(named, settings())


def settings() -> set[str]:
    """The variables of the contract that deployments use; a worker refuses any other that begins so."""
    return {
        f"SG_REVERT_{name}"
        for name in (
            "QUEUE_URL", "DEAD_LETTER_QUEUE_URL", "GROUPS", "POLICY", "LEDGER", "TOPIC_ARN", "ROLE_ARN", "EXTERNAL_ID",
            "REGIONS", "TRUSTED_SENDERS", "CLAIMS", "SNAPSHOT_MINUTES", "WEBHOOK_URL", "WEBHOOK_SECRET_FILE",
            "NOTIFY_FORMAT", "EVENT_BUS", "METRICS", "DRY_RUN", "CONCURRENCY", "WAIT_SECONDS", "SETTLE_SECONDS",
            "SHUTDOWN_SECONDS", "HTTP_ADDRESS", "LOG_LEVEL", "LOG_FORMAT",
        )
    }


class MemberTemplateTests(unittest.TestCase):
    given = {
        "CentralBusArn": "arn:aws:events:eu-west-1:111122223333:event-bus/sg-revert-members",
        "WorkerRoleArn": "arn:aws:iam::111122223333:role/worker",
        "ExternalId": "0123456789abcdef",
        "RoleRegion": "eu-west-1",
    }

    def test_only_the_worker_with_the_external_id_gets_in(self) -> None:
        trust = Template("member-account.yaml", **self.given).properties("MemberRole")["AssumeRolePolicyDocument"]
        (statement,) = trust["Statement"]
        self.assertEqual(statement["Principal"], {"AWS": self.given["WorkerRoleArn"]})
        self.assertEqual(statement["Condition"], {"StringEquals": {"sts:ExternalId": "0123456789abcdef"}})

    def test_the_role_adds_access_only_where_it_is_asked_for(self) -> None:
        for restore, expected in (("false", False), ("true", True)):
            template = Template("member-account.yaml", **self.given, RestoreRules=restore)
            (policy,) = template.properties("MemberRole")["Policies"]
            actions = {action for each in policy["PolicyDocument"]["Statement"] for action in each["Action"]}
            self.assertEqual("ec2:AuthorizeSecurityGroupIngress" in actions, expected)

    def test_roles_are_made_in_one_region(self) -> None:
        here = Template("member-account.yaml", **self.given).of_type("AWS::IAM::Role")
        there = Template("member-account.yaml", **(self.given | {"RoleRegion": "us-east-1"})).of_type("AWS::IAM::Role")
        self.assertEqual((len(here), len(there)), (2, 0))

    def test_the_forwarding_rule_passes_what_the_central_rules_pass(self) -> None:
        from test_patterns import WATCHED, event, tagged  # the records
        from eventpattern import matches

        pattern = Template("member-account.yaml", **self.given).properties("Rule")["EventPattern"]
        for record in (*map(event, WATCHED), tagged("DeleteTags", "sg-0a1b2c3d4e5f60718")):
            self.assertTrue(matches(pattern, record), record)
        for record in (event("RunInstances"), tagged("CreateTags", "i-0a1b2c3d4e5f60718")):
            self.assertFalse(matches(pattern, record), record)

    def test_events_are_forwarded_in_the_name_of_a_role_for_that_bus(self) -> None:
        (policy,) = Template("member-account.yaml", **self.given).properties("ForwardRole")["Policies"]
        (statement,) = policy["PolicyDocument"]["Statement"]
        self.assertEqual(statement["Resource"], "arn:aws:events:*:111122223333:event-bus/sg-revert-members")


del Deployed

if __name__ == "__main__":
    unittest.main()
