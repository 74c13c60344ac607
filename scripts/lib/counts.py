"""Prints which tests failed, then how many passed, failed and were skipped, from what `swift test` left in a folder."""

import re
import sys
from pathlib import Path
from xml.etree import ElementTree


def main() -> None:
    folder = Path(sys.argv[1])
    cases = [case for file in folder.glob("*.xml") for case in cases_in(file)]
    failed = [case for case in cases if case.find("failure") is not None]
    for case in failed:
        print(f"failed: {case.get('classname')} {case.get('name')}")
    skipped = sum(1 for case in cases if case.find("skipped") is not None)
    # The results take a test that gave up by itself, for want of something it needs, for one that passed.
    output = (folder / "output.log").read_text(errors="replace")
    skipped += len(re.findall(r"^\S+ Test (?!case passing).* was cancelled after", output, re.MULTILINE))
    if not cases:
        print("failed: the run itself. It left no results: it crashed, or no test matched. See its output above.")
    failures = len(failed) if cases else 1
    print(f"{len(cases) - len(failed) - skipped if cases else 0} passed, {failures} failed, {skipped} skipped")
    sys.exit(1 if failures else 0)


def cases_in(file: Path) -> list[ElementTree.Element]:
    """The test cases of one result file; none if it was cut short, as a crash leaves it."""
    try:
        return list(ElementTree.parse(file).iter("testcase"))
    except ElementTree.ParseError:
        return []


if __name__ == "__main__":
    main()
