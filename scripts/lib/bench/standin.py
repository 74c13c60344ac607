"""A fast stand-in for SQS, EC2, STS and SNS, for one benchmark run: what it answers is right, and it costs little.

It holds one queue of CloudTrail events and the rules that they tell of. Answers come after `latency` seconds, half of it
before the effect and half after, as on a network. EC2's buckets are modelled where they are asked for. It does not look
at signatures; the tests do that.
"""

import asyncio
import hashlib
import heapq
import json
import random
import time
import uuid
from collections import deque
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

ACCOUNT = "111122223333"
REGION = "us-east-1"
QUEUE = "bench"
XMLNS = "http://ec2.amazonaws.com/doc/2016-11-15/"
# EC2's own numbers: tokens at first, and those that come back in a second.
BUCKETS = {
    "RevokeSecurityGroupIngress": (50, 5),
    "DescribeSecurityGroupRules": (100, 20),
    "DescribeSecurityGroups": (50, 10),
}


@dataclass
class Settings:
    latency: float = 0.0
    buckets: bool = False
    visibility: float = 30.0


@dataclass
class Message:
    """One message, with what of its answer does not change."""

    id: str
    fragment: str
    deliveries: int = 0
    receipt: str = ""


@dataclass
class Rule:
    id: str
    group: str
    xml: str
    visible: float = 0.0
    closed: float = 0.0


@dataclass
class World:
    """All state of one run."""

    settings: Settings
    rules: dict[str, Rule] = field(default_factory=dict)
    groups: dict[str, set[str]] = field(default_factory=dict)
    ready: deque[Message] = field(default_factory=deque)
    in_flight: dict[str, Message] = field(default_factory=dict)
    deadlines: list[tuple[float, str]] = field(default_factory=list)
    deadline_of: dict[str, float] = field(default_factory=dict)
    waiting: deque[tuple[asyncio.Future[list[Message]], int, float]] = field(default_factory=deque)
    calls: dict[str, int] = field(default_factory=dict)
    tokens: dict[str, tuple[float, float]] = field(default_factory=dict)
    throttled: int = 0
    connections: int = 0
    deleted: int = 0
    buried: int = 0
    late_revokes: int = 0
    receipts: int = 0
    # Messages that are still to come.
    pending: int = 0
    first_receive: float = 0.0
    last_delete: float = 0.0

    # MARK: load

    def add(self, count: int, groups: int, duplicates: float, seed: int) -> list[Message]:
        """Makes rules and the messages that tell of them; a share of the messages comes twice."""
        chance = random.Random(seed)
        names = [f"sg-{number:017x}" for number in range(groups)]
        messages = []
        now = time.time()
        for number in range(count):
            group, rule = names[number % groups], f"sgr-{number:017x}"
            self.rules[rule] = Rule(rule, group, rule_xml(rule, group, number))
            self.groups.setdefault(group, set()).add(rule)
            body = json.dumps(envelope(rule, group, number, now))
            fragment = f'"MD5OfBody":"{hashlib.md5(body.encode()).hexdigest()}","Body":{json.dumps(body)}'
            for _ in range(2 if chance.random() < duplicates else 1):
                messages.append(Message(str(uuid.UUID(int=chance.getrandbits(128))), fragment))
        chance.shuffle(messages)
        return messages

    def release(self, messages: list[Message], now: float) -> None:
        """Puts messages into the queue."""
        for rule in self.rules.values():
            rule.visible = rule.visible or now
        self.ready.extend(messages)
        self.serve_waiting()

    # MARK: SQS

    def serve_waiting(self) -> None:
        while self.ready and self.waiting:
            future, limit, visibility = self.waiting.popleft()
            if not future.done():
                future.set_result(self.take(limit, visibility))

    def take(self, limit: int, visibility: float) -> list[Message]:
        self.expire()
        taken = []
        while self.ready and len(taken) < limit:
            message = self.ready.popleft()
            message.deliveries += 1
            self.receipts += 1
            message.receipt = f"{message.id}#{self.receipts}"
            self.in_flight[message.receipt] = message
            self.hide(message.receipt, visibility)
            taken.append(message)
        return taken

    def hide(self, receipt: str, seconds: float) -> None:
        deadline = time.monotonic() + seconds
        self.deadline_of[receipt] = deadline
        heapq.heappush(self.deadlines, (deadline, receipt))

    def expire(self) -> None:
        now = time.monotonic()
        while self.deadlines and self.deadlines[0][0] <= now:
            deadline, receipt = heapq.heappop(self.deadlines)
            if self.deadline_of.get(receipt) == deadline and (message := self.in_flight.pop(receipt, None)):
                del self.deadline_of[receipt]
                self.ready.append(message)

    def wake(self) -> None:
        """Gives messages that are visible again to the polls that wait."""
        self.expire()
        self.serve_waiting()

    def delete(self, receipt: str) -> None:
        if self.in_flight.pop(receipt, None):
            self.deadline_of.pop(receipt, None)
            self.deleted += 1
            self.last_delete = time.monotonic()

    # MARK: EC2

    def admits(self, action: str) -> bool:
        if not self.settings.buckets or action not in BUCKETS:
            return True
        size, refill = BUCKETS[action]
        now = time.monotonic()
        tokens, then = self.tokens.get(action, (float(size), now))
        tokens = min(size, tokens + (now - then) * refill)
        self.tokens[action] = (tokens - 1 if tokens >= 1 else tokens, now)
        return tokens >= 1

    def revoke(self, ids: list[str]) -> list[Rule] | None:
        """The rules that are taken away, or none at all where one of them does not stand."""
        found = [self.rules[each] for each in ids if each in self.rules and not self.rules[each].closed]
        if len(found) != len(ids):
            self.late_revokes += 1
            return None
        now = time.monotonic()
        for rule in found:
            rule.closed = now
            self.groups[rule.group].discard(rule.id)
        return found

    # MARK: what came of it

    def progress(self) -> dict[str, int]:
        """What is asked often, and so costs little."""
        return {
            "left": len(self.ready) + len(self.in_flight) + self.pending,
            "deleted": self.deleted,
            "receives": self.calls.get("ReceiveMessage", 0),
        }

    def result(self) -> dict[str, Any]:
        times = sorted(rule.closed - rule.visible for rule in self.rules.values() if rule.closed and rule.visible)
        return self.progress() | {
            "open": sum(1 for rule in self.rules.values() if not rule.closed),
            "buried": self.buried,
            "calls": dict(self.calls),
            "throttled": self.throttled,
            "connections": self.connections,
            "late_revokes": self.late_revokes,
            "first_receive": self.first_receive,
            "last_delete": self.last_delete,
            "first_visible": min((rule.visible for rule in self.rules.values()), default=0.0),
            "last_closed": max((rule.closed for rule in self.rules.values()), default=0.0),
            "exposure": sum(times),
            "ms_p50": 1000 * percentile(times, 0.50),
            "ms_p99": 1000 * percentile(times, 0.99),
        }


def percentile(ordered: list[float], share: float) -> float:
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))] if ordered else 0.0


def cidr(number: int) -> str:
    return f"198.{18 + number // 65536 % 2}.{number // 256 % 256}.{number % 256}/32"


def rule_xml(rule: str, group: str, number: int) -> str:
    return (
        f"<item><securityGroupRuleId>{rule}</securityGroupRuleId><groupId>{group}</groupId>"
        f"<groupOwnerId>{ACCOUNT}</groupOwnerId><isEgress>false</isEgress><ipProtocol>tcp</ipProtocol>"
        f"<fromPort>22</fromPort><toPort>22</toPort><cidrIpv4>{cidr(number)}</cidrIpv4><tagSet/></item>"
    )


def envelope(rule: str, group: str, number: int, now: float) -> dict[str, Any]:
    """The event as EventBridge delivers it."""
    when = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(now))
    source = {"cidrIp": cidr(number)}
    permission = {"ipProtocol": "tcp", "fromPort": 22, "toPort": 22, "groups": {}, "ipRanges": {"items": [source]}}
    answer = {
        "groupOwnerId": ACCOUNT, "groupId": group, "securityGroupRuleId": rule, "isEgress": False,
        "ipProtocol": "tcp", "fromPort": 22, "toPort": 22, "cidrIpv4": cidr(number),
    }
    identity = {
        "type": "AssumedRole", "principalId": "AROAEXAMPLEEXAMPLE000:alice", "accountId": ACCOUNT,
        "arn": f"arn:aws:sts::{ACCOUNT}:assumed-role/admin/alice",
        "sessionContext": {"sessionIssuer": {
            "type": "Role", "arn": f"arn:aws:iam::{ACCOUNT}:role/admin", "accountId": ACCOUNT, "userName": "admin",
        }},
    }
    detail = {
        "eventVersion": "1.11", "userIdentity": identity, "eventTime": when, "eventSource": "ec2.amazonaws.com",
        "eventName": "AuthorizeSecurityGroupIngress", "awsRegion": REGION, "sourceIPAddress": "198.51.100.23",
        "userAgent": "aws-cli/2.31.0", "eventType": "AwsApiCall", "eventCategory": "Management",
        "managementEvent": True, "readOnly": False, "recipientAccountId": ACCOUNT,
        "requestID": f"{number:08x}-0000-4000-8000-000000000001", "eventID": f"{number:08x}-0000-4000-8000-000000000002",
        "requestParameters": {"groupId": group, "ipPermissions": {"items": [permission]}},
        "responseElements": {"_return": True, "securityGroupRuleSet": {"items": [answer]}},
    }
    return {
        "version": "0", "id": f"{number:08x}-0000-4000-8000-000000000003", "source": "aws.ec2", "account": ACCOUNT,
        "detail-type": "AWS API Call via CloudTrail", "time": when, "region": REGION, "resources": [], "detail": detail,
    }


class Failure(Exception):
    def __init__(self, status: int, code: str) -> None:
        super().__init__(code)
        self.status, self.code = status, code


class Connection(asyncio.Protocol):
    """One connection: requests in, answers out, in order."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.received = bytearray()
        self.work: asyncio.Task[None] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        self.world.connections += 1

    def data_received(self, data: bytes) -> None:
        self.received += data
        end = self.received.find(b"\r\n\r\n")
        if end < 0:
            return
        head = bytes(self.received[:end]).lower()
        length = 0
        if (at := head.find(b"\r\ncontent-length:")) >= 0:
            length = int(head[at + 17 :].split(b"\r\n", 1)[0])
        if len(self.received) < end + 4 + length:
            return
        target = b""
        if (at := head.find(b"\r\nx-amz-target:")) >= 0:
            target = bytes(self.received[at + 15 :].split(b"\r\n", 1)[0].strip())
        body = bytes(self.received[end + 4 : end + 4 + length])
        del self.received[: end + 4 + length]
        if self.world.settings.latency or target.endswith(b".ReceiveMessage"):
            self.work = asyncio.ensure_future(self.answer(target, body))
        else:
            self.write(target, *self.attempt(target, body))

    async def answer(self, target: bytes, body: bytes) -> None:
        """Answers after the latency, or when there are messages."""
        half = self.world.settings.latency / 2
        if half:
            await asyncio.sleep(half)
        if target.endswith(b".ReceiveMessage"):
            status, text = 200, await self.receive(json.loads(body))
        else:
            status, text = self.attempt(target, body)
        if half:
            await asyncio.sleep(half)
        self.write(target, status, text)

    def attempt(self, target: bytes, body: bytes) -> tuple[int, str]:
        """The effect of a call, and its answer."""
        try:
            if target:
                return 200, self.sqs(target.split(b".")[1].decode(), json.loads(body))
            return 200, self.query(parse_qsl(body.decode(), keep_blank_values=True))
        except Failure as failure:
            return failure.status, (
                "<Response><Errors><Error><Code>%s</Code><Message>refused</Message></Error></Errors>"
                "<RequestID>%s</RequestID></Response>" % (failure.code, uuid.uuid4())
            )

    def write(self, target: bytes, status: int, text: str) -> None:
        if self.transport.is_closing():
            return
        kind = b"application/x-amz-json-1.0" if target else b"text/xml"
        encoded = text.encode()
        self.transport.write(
            b"HTTP/1.1 %d X\r\nContent-Type: %s\r\nContent-Length: %d\r\n\r\n" % (status, kind, len(encoded)) + encoded
        )

    # MARK: the services

    def sqs(self, action: str, request: dict[str, Any]) -> str:
        world = self.world
        world.calls[action] = world.calls.get(action, 0) + 1
        if action == "DeleteMessageBatch":
            for entry in request["Entries"]:
                world.delete(entry["ReceiptHandle"])
            return succeeded(request)
        if action == "ChangeMessageVisibilityBatch":
            for entry in request["Entries"]:
                if entry["ReceiptHandle"] in world.in_flight:
                    world.hide(entry["ReceiptHandle"], entry["VisibilityTimeout"])
            return succeeded(request)
        if action == "SendMessageBatch":
            world.buried += len(request["Entries"])
            return succeeded(request)
        if action == "SendMessage":
            world.buried += 1
            digest = hashlib.md5(request["MessageBody"].encode()).hexdigest()
            return json.dumps({"MessageId": str(uuid.uuid4()), "MD5OfMessageBody": digest})
        if action == "GetQueueUrl":
            return json.dumps({"QueueUrl": f"http://sqs.{REGION}.amazonaws.com/{ACCOUNT}/{request['QueueName']}"})
        if action == "GetQueueAttributes":
            name = request["QueueUrl"].rsplit("/", 1)[1]
            attributes = {
                "QueueArn": f"arn:aws:sqs:{REGION}:{ACCOUNT}:{name}",
                "VisibilityTimeout": str(int(world.settings.visibility)),
                "ApproximateNumberOfMessages": str(len(world.ready)),
                "ApproximateNumberOfMessagesNotVisible": str(len(world.in_flight)),
                "ApproximateNumberOfMessagesDelayed": "0",
                "MessageRetentionPeriod": "1209600",
            }
            if name == QUEUE:
                letters = f"arn:aws:sqs:{REGION}:{ACCOUNT}:{QUEUE}-dead-letters"
                attributes["RedrivePolicy"] = json.dumps({"deadLetterTargetArn": letters, "maxReceiveCount": 5})
            return json.dumps({"Attributes": attributes})
        return "{}"

    async def receive(self, request: dict[str, Any]) -> str:
        world = self.world
        world.calls["ReceiveMessage"] = world.calls.get("ReceiveMessage", 0) + 1
        world.first_receive = world.first_receive or time.monotonic()
        limit = request.get("MaxNumberOfMessages", 1)
        visibility = request.get("VisibilityTimeout", world.settings.visibility)
        messages = world.take(limit, visibility)
        if not messages and (seconds := request.get("WaitTimeSeconds", 0)):
            future: asyncio.Future[list[Message]] = asyncio.get_running_loop().create_future()
            world.waiting.append((future, limit, visibility))
            try:
                messages = await asyncio.wait_for(future, seconds)
            except asyncio.TimeoutError:
                messages = world.take(limit, visibility)
        if not messages:
            return "{}"
        sent = str(int(time.time() * 1000))
        return '{"Messages":[' + ",".join(
            '{"MessageId":"%s","ReceiptHandle":"%s",%s,"Attributes":{"ApproximateReceiveCount":"%d",'
            '"SentTimestamp":"%s","ApproximateFirstReceiveTimestamp":"%s","SenderId":"AIDAEVENTS"}}'
            % (each.id, each.receipt, each.fragment, each.deliveries, sent, sent)
            for each in messages
        ) + "]}"

    def query(self, pairs: list[tuple[str, str]]) -> str:
        world = self.world
        parameters = dict(pairs)
        action = parameters["Action"]
        world.calls[action] = world.calls.get(action, 0) + 1
        if not world.admits(action):
            world.throttled += 1
            raise Failure(503, "RequestLimitExceeded")
        if action == "DescribeSecurityGroupRules":
            return response(action, "securityGroupRuleSet", "".join(rule.xml for rule in self.described(pairs)))
        if action == "DescribeSecurityGroups":
            wanted = [value for key, value in pairs if key.startswith(("Filter.", "GroupId.")) and value in world.groups]
            items = (
                f"<item><ownerId>{ACCOUNT}</ownerId><groupId>{each}</groupId><groupName>bench</groupName>"
                "<groupDescription>bench</groupDescription><vpcId>vpc-00000000000000001</vpcId><tagSet/></item>"
                for each in wanted
            )
            return response(action, "securityGroupInfo", "".join(items))
        if action == "RevokeSecurityGroupIngress":
            rules = world.revoke([value for key, value in pairs if key.startswith("SecurityGroupRuleId.")])
            if rules is None:
                raise Failure(400, "InvalidSecurityGroupRuleId.NotFound")
            items = "".join(
                rule.xml.replace("<tagSet/>", "").replace("<groupOwnerId>%s</groupOwnerId>" % ACCOUNT, "") for rule in rules
            )
            return response(action, "revokedSecurityGroupRuleSet", items, "<return>true</return>")
        if action == "GetCallerIdentity":
            return (
                "<GetCallerIdentityResponse><GetCallerIdentityResult>"
                f"<Arn>arn:aws:sts::{ACCOUNT}:assumed-role/sg-revert/bench</Arn><UserId>AROABENCH:bench</UserId>"
                f"<Account>{ACCOUNT}</Account></GetCallerIdentityResult></GetCallerIdentityResponse>"
            )
        raise Failure(400, "InvalidAction")

    def described(self, pairs: list[tuple[str, str]]) -> list[Rule]:
        world = self.world
        found = []
        for key, value in pairs:
            if not key.startswith(("Filter.", "SecurityGroupRuleId.")):
                continue
            if (rule := world.rules.get(value)) and not rule.closed:
                found.append(rule)
            elif value in world.groups:
                found += [world.rules[each] for each in world.groups[value]]
        return found


def succeeded(request: dict[str, Any]) -> str:
    return '{"Successful":[%s]}' % ",".join('{"Id":%s}' % json.dumps(each["Id"]) for each in request["Entries"])


def response(action: str, name: str, items: str, more: str = "") -> str:
    return f'<{action}Response xmlns="{XMLNS}"><requestId>{uuid.uuid4()}</requestId>{more}<{name}>{items}</{name}></{action}Response>'


def serve(pipe: Any, settings: Settings) -> None:
    """Runs in a process of its own. Commands come through the pipe: ("load", …), ("progress",), ("stats",), ("stop",)."""
    asyncio.run(Server(pipe, World(settings)).run())


class Server:
    def __init__(self, pipe: Any, world: World) -> None:
        self.pipe, self.world = pipe, world

    async def run(self) -> None:
        loop = asyncio.get_running_loop()
        server = await loop.create_server(lambda: Connection(self.world), "127.0.0.1", 0, backlog=512)
        self.pipe.send(server.sockets[0].getsockname()[1])
        stopped = asyncio.Event()
        loop.add_reader(self.pipe.fileno(), self.command, stopped)
        while not stopped.is_set():
            self.world.wake()
            await asyncio.sleep(0.05)

    def command(self, stopped: asyncio.Event) -> None:
        try:
            name, *arguments = self.pipe.recv()
        except EOFError:
            stopped.set()
            return
        if name == "load":
            count, groups, duplicates, seed, rate = arguments
            messages = self.world.add(count, groups, duplicates, seed)
            self.pipe.send(time.process_time())
            if rate:
                self.trickle(messages, rate)
            else:
                self.world.release(messages, time.monotonic())
        elif name == "progress":
            self.pipe.send(self.world.progress())
        elif name == "stats":
            self.pipe.send(self.world.result() | {"cpu": time.process_time(), "now": time.monotonic()})
        else:
            stopped.set()

    def trickle(self, messages: list[Message], rate: float) -> None:
        """One message at a time: the rule of each is opened when its message comes."""
        loop = asyncio.get_running_loop()
        start = loop.time()
        self.world.pending = len(messages)

        def send(number: int) -> None:
            message = messages[number]
            self.world.pending -= 1
            rule = json.loads(json.loads("{" + message.fragment + "}")["Body"])["detail"]["responseElements"]
            self.world.rules[rule["securityGroupRuleSet"]["items"][0]["securityGroupRuleId"]].visible = time.monotonic()
            self.world.ready.append(message)
            self.world.serve_waiting()

        for number in range(len(messages)):
            loop.call_at(start + number / rate, send, number)
