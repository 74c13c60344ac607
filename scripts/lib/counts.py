"""Prints how many tests passed, failed and were skipped, from the results that `swift test` left in a folder."""

import re
import sys
from pathlib import Path
from xml.etree import ElementTree


def main() -> None:
    folder = Path(sys.argv[1])
    # Swift Testing and XCTest write a file each; only the first has tests here, but both count.
    cases = [case for file in folder.glob("*.xml") for case in ElementTree.parse(file).iter("testcase")]
    failed = sum(1 for case in cases if case.find("failure") is not None)
    # The file takes a test that gave up by itself, for want of something it needs, for one that passed.
    gave_up = len(re.findall(r"^\S+ Test (?!case passing).* was cancelled after", (folder / "output.log").read_text(), re.MULTILINE))
    skipped = sum(1 for case in cases if case.find("skipped") is not None) + gave_up
    if not cases:
        # A run that crashes writes no results, and a run without tests proves nothing.
        print("error: no test has left a result; see the end of the output above", file=sys.stderr)
        failed = 1
    print(f"{max(len(cases) - failed - skipped, 0)} passed, {failed} failed, {skipped} skipped")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
