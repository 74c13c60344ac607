"""What the event patterns of the templates let through, by records as CloudTrail writes them."""

import unittest
from typing import Any

from eventpattern import matches
from template import Template

WATCHED = (
    "AuthorizeSecurityGroupIngress", "AuthorizeSecurityGroupEgress", "RevokeSecurityGroupIngress",
    "RevokeSecurityGroupEgress", "ModifySecurityGroupRules", "CreateSecurityGroup", "ModifyManagedPrefixList",
    "RestoreManagedPrefixListVersion",
)
ACCOUNT = "111122223333"


def event(name: str, source: str = "ec2", **detail: Any) -> dict[str, Any]:
    """The envelope that EventBridge puts around a CloudTrail record."""
    service = {"monitoring": "monitoring"}.get(source, source)
    return {
        "version": "0",
        "id": "6a7e8feb-b491-4cf7-a9f1-bf3703467718",
        "detail-type": "AWS API Call via CloudTrail",
        "source": f"aws.{service}",
        "account": ACCOUNT,
        "region": "eu-west-1",
        "detail": {
            "eventSource": f"{source}.amazonaws.com",
            "eventName": name,
            "awsRegion": "eu-west-1",
            "eventCategory": "Management",
        }
        | detail,
    }


def tagged(name: str, *resources: str) -> dict[str, Any]:
    items = [{"resourceId": each} for each in resources]
    tags = {"items": [{"key": "sg-revert", "value": "enforce"}]}
    return event(name, requestParameters={"resourcesSet": {"items": items}, "tagSet": tags})


class Patterns(unittest.TestCase):
    template = Template("sg-revert.yaml", OrganizationId="o-a1b2c3d4e5")

    def pattern(self, name: str) -> dict[str, Any]:
        return dict(self.template.properties(name)["EventPattern"])

    def passes(self, record: dict[str, Any], *rules: str) -> bool:
        return any(matches(self.pattern(rule), record) for rule in rules)


class QueuePatternTests(Patterns):
    def test_every_change_of_rules_and_prefix_lists_passes(self) -> None:
        for name in WATCHED:
            self.assertTrue(self.passes(event(name), "Rule"), name)

    def test_failed_calls_pass_so_that_attempts_are_recorded(self) -> None:
        self.assertTrue(self.passes(event(WATCHED[0], errorCode="Client.UnauthorizedOperation"), "Rule"))

    def test_other_calls_do_not_pass(self) -> None:
        for record in (
            event("RunInstances"),
            event("DescribeSecurityGroups"),
            event("DeleteSecurityGroup"),
            event("AuthorizeSecurityGroupIngress", source="rds"),
            event("AuthorizeSecurityGroupIngress") | {"source": "my.app"},
            event("AuthorizeSecurityGroupIngress") | {"detail-type": "AWS Service Event via CloudTrail"},
            {"source": "aws.ec2", "detail-type": "EC2 Instance State-change Notification", "detail": {"state": "running"}},
        ):
            self.assertFalse(self.passes(record, "Rule", "TagRule"), record)

    def test_tags_of_security_groups_pass(self) -> None:
        for name in ("CreateTags", "DeleteTags"):
            self.assertTrue(self.passes(tagged(name, "sg-0a1b2c3d4e5f60718"), "TagRule"), name)
            mixed = tagged(name, "i-0a1b2c3d4e5f60718", "sg-0a1b2c3d4e5f60718")
            self.assertTrue(self.passes(mixed, "TagRule"), name)

    def test_other_tags_do_not_pass(self) -> None:
        for record in (
            tagged("CreateTags", "i-0a1b2c3d4e5f60718", "vol-0a1b2c3d4e5f60718"),
            tagged("CreateTags"),
            event("CreateTags", requestParameters=None),
        ):
            self.assertFalse(self.passes(record, "Rule", "TagRule"), record)

    def test_what_members_forward_passes(self) -> None:
        for record in (*map(event, WATCHED), tagged("CreateTags", "sg-0a1b2c3d4e5f60718")):
            self.assertTrue(self.passes(record | {"account": "444455556666"}, "MemberRule"))
        self.assertFalse(self.passes(event("StopLogging", source="cloudtrail"), "MemberRule"))


class TamperPatternTests(Patterns):
    def rings(self, call: str, source: str, /, **parameters: Any) -> bool:
        return self.passes(event(call, source=source, requestParameters=parameters), "TamperRule")

    def test_a_rule_that_is_switched_off_rings(self) -> None:
        for call in ("DisableRule", "DeleteRule", "PutRule"):
            for rule in ("changes", "tags", "members", "tampering"):
                self.assertTrue(self.rings(call, "events", name=f"sg-revert-{rule}"), f"{call} {rule}")
        self.assertTrue(self.rings("RemoveTargets", "events", rule="sg-revert-changes", ids=["Queue"]))
        self.assertTrue(self.rings("PutTargets", "events", rule="sg-revert-changes"))

    def test_other_rules_do_not_ring(self) -> None:
        self.assertFalse(self.rings("DisableRule", "events", name="nightly-report"))
        self.assertFalse(self.rings("EnableRule", "events", name="sg-revert-changes"))

    def test_a_trail_that_stops_rings(self) -> None:
        for call in ("StopLogging", "DeleteTrail", "UpdateTrail", "PutEventSelectors"):
            self.assertTrue(self.rings(call, "cloudtrail", name="management-events"), call)
        self.assertFalse(self.rings("StartLogging", "cloudtrail", name="management-events"))

    def test_a_change_of_a_queue_rings(self) -> None:
        for call in ("PurgeQueue", "SetQueueAttributes", "AddPermission", "RemovePermission", "DeleteQueue"):
            for name in ("sg-revert", "sg-revert-dead-letters", "sg-revert-undelivered"):
                for host in ("sqs.eu-west-1.amazonaws.com", "eu-west-1.queue.amazonaws.com"):
                    url = f"https://{host}/{ACCOUNT}/{name}"
                    self.assertTrue(self.rings(call, "sqs", queueUrl=url), f"{call} {url}")

    def test_other_queues_and_uses_do_not_ring(self) -> None:
        url = f"https://sqs.eu-west-1.amazonaws.com/{ACCOUNT}"
        self.assertFalse(self.rings("PurgeQueue", "sqs", queueUrl=f"{url}/other"))
        self.assertFalse(self.rings("PurgeQueue", "sqs", queueUrl=f"{url}/not-sg-revert-at-all"))
        self.assertFalse(self.rings("GetQueueAttributes", "sqs", queueUrl=f"{url}/sg-revert"))

    def test_an_alarm_or_topic_that_is_taken_away_rings(self) -> None:
        self.assertTrue(self.rings("DeleteAlarms", "monitoring", alarmNames=["cpu", "sg-revert-dead-letters"]))
        self.assertTrue(self.rings("DisableAlarmActions", "monitoring", alarmNames=["sg-revert-oldest-message"]))
        self.assertFalse(self.rings("DeleteAlarms", "monitoring", alarmNames=["cpu"]))
        self.assertTrue(self.rings("DeleteTopic", "sns", topicArn="ref:Topic"))
        self.assertTrue(self.rings("Unsubscribe", "sns", subscriptionArn="ref:Topic:6b0e71bd"))
        self.assertFalse(self.rings("DeleteTopic", "sns", topicArn="arn:aws:sns:eu-west-1:1:other"))

    def test_the_notice_names_who_and_what(self) -> None:
        transformer = self.template.properties("TamperRule")["Targets"][0]["InputTransformer"]
        for path in transformer["InputPathsMap"]:
            self.assertIn(f"<{path}>", transformer["InputTemplate"])
        # EventBridge takes one JSON text.
        self.assertRegex(transformer["InputTemplate"], r'^"[^"\n]*"$')


if __name__ == "__main__":
    unittest.main()
