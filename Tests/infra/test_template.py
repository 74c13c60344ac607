"""What infra/cloudformation/sg-revert.yaml promises. Each test fails when its promise goes missing."""

import json
import unittest
from typing import Any

import iam
from iam import Call
from template import ROOT, Template

OPERATOR = "arn:aws:iam::111122223333:role/operator"
EVERYTHING = {"Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
EVENTS = "events.amazonaws.com"


def policy_of(template: Template, name: str) -> dict[str, Any]:
    return dict(template.properties(name)["PolicyDocument"])


def actions(document: dict[str, Any]) -> set[str]:
    return {action for each in document["Statement"] for action in iam.listed(each["Action"])}


class QueuePolicyTests(unittest.TestCase):
    """Who can put a message on the queue."""

    def setUp(self) -> None:
        self.template = Template("sg-revert.yaml", OperatorRoleArn=OPERATOR, OrganizationId="o-a1b2c3d4e5")
        self.policy = policy_of(self.template, "QueuePolicy")

    def send(self, **who: str) -> bool:
        return iam.allows(EVERYTHING, self.policy, Call("sqs:SendMessage", "arn:Queue", **who))

    def test_the_rules_of_the_stack_send(self) -> None:
        for rule in ("Rule", "TagRule", "MemberRule"):
            call = Call("sqs:SendMessage", "arn:Queue", service=EVENTS, SourceArn=f"arn:{rule}")
            self.assertTrue(iam.allows(None, self.policy, call), rule)

    def test_another_rule_does_not_send(self) -> None:
        call = Call("sqs:SendMessage", "arn:Queue", service=EVENTS, SourceArn="arn:aws:events:eu-west-1:1:rule/other")
        self.assertFalse(iam.allows(None, self.policy, call))

    def test_another_service_does_not_send(self) -> None:
        call = Call("sqs:SendMessage", "arn:Queue", service="sns.amazonaws.com", SourceArn="arn:Topic")
        self.assertFalse(iam.allows(None, self.policy, call))

    def test_an_administrator_does_not_send(self) -> None:
        self.assertFalse(self.send(PrincipalArn="arn:aws:iam::111122223333:role/administrator"))

    def test_the_root_user_does_not_send(self) -> None:
        self.assertFalse(self.send(PrincipalArn="arn:aws:iam::111122223333:root"))

    def test_the_operator_sends(self) -> None:
        self.assertTrue(self.send(PrincipalArn=OPERATOR))

    def test_the_operator_does_not_send_without_tls(self) -> None:
        self.assertFalse(self.send(PrincipalArn=OPERATOR, SecureTransport="false"))

    def test_nobody_sends_where_no_operator_is_given(self) -> None:
        self.policy = policy_of(Template("sg-revert.yaml"), "QueuePolicy")
        self.assertFalse(self.send(PrincipalArn=OPERATOR))
        call = Call("sqs:SendMessage", "arn:Queue", service=EVENTS, SourceArn="arn:Rule")
        self.assertTrue(iam.allows(None, self.policy, call))

    def test_the_worker_still_receives(self) -> None:
        worker = policy_of(self.template, "WorkerPolicy")
        call = Call("sqs:ReceiveMessage", "arn:Queue", PrincipalArn="arn:aws:iam::111122223333:role/worker")
        self.assertTrue(iam.allows(worker, self.policy, call))

    def test_no_queue_is_used_without_tls(self) -> None:
        for name, queue in (
            ("QueuePolicy", "Queue"),
            ("DeadLetterQueuePolicy", "DeadLetterQueue"),
            ("UndeliveredQueuePolicy", "UndeliveredQueue"),
        ):
            for action in ("sqs:SendMessage", "sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"):
                call = Call(action, f"arn:{queue}", PrincipalArn=OPERATOR, SecureTransport="false")
                self.assertEqual(iam.decides(policy_of(self.template, name), call), "deny", f"{queue} {action}")

    def test_undelivered_events_come_from_the_rules_alone(self) -> None:
        policy = policy_of(self.template, "UndeliveredQueuePolicy")
        call = Call("sqs:SendMessage", "arn:UndeliveredQueue", service=EVENTS, SourceArn="arn:Rule")
        self.assertTrue(iam.allows(None, policy, call))
        call = Call("sqs:SendMessage", "arn:UndeliveredQueue", PrincipalArn=OPERATOR)
        self.assertFalse(iam.allows(EVERYTHING, policy, call))

    def test_every_queue_has_a_policy(self) -> None:
        covered = {each for policy in self.template.of_type("AWS::SQS::QueuePolicy").values() for each in policy["Queues"]}
        self.assertEqual(covered, {f"ref:{name}" for name in self.template.of_type("AWS::SQS::Queue")})


class PermissionTests(unittest.TestCase):
    """What the worker and the operator may do."""

    def setUp(self) -> None:
        self.worker = policy_of(Template("sg-revert.yaml"), "WorkerPolicy")
        self.operator = policy_of(Template("sg-revert.yaml"), "OperatorPolicy")

    def test_the_worker_cannot_send_to_its_own_queue(self) -> None:
        self.assertIsNone(iam.decides(self.worker, Call("sqs:SendMessage", "arn:Queue")))

    def test_the_worker_buries_and_does_not_dig(self) -> None:
        self.assertEqual(iam.decides(self.worker, Call("sqs:SendMessage", "arn:DeadLetterQueue")), "allow")
        self.assertIsNone(iam.decides(self.worker, Call("sqs:DeleteMessage", "arn:DeadLetterQueue")))

    def test_replay_is_the_operators(self) -> None:
        for action, queue in (
            ("sqs:SendMessage", "arn:Queue"),
            ("sqs:ReceiveMessage", "arn:DeadLetterQueue"),
            ("sqs:DeleteMessage", "arn:DeadLetterQueue"),
            ("sqs:ChangeMessageVisibility", "arn:DeadLetterQueue"),
        ):
            self.assertEqual(iam.decides(self.operator, Call(action, queue)), "allow", action)

    def test_the_operator_reverts_nothing(self) -> None:
        self.assertTrue(all(action.startswith("sqs:") for action in actions(self.operator)))

    def test_the_operator_reads_the_claims_and_writes_none(self) -> None:
        operator = policy_of(Template("sg-revert.yaml", ClaimsTable="true"), "OperatorPolicy")
        tables = {action for action in actions(operator) if not action.startswith("sqs:")}
        self.assertEqual(tables, {"dynamodb:GetItem"})

    def test_access_is_added_only_where_it_is_asked_for(self) -> None:
        adds = {
            "ec2:ModifySecurityGroupRules", "ec2:AuthorizeSecurityGroupIngress", "ec2:AuthorizeSecurityGroupEgress",
        }
        self.assertFalse(adds & actions(self.worker))
        restoring = policy_of(Template("sg-revert.yaml", RestoreRules="true"), "WorkerPolicy")
        self.assertLessEqual(adds, actions(restoring))

    def test_no_action_is_a_wildcard(self) -> None:
        everything = Template(
            "sg-revert.yaml", RestoreRules="true", ClaimsTable="true", OrganizationId="o-a1b2c3d4e5",
            EventBusArn="arn:aws:events:eu-west-1:111122223333:event-bus/security",
        )
        for name in ("WorkerPolicy", "OperatorPolicy"):
            self.assertFalse([each for each in actions(policy_of(everything, name)) if "*" in each])

    def test_only_describes_are_for_every_resource(self) -> None:
        for statement in self.worker["Statement"]:
            if "*" in iam.listed(statement["Resource"]):
                for action in iam.listed(statement["Action"]):
                    self.assertRegex(action, "^ec2:(Describe|Get)")

    def test_the_worker_has_what_its_settings_ask_for(self) -> None:
        bus = "arn:aws:events:eu-west-1:111122223333:event-bus/security"
        full = policy_of(
            Template("sg-revert.yaml", ClaimsTable="true", OrganizationId="o-a1b2c3d4e5", EventBusArn=bus),
            "WorkerPolicy",
        )
        for call in (
            Call("events:PutEvents", bus),
            Call("dynamodb:UpdateItem", "arn:Claims"),
            Call("sns:Publish", "ref:Topic"),
            Call("sts:AssumeRole", "arn:aws:iam::444455556666:role/sg-revert-member", ResourceOrgID="o-a1b2c3d4e5"),
        ):
            self.assertEqual(iam.decides(full, call), "allow", call.action)
        stranger = Call("sts:AssumeRole", "arn:aws:iam::444455556666:role/sg-revert-member", ResourceOrgID="o-other")
        self.assertIsNone(iam.decides(full, stranger))


class QueueTests(unittest.TestCase):
    def test_failures_reach_the_dead_letter_queue(self) -> None:
        queue = Template("sg-revert.yaml").properties("Queue")
        self.assertEqual(queue["RedrivePolicy"]["deadLetterTargetArn"], "arn:DeadLetterQueue")
        self.assertGreaterEqual(int(queue["RedrivePolicy"]["maxReceiveCount"]), 3)

    def test_every_queue_keeps_messages_for_two_weeks_and_encrypts_them(self) -> None:
        for name, queue in Template("sg-revert.yaml").of_type("AWS::SQS::Queue").items():
            self.assertEqual(queue["MessageRetentionPeriod"], 1209600, name)
            self.assertIs(queue["SqsManagedSseEnabled"], True, name)

    def test_every_rule_keeps_what_it_cannot_deliver(self) -> None:
        template = Template("sg-revert.yaml", OrganizationId="o-a1b2c3d4e5")
        for name in ("Rule", "TagRule", "MemberRule"):
            (target,) = template.properties(name)["Targets"]
            self.assertEqual(target["DeadLetterConfig"], {"Arn": "arn:UndeliveredQueue"}, name)
            self.assertEqual(target["Arn"], "arn:Queue", name)

    def test_the_claims_table_has_the_key_and_the_expiry_of_the_contract(self) -> None:
        self.assertNotIn("Claims", Template("sg-revert.yaml").resources)
        table = Template("sg-revert.yaml", ClaimsTable="true").properties("Claims")
        self.assertEqual(table["KeySchema"], [{"AttributeName": "pk", "KeyType": "HASH"}])
        self.assertEqual(table["AttributeDefinitions"], [{"AttributeName": "pk", "AttributeType": "S"}])
        self.assertEqual(table["TimeToLiveSpecification"], {"AttributeName": "expires_at", "Enabled": True})


class AlarmTests(unittest.TestCase):
    def setUp(self) -> None:
        self.template = Template("sg-revert.yaml")

    def alarm(self, metric: str, queue: str) -> dict[str, Any]:
        found = [
            each
            for each in self.template.of_type("AWS::CloudWatch::Alarm").values()
            if each["MetricName"] == metric and each["Dimensions"][0]["Value"] == f"QueueName:{queue}"
        ]
        self.assertEqual(len(found), 1, f"one alarm on {metric} of {queue}")
        return found[0]

    def test_a_dead_letter_rings(self) -> None:
        alarm = self.alarm("ApproximateNumberOfMessagesVisible", "DeadLetterQueue")
        self.assertEqual((alarm["Threshold"], alarm["ComparisonOperator"]), (0, "GreaterThanThreshold"))

    def test_an_undelivered_event_rings(self) -> None:
        self.alarm("ApproximateNumberOfMessagesVisible", "UndeliveredQueue")

    def test_an_old_message_rings(self) -> None:
        alarm = self.alarm("ApproximateAgeOfOldestMessage", "Queue")
        self.assertEqual((alarm["Threshold"], alarm["Statistic"]), ("300", "Maximum"))

    def test_every_alarm_tells_the_topic(self) -> None:
        for name, alarm in self.template.of_type("AWS::CloudWatch::Alarm").items():
            self.assertEqual(alarm["AlarmActions"], ["ref:Topic"], name)
            self.assertEqual(alarm["TreatMissingData"], "notBreaching", name)

    def test_the_topic_takes_alarms_of_this_account_and_the_tampering_rule(self) -> None:
        policy = policy_of(self.template, "TopicPolicy")
        rings = Call("sns:Publish", "ref:Topic", service="cloudwatch.amazonaws.com", SourceAccount="111122223333")
        self.assertTrue(iam.allows(None, policy, rings))
        strange = Call("sns:Publish", "ref:Topic", service="cloudwatch.amazonaws.com", SourceAccount="444455556666")
        self.assertFalse(iam.allows(None, policy, strange))
        tampering = Call("sns:Publish", "ref:Topic", service=EVENTS, SourceArn="arn:TamperRule")
        self.assertTrue(iam.allows(None, policy, tampering))
        self.assertEqual(self.template.properties("TamperRule")["Targets"][0]["Arn"], "ref:Topic")


class TagProtectionTests(unittest.TestCase):
    """infra/iam/protect-tag.json: nobody but the guardians takes a group out of the guard's sight."""

    policy = json.loads((ROOT / "infra/iam/protect-tag.json").read_text())
    group = "arn:aws:ec2:eu-west-1:111122223333:security-group/sg-0a1b2c3d4e5f60718"

    def is_denied(self, action: str, *keys: str, role: str = "developer", resource: str | None = None) -> bool:
        context: dict[str, Any] = {"PrincipalArn": f"arn:aws:iam::111122223333:role/{role}"}
        if keys:
            context["TagKeys"] = list(keys)
        return iam.decides(self.policy, Call(action, resource or self.group, **context)) == "deny"

    def test_others_neither_set_nor_delete_the_tag(self) -> None:
        for action in ("ec2:CreateTags", "ec2:DeleteTags"):
            for keys in (["sg-revert"], ["Name", "sg-revert"], ["SG-Revert"]):
                self.assertTrue(self.is_denied(action, *keys), f"{action} {keys}")

    def test_others_do_not_delete_every_tag_at_once(self) -> None:
        self.assertTrue(self.is_denied("ec2:DeleteTags"))

    def test_other_tags_and_resources_are_free(self) -> None:
        self.assertFalse(self.is_denied("ec2:CreateTags", "Name"))
        instance = "arn:aws:ec2:eu-west-1:111122223333:instance/i-0a1b2c3d4e5f60718"
        self.assertFalse(self.is_denied("ec2:DeleteTags", "sg-revert", resource=instance))

    def test_the_guardians_may(self) -> None:
        for keys in ([], ["sg-revert"]):
            self.assertFalse(self.is_denied("ec2:DeleteTags", *keys, role="security-admin"))


if __name__ == "__main__":
    unittest.main()
