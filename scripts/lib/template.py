"""Reads a CloudFormation template and works out what it says for given parameters.

It knows the functions that the templates of this project use. A reference to a resource is looked up in `physical`;
without it becomes a readable placeholder, `ref:NAME`, and an attribute `arn:NAME` or `ATTRIBUTE:NAME`.
"""

import re
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "infra" / "cloudformation"
NOTHING = object()
PSEUDO = {
    "AWS::AccountId": "111122223333",
    "AWS::Partition": "aws",
    "AWS::Region": "eu-west-1",
    "AWS::StackName": "sg-revert",
    "AWS::URLSuffix": "amazonaws.com",
    "AWS::StackId": "arn:aws:cloudformation:eu-west-1:111122223333:stack/sg-revert/1",
    "AWS::NoValue": NOTHING,
}


class Loader(yaml.SafeLoader):
    """YAML with CloudFormation's short forms, which become their long ones."""


def short_form(loader: Loader, tag: str, node: yaml.Node) -> dict[str, Any]:
    if isinstance(node, yaml.ScalarNode):
        value: Any = loader.construct_scalar(node)
    elif isinstance(node, yaml.SequenceNode):
        value = loader.construct_sequence(node, deep=True)
    else:
        value = loader.construct_mapping(node, deep=True)
    if tag == "GetAtt" and isinstance(value, str):
        value = value.split(".", 1)
    return {tag if tag in ("Ref", "Condition") else f"Fn::{tag}": value}


Loader.add_multi_constructor("!", short_form)


class Template:
    """One template, rendered with `parameters` over their defaults."""

    def __init__(self, name: str, *, physical: dict[str, str] | None = None, **parameters: str) -> None:
        self.physical = physical or {}
        self.path = FOLDER / name
        self.raw: dict[str, Any] = yaml.load(self.path.read_text(), Loader)
        declared = self.raw.get("Parameters", {})
        unknown = set(parameters) - set(declared)
        assert not unknown, f"{name} has no parameters {unknown}"
        self.values = {key: str(each["Default"]) for key, each in declared.items() if "Default" in each} | parameters
        missing = set(declared) - set(self.values)
        assert not missing, f"{name} needs values for {missing}"
        self.conditions = {key: self.render(each) for key, each in self.raw.get("Conditions", {}).items()}
        self.resources = {
            key: self.render(each)
            for key, each in self.raw["Resources"].items()
            if self.conditions.get(each.get("Condition"), True)
        }

    def properties(self, name: str) -> dict[str, Any]:
        return dict(self.resources[name].get("Properties", {}))

    def of_type(self, kind: str) -> dict[str, dict[str, Any]]:
        return {name: each.get("Properties", {}) for name, each in self.resources.items() if each["Type"] == kind}

    def render(self, node: Any) -> Any:
        if isinstance(node, list):
            return [each for each in map(self.render, node) if each is not NOTHING]
        if not isinstance(node, dict):
            return node
        if len(node) == 1:
            (key, argument), = node.items()
            if key == "Ref":
                return self.reference(argument)
            if key == "Condition" and isinstance(argument, str) and argument in self.raw.get("Conditions", {}):
                return self.render(self.raw["Conditions"][argument])
            if key.startswith("Fn::"):
                return self.function(key[4:], argument)
        rendered = {key: self.render(each) for key, each in node.items()}
        return {key: each for key, each in rendered.items() if each is not NOTHING}

    def reference(self, name: str) -> Any:
        if name in PSEUDO:
            return PSEUDO[name]
        return self.values[name] if name in self.values else self.physical.get(name, f"ref:{name}")

    def function(self, name: str, argument: Any) -> Any:
        if name == "If":
            condition, yes, no = argument
            return self.render(yes if self.conditions[condition] else no)
        if name == "Equals":
            first, second = map(self.render, argument)
            return first == second
        if name == "Not":
            return not self.render(argument[0])
        if name == "And":
            return all(map(self.render, argument))
        if name == "Or":
            return any(map(self.render, argument))
        if name == "GetAtt":
            resource, attribute = argument
            placeholder = f"arn:{resource}" if attribute == "Arn" else f"{attribute}:{resource}"
            return self.physical.get(f"{resource}.{attribute}", placeholder)
        if name == "Sub":
            text, extra = (argument, {}) if isinstance(argument, str) else argument
            known = {key: self.render(each) for key, each in extra.items()}
            return re.sub(r"\$\{([^}!]+)\}", lambda found: str(self.substitute(found[1], known)), text)
        if name == "Join":
            separator, parts = argument
            return separator.join(map(str, self.render(parts)))
        if name == "Select":
            index, parts = argument
            return self.render(parts)[int(index)]
        if name == "Split":
            separator, text = argument
            return str(self.render(text)).split(separator)
        raise AssertionError(f"{self.path.name} uses Fn::{name}, which these tests do not know")

    def substitute(self, name: str, known: dict[str, Any]) -> Any:
        if name in known:
            return known[name]
        if "." in name:
            return self.function("GetAtt", name.split(".", 1))
        return self.reference(name)
