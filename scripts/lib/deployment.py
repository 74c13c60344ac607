"""Deploys a template of infra/cloudformation into the emulator, and looks whether what it promises is there."""

import json
from typing import Any

import boto3

from processes import DemoError
from template import FOLDER, Template

STACK = "sg-revert"
TEMPLATE = "sg-revert.yaml"


def deploy(name: str = TEMPLATE, stack: str = STACK, session: Any = boto3, **parameters: str) -> dict[str, str]:
    """The outputs of the stack, by name."""
    cloudformation = session.client("cloudformation")
    cloudformation.create_stack(
        StackName=stack,
        TemplateBody=(FOLDER / name).read_text(),
        Capabilities=["CAPABILITY_IAM", "CAPABILITY_NAMED_IAM"],
        Parameters=[{"ParameterKey": key, "ParameterValue": value} for key, value in parameters.items()],
    )
    made = cloudformation.describe_stacks(StackName=stack)["Stacks"][0]
    if made["StackStatus"] != "CREATE_COMPLETE":
        raise DemoError(f"The stack is {made['StackStatus']}: {made.get('StackStatusReason', 'no reason given')}")
    return {output["OutputKey"]: output["OutputValue"] for output in made["Outputs"]}


def complete(outputs: dict[str, str], **parameters: str) -> None:
    """Sets through SQS what the emulator's CloudFormation passes over: the policies of the template."""
    sqs = boto3.client("sqs")
    urls = {"Queue": "QueueUrl", "DeadLetterQueue": "DeadLetterQueueUrl", "UndeliveredQueue": "UndeliveredQueueUrl"}
    physical = {name: outputs[output] for name, output in urls.items()}
    physical |= {f"{name}.Arn": attributes(outputs[output])["QueueArn"] for name, output in urls.items()}
    for rule in rules():
        kind = rule["Name"].removeprefix(f"{STACK}-")
        logical = {"changes": "Rule", "tags": "TagRule", "members": "MemberRule", "tampering": "TamperRule"}[kind]
        physical[f"{logical}.Arn"] = rule["Arn"]
    template = Template(TEMPLATE, physical=physical, **parameters)
    for policy in template.of_type("AWS::SQS::QueuePolicy").values():
        for url in policy["Queues"]:
            sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": json.dumps(policy["PolicyDocument"])})
    redrive = {"redrivePermission": "byQueue", "sourceQueueArns": [attributes(outputs["QueueUrl"])["QueueArn"]]}
    sqs.set_queue_attributes(
        QueueUrl=outputs["DeadLetterQueueUrl"], Attributes={"RedriveAllowPolicy": json.dumps(redrive)}
    )


def verify(outputs: dict[str, str]) -> None:
    """Asks each service for its part. A stack that calls itself complete proves little in an emulator."""
    queue, dead_letters = attributes(outputs["QueueUrl"]), attributes(outputs["DeadLetterQueueUrl"])
    redrive = json.loads(queue.get("RedrivePolicy", "{}"))
    standing = {rule["Name"]: rule for rule in rules()}
    events = boto3.client("events")
    feeding = {
        name: [target["Arn"] for target in events.list_targets_by_rule(Rule=name)["Targets"]]
        for name in (f"{STACK}-changes", f"{STACK}-tags")
        if name in standing
    }
    topics = boto3.client("sns").list_topics()["Topics"]
    promises = {
        "the queue hides a received message for 120 s": queue["VisibilityTimeout"] == "120",
        "the queue keeps messages for 14 days": queue["MessageRetentionPeriod"] == "1209600",
        "the dead-letter queue keeps messages for 14 days": dead_letters["MessageRetentionPeriod"] == "1209600",
        "the fifth failure moves a message to the dead-letter queue": redrive.get("maxReceiveCount") == 5
        and redrive.get("deadLetterTargetArn") == dead_letters["QueueArn"],
        "the rules are enabled": all(rule["State"] == "ENABLED" for rule in standing.values()),
        "two rules have the queue as their target": list(feeding.values()) == [[queue["QueueArn"]]] * 2,
        "a rule watches for tampering": f"{STACK}-tampering" in standing,
        "the topic exists": outputs["TopicArn"] in [topic["TopicArn"] for topic in topics],
    }
    if broken := [promise for promise, kept in promises.items() if not kept]:
        raise DemoError(f"The stack stands, but not so that {'; '.join(broken)}.")


def attributes(queue_url: str) -> dict[str, str]:
    answer = boto3.client("sqs").get_queue_attributes(QueueUrl=queue_url, AttributeNames=["All"])
    return dict(answer["Attributes"])


def rules() -> list[dict[str, str]]:
    """The stack's EventBridge rules on every bus."""
    events = boto3.client("events")
    buses = [bus["Name"] for bus in events.list_event_buses()["EventBuses"]]
    return [
        dict(rule)
        for bus in buses
        for rule in events.list_rules(EventBusName=bus)["Rules"]
        if rule["Name"].startswith(f"{STACK}-")
    ]
