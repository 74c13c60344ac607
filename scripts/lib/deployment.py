"""Deploys infra/cloudformation/sg-revert.yaml into the emulator, and looks whether what it promises is there."""

import json
from pathlib import Path

import boto3

from processes import DemoError

STACK = "sg-revert"
TEMPLATE = Path(__file__).parents[2] / "infra" / "cloudformation" / "sg-revert.yaml"


def deploy() -> dict[str, str]:
    """The outputs of the stack, by name."""
    cloudformation = boto3.client("cloudformation")
    cloudformation.create_stack(
        StackName=STACK, TemplateBody=TEMPLATE.read_text(), Capabilities=["CAPABILITY_IAM"]
    )
    stack = cloudformation.describe_stacks(StackName=STACK)["Stacks"][0]
    if stack["StackStatus"] != "CREATE_COMPLETE":
        raise DemoError(f"The stack is {stack['StackStatus']}: {stack.get('StackStatusReason', 'no reason given')}")
    return {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}


def complete(outputs: dict[str, str]) -> None:
    """Sets through SQS what the emulator's CloudFormation passes over: who may send to the queues."""
    sqs = boto3.client("sqs")
    rule = only_rule()["Arn"]
    for name in ("QueueUrl", "UndeliveredQueueUrl"):
        statement = {
            "Sid": "OnlyOurRule",
            "Effect": "Allow",
            "Principal": {"Service": "events.amazonaws.com"},
            "Action": "sqs:SendMessage",
            "Resource": attributes(outputs[name])["QueueArn"],
            "Condition": {"ArnEquals": {"aws:SourceArn": rule}},
        }
        policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        sqs.set_queue_attributes(QueueUrl=outputs[name], Attributes={"Policy": policy})
    redrive = {"redrivePermission": "byQueue", "sourceQueueArns": [attributes(outputs["QueueUrl"])["QueueArn"]]}
    sqs.set_queue_attributes(
        QueueUrl=outputs["DeadLetterQueueUrl"], Attributes={"RedriveAllowPolicy": json.dumps(redrive)}
    )


def verify(outputs: dict[str, str]) -> None:
    """Asks each service for its part. A stack that calls itself complete proves little in an emulator."""
    queue, dead_letters = attributes(outputs["QueueUrl"]), attributes(outputs["DeadLetterQueueUrl"])
    redrive = json.loads(queue.get("RedrivePolicy", "{}"))
    rule = only_rule()
    targets = boto3.client("events").list_targets_by_rule(Rule=rule["Name"])["Targets"]
    topics = boto3.client("sns").list_topics()["Topics"]
    promises = {
        "the queue hides a received message for 120 s": queue["VisibilityTimeout"] == "120",
        "the queue keeps messages for 14 days": queue["MessageRetentionPeriod"] == "1209600",
        "the dead-letter queue keeps messages for 14 days": dead_letters["MessageRetentionPeriod"] == "1209600",
        "the fifth failure moves a message to the dead-letter queue": redrive.get("maxReceiveCount") == 5
        and redrive.get("deadLetterTargetArn") == dead_letters["QueueArn"],
        "the rule is enabled": rule["State"] == "ENABLED",
        "the rule has the queue as its target": [target["Arn"] for target in targets] == [queue["QueueArn"]],
        "the topic exists": outputs["TopicArn"] in [topic["TopicArn"] for topic in topics],
    }
    if broken := [promise for promise, kept in promises.items() if not kept]:
        raise DemoError(f"The stack stands, but not so that {'; '.join(broken)}.")


def attributes(queue_url: str) -> dict[str, str]:
    answer = boto3.client("sqs").get_queue_attributes(QueueUrl=queue_url, AttributeNames=["All"])
    return dict(answer["Attributes"])


def only_rule() -> dict[str, str]:
    """The stack's EventBridge rule: the emulator is fresh, so there is no other."""
    rules = boto3.client("events").list_rules()["Rules"]
    if len(rules) != 1:
        raise DemoError(f"The stack should have made one EventBridge rule, and there are {len(rules)}.")
    return dict(rules[0])
