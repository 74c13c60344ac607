"""Matches an event against an EventBridge pattern by the rules of its documentation.

Written beside the templates and not taken from the emulator, which is more lenient in some places (it knows no arrays
of objects) and must not be the judge of its own.
"""

import ipaddress
from typing import Any

Pattern = dict[str, Any]


def matches(pattern: Pattern, event: Any) -> bool:
    """Whether every key of the pattern is met."""
    if isinstance(event, list):
        # A pattern for an object matches an array in which one object meets it.
        return any(matches(pattern, each) for each in event)
    if not isinstance(event, dict):
        return False
    return all(meets(key, wanted, event) for key, wanted in pattern.items())


def meets(key: str, wanted: Any, event: dict[str, Any]) -> bool:
    if key == "$or":
        return any(matches(each, event) for each in wanted)
    if isinstance(wanted, dict):
        return key in event and matches(wanted, event[key])
    if not isinstance(wanted, list) or not wanted:
        raise ValueError(f"{key}: a pattern's leaf is a list that is not empty")
    is_there = key in event
    values = event.get(key)
    values = values if isinstance(values, list) else [values]
    return any(admits(filter_, value, is_there) for filter_ in wanted for value in values)


def admits(wanted: Any, value: Any, is_there: bool) -> bool:
    """Whether one leaf of a pattern admits one value."""
    if not isinstance(wanted, dict):
        return is_there and value == wanted and isinstance(value, bool) == isinstance(wanted, bool)
    (name, argument), = wanted.items()
    if name == "exists":
        return is_there == argument
    if name == "anything-but":
        refused = argument if isinstance(argument, list) else [argument]
        return is_there and value not in refused
    if name == "cidr":
        return is_there and ipaddress.ip_address(value) in ipaddress.ip_network(argument)
    if not is_there or not isinstance(value, str):
        return False
    if name == "prefix":
        return value.startswith(argument)
    if name == "suffix":
        return value.endswith(argument)
    if name == "equals-ignore-case":
        return value.lower() == argument.lower()
    raise ValueError(f"unknown filter {name}")
