"""Judges a call by IAM policies, by the rules of IAM's documentation: an explicit deny, then any allow, else no."""

import fnmatch
from typing import Any

Statement = dict[str, Any]
Context = dict[str, str | list[str]]


class Call:
    """One call: who makes it, what it does, on what, and what IAM knows about it."""

    def __init__(self, action: str, resource: str, *, service: str | None = None, **context: str | list[str]) -> None:
        self.action = action
        self.resource = resource
        self.service = service
        # Without more words a call uses TLS.
        self.context: Context = {"aws:SecureTransport": "true"} | {
            f"aws:{key}": value for key, value in context.items()
        }


def decides(document: dict[str, Any], call: Call) -> str | None:
    """`deny`, `allow`, or none where the policy says nothing."""
    effects = {each["Effect"] for each in document["Statement"] if applies(each, call)}
    return "deny" if "Deny" in effects else "allow" if "Allow" in effects else None


def allows(identity: dict[str, Any] | None, resource: dict[str, Any], call: Call) -> bool:
    """Whether a call within one account passes: no deny, and an allow on either side."""
    said = {decides(resource, call), decides(identity, call) if identity else None}
    return "deny" not in said and "allow" in said


def applies(statement: Statement, call: Call) -> bool:
    return (
        principal_matches(statement.get("Principal"), call)
        and any(like(call.action, each) for each in listed(statement["Action"]))
        and any(like(call.resource, each) for each in listed(statement["Resource"]))
        and all(
            holds(operator, key, listed(wanted), call.context)
            for operator, conditions in statement.get("Condition", {}).items()
            for key, wanted in conditions.items()
        )
    )


def principal_matches(principal: Any, call: Call) -> bool:
    if principal is None or principal == "*":
        return True
    if call.service:
        return call.service in listed(principal.get("Service", []))
    return "*" in listed(principal.get("AWS", []))


def holds(operator: str, key: str, wanted: list[str], context: Context) -> bool:
    """Whether one line of a condition holds."""
    values = listed(context[key]) if key in context else []
    if operator == "Null":
        return (not values) == (wanted == ["true"])
    if "IgnoreCase" in operator:
        values, wanted = [each.lower() for each in values], [each.lower() for each in wanted]
    found = any(like(value, each) for value in values for each in wanted)
    if operator.startswith("ForAnyValue:"):
        return found
    if not values:
        # A negated operator holds where its key is missing, any other does not.
        return "Not" in operator or operator.endswith("IfExists")
    return not found if "Not" in operator else found


def like(text: str, pattern: str) -> bool:
    return fnmatch.fnmatchcase(text, pattern)


def listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
