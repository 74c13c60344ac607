"""Writes the CloudTrail record of a security-group call, from the call's own parameters and answer.

An emulator of EC2 writes no CloudTrail, so the demo and the tests do, in the shapes that AWS uses: an unused family is
`{}`, the answer's rules stand in `securityGroupRuleSet`, a call that failed has an error code and no answer. Both ids
are fresh, as they would be for a new call.

    cloudtrail.py AuthorizeSecurityGroupIngress request.json answer.json > record.json

reads what `aws ec2 authorize-security-group-ingress` takes as --cli-input-json and prints.
"""

import argparse
import json
import uuid
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

JSON = dict[str, Any]
ACCOUNT = "123456789012"
ROLE = "network-admin"
SESSION = "alice@example.com"

# EC2's name of a family of sources in a permission, the name CloudTrail has for it, and those of its members.
FAMILIES: list[tuple[str, str, dict[str, str]]] = [
    ("UserIdGroupPairs", "groups", {"GroupId": "groupId", "UserId": "userId", "GroupName": "groupName"}),
    ("IpRanges", "ipRanges", {"CidrIp": "cidrIp"}),
    ("Ipv6Ranges", "ipv6Ranges", {"CidrIpv6": "cidrIpv6"}),
    ("PrefixListIds", "prefixListIds", {"PrefixListId": "prefixListId"}),
]


def record(
    event_name: str,
    request: JSON,
    answer: JSON | None,
    *,
    region: str = "us-east-1",
    account: str = ACCOUNT,
    error_code: str | None = None,
    event_time: datetime | None = None,
) -> JSON:
    """The record of one call. With an error code the call had no effect and `answer` is not looked at."""
    request_id = str(uuid.uuid4())
    written = {
        "eventVersion": "1.11",
        "userIdentity": identity(account),
        "eventTime": (event_time or datetime.now(timezone.utc)).astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "eventSource": "ec2.amazonaws.com",
        "eventName": event_name,
        "awsRegion": region,
        "sourceIPAddress": "198.51.100.23",
        "userAgent": f"aws-cli/2.31.0 md/command#ec2.{event_name}",
        "requestParameters": request_parameters(request),
        "responseElements": None,
        "requestID": request_id,
        "eventID": str(uuid.uuid4()),
        "readOnly": False,
        "eventType": "AwsApiCall",
        "managementEvent": True,
        "recipientAccountId": account,
        "eventCategory": "Management",
    }
    if error_code:
        written |= {"errorCode": error_code, "errorMessage": "The call was refused."}
    elif answer is not None:
        written["responseElements"] = response_elements(answer, request_id, account)
    return written


def identity(account: str) -> JSON:
    """A person's session of a role: the issuer is the role, the principal the session."""
    return {
        "type": "AssumedRole",
        "principalId": f"AROAEXAMPLEEXAMPLE000:{SESSION}",
        "arn": f"arn:aws:sts::{account}:assumed-role/{ROLE}/{SESSION}",
        "accountId": account,
        "accessKeyId": "ASIAEXAMPLEEXAMPLE00",
        "sessionContext": {
            "sessionIssuer": {
                "type": "Role",
                "principalId": "AROAEXAMPLEEXAMPLE000",
                "arn": f"arn:aws:iam::{account}:role/{ROLE}",
                "accountId": account,
                "userName": ROLE,
            },
            "webIdFederationData": {},
            "attributes": {"creationDate": "2026-01-01T00:00:00Z", "mfaAuthenticated": "true"},
        },
    }


def request_parameters(request: JSON) -> JSON:
    parameters = renamed(request, {"GroupId": "groupId", "GroupName": "groupName"})
    items = [permission(each) for each in request.get("IpPermissions", [])]
    parameters["ipPermissions"] = {"items": items} if items else {}
    return parameters


def permission(given: JSON) -> JSON:
    written = renamed(given, {"IpProtocol": "ipProtocol", "FromPort": "fromPort", "ToPort": "toPort"})
    for family, name, members in FAMILIES:
        items = [renamed(each, members | {"Description": "description"}) for each in given.get(family, [])]
        written[name] = {"items": items} if items else {}
    return written


def response_elements(answer: JSON, request_id: str, account: str) -> JSON:
    elements: JSON = {"requestId": request_id, "_return": True}
    if rules := answer.get("SecurityGroupRules"):
        elements["securityGroupRuleSet"] = {"items": [rule(each, account) for each in rules]}
    return elements


def rule(given: JSON, account: str) -> JSON:
    names = {
        "GroupId": "groupId",
        "SecurityGroupRuleId": "securityGroupRuleId",
        "Description": "description",
        "IsEgress": "isEgress",
        "IpProtocol": "ipProtocol",
        "FromPort": "fromPort",
        "ToPort": "toPort",
        "CidrIpv4": "cidrIpv4",
        "CidrIpv6": "cidrIpv6",
        "PrefixListId": "prefixListId",
    }
    written = {"groupOwnerId": given.get("GroupOwnerId", account)} | renamed(given, names)
    if group := given.get("ReferencedGroupInfo"):
        written["referencedGroupInfo"] = renamed(group, {"GroupId": "groupId", "UserId": "userId"})
    return written


def renamed(given: JSON, names: dict[str, str]) -> JSON:
    return {new: given[old] for old, new in names.items() if old in given}


def main() -> None:
    parser = argparse.ArgumentParser(description="Print the CloudTrail record of a security-group call.")
    parser.add_argument("event_name", help="such as AuthorizeSecurityGroupIngress")
    parser.add_argument("request", type=Path, help="the call's parameters, as JSON")
    parser.add_argument("answer", type=Path, nargs="?", help="its answer, as JSON; none for a call that failed")
    parser.add_argument("--region", default="us-east-1")
    parser.add_argument("--account", default=ACCOUNT)
    parser.add_argument("--error-code", help="such as Client.UnauthorizedOperation")
    options = parser.parse_args()

    request = json.loads(options.request.read_text())
    answer = json.loads(options.answer.read_text()) if options.answer else None
    written = record(
        options.event_name,
        request,
        answer,
        region=options.region,
        account=options.account,
        error_code=options.error_code,
    )
    print(json.dumps(written, indent=2))


if __name__ == "__main__":
    main()
