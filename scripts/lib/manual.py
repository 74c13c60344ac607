"""Writes the manual page from the program's own help: manual.py PROGRAM > sg-revert.1"""

import json
import re
import subprocess
import sys
from typing import Any

JSON = dict[str, Any]
FILES = [
    ("/etc/sg-revert/environment", "Settings of the service, one NAME=VALUE a line."),
    ("/var/lib/sg-revert/ledger.db", "The ledger of the service. It belongs to the user of the service."),
    ("~/.local/state/sg-revert/ledger.db", "The ledger of a worker that a person starts."),
    ("/usr/share/sg-revert/policy.example.yaml", "A policy with every key."),
    ("/usr/share/sg-revert/policy.schema.json", "The JSON schema of a policy, for editors."),
]
EXIT_CODES = [
    ("0", "Done."),
    ("1", "It ran and something failed, which stderr names."),
    ("2", "A check found a problem."),
    ("64", "Wrong usage."),
    ("78", "Wrong configuration."),
]


def escaped(text: str) -> str:
    """Text as roff takes it: no escapes, no hyphens that a browser turns into dashes, no requests."""
    text = text.replace("\\", "\\e").replace("-", "\\-").replace("'", "\\(aq").replace("`", "\\(ga")
    return re.sub(r"^\.", r"\\&.", text, flags=re.MULTILINE)


def paragraphs(text: str) -> list[str]:
    """The lines of a discussion. An indented block keeps its lines, as a sample of commands or YAML does."""
    lines: list[str] = []
    is_sample = False
    for line in text.strip("\n").splitlines():
        indented = line.startswith((" ", "\t"))
        if indented and not is_sample:
            lines += [".sp", ".nf", ".RS 4"]
        elif is_sample and not indented and line.strip():
            lines += [".RE", ".fi"]
        is_sample = indented or (is_sample and not line.strip())
        lines.append(escaped(line.strip() if not is_sample else line.strip()) if line.strip() else ".sp")
    return lines + ([".RE", ".fi"] if is_sample else [])


def names(argument: JSON) -> str:
    """How an argument is written, in bold and italics."""
    value = f"\\fI{escaped(argument['valueName'])}\\fR" if "valueName" in argument else ""
    if argument["kind"] == "positional":
        return value + (" ..." if argument.get("isRepeating") else "")
    spelled = [("\\-" if each["kind"] == "short" else "\\-\\-") + escaped(each["name"]) for each in argument["names"]]
    bold = ", ".join(f"\\fB{each}\\fR" for each in spelled)
    return f"{bold} {value}" if argument["kind"] == "option" else bold


def synopsis(argument: JSON) -> str:
    preferred = dict(argument)
    if argument["kind"] != "positional":
        preferred["names"] = [argument["preferredName"]]
    text = names(preferred)
    if argument.get("isRepeating") and argument["kind"] != "positional":
        text += " ..."
    return f"[{text}]" if argument.get("isOptional") else text


def shown(command: JSON) -> list[JSON]:
    """The arguments of a command but for --help and --version, which every command has."""
    return [
        each
        for each in command.get("arguments", [])
        if each.get("shouldDisplay", True) and each.get("valueName") not in ("help", "version")
    ]


def leaves(command: JSON, path: str = "") -> list[tuple[str, JSON]]:
    """The commands that do something, by their whole name."""
    path = f"{path} {command['commandName']}".strip()
    children = [each for each in command.get("subcommands", []) if each.get("shouldDisplay", True)]
    children = [each for each in children if each["commandName"] != "help"]
    return [leaf for each in children for leaf in leaves(each, path)] or [(path, command)]


def page(root: JSON, version: str) -> str:
    name, summary = root["commandName"], root["abstract"].rstrip(".")
    lines = [
        f'.TH {escaped(name).upper()} 1 "" "{escaped(name)} {escaped(version)}" "User Commands"',
        ".SH NAME",
        f"{escaped(name)} \\- {escaped(summary[0].lower() + summary[1:])}",
        # Whole words: the flags are to be searched for and copied.
        ".nh",
        ".ad l",
        ".SH SYNOPSIS",
    ]
    for path, command in leaves(root):
        lines += [f".B {escaped(path)}", " ".join(map(synopsis, shown(command))) or ".br", ".br"]
    lines += [".SH DESCRIPTION", *paragraphs(root.get("discussion") or root["abstract"])]
    lines += [".SH COMMANDS"]
    for path, command in leaves(root):
        lines += [f".SS {escaped(path.removeprefix(name + ' '))}", *paragraphs(command.get("abstract", ""))]
        if discussion := command.get("discussion"):
            lines += [".PP", *paragraphs(discussion)]
        for argument in shown(command):
            lines += [".TP", names(argument), *paragraphs(argument.get("abstract") or " ")]
            if default := argument.get("defaultValue"):
                lines.append(f"(default: {escaped(default)})")
    lines += [".SH EXIT STATUS"]
    for code, meaning in EXIT_CODES:
        lines += [".TP", f".B {code}", escaped(meaning)]
    lines += [".SH ENVIRONMENT", "Every setting has a variable: \\fB\\-\\-queue\\-url\\fR is \\fBSG_REVERT_QUEUE_URL\\fR."]
    lines += ["A flag goes before its variable, and a variable before the \\fB\\-\\-config\\fR file."]
    lines += ["Credentials, Region and endpoints come from the \\fBAWS_*\\fR variables and files of every AWS SDK."]
    lines += [".SH FILES"]
    for path, meaning in FILES:
        lines += [".TP", f".I {escaped(path)}", escaped(meaning)]
    return "\n".join(lines) + "\n"


def main() -> None:
    program = sys.argv[1]
    help_ = subprocess.check_output([program, "--experimental-dump-help"], text=True)
    version = subprocess.check_output([program, "--version"], text=True).split()[0]
    sys.stdout.write(page(json.loads(help_)["command"], version))


if __name__ == "__main__":
    main()
