"""Runs the Python tests of a folder, says what fails, and writes the results where counts.py finds them.

pytests.py FOLDER RESULTS.xml [PATTERN]
"""

import sys
import time
import unittest
from pathlib import Path
from typing import Any
from xml.etree import ElementTree


class Recorder(unittest.TextTestResult):
    """Also keeps each test as a test case of JUnit's XML."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.suite = ElementTree.Element("testsuite", name="python")
        self.case = ElementTree.Element("testcase")
        self.started = 0.0

    def startTest(self, test: unittest.TestCase) -> None:
        super().startTest(test)
        self.add(test)
        self.started = time.monotonic()

    def stopTest(self, test: unittest.TestCase) -> None:
        super().stopTest(test)
        self.case.set("time", f"{time.monotonic() - self.started:.3f}")

    def addFailure(self, test: unittest.TestCase, err: Any) -> None:
        super().addFailure(test, err)
        self.mark("failure")

    def addError(self, test: unittest.TestCase, err: Any) -> None:
        super().addError(test, err)
        if not isinstance(test, unittest.TestCase) or self.case.get("name") != test._testMethodName:
            # A set-up of a class or module failed, before any of its tests began.
            self.add(test)
        self.mark("failure")

    def addSubTest(self, test: unittest.TestCase, subtest: unittest.TestCase, err: Any) -> None:
        super().addSubTest(test, subtest, err)
        if err is not None:
            self.mark("failure")

    def addSkip(self, test: unittest.TestCase, reason: str) -> None:
        super().addSkip(test, reason)
        self.mark("skipped")

    def add(self, test: Any) -> None:
        name = getattr(test, "_testMethodName", str(test))
        self.case = ElementTree.SubElement(self.suite, "testcase", classname=type(test).__qualname__, name=name)

    def mark(self, outcome: str) -> None:
        if self.case.find(outcome) is None:
            ElementTree.SubElement(self.case, outcome)


def main() -> None:
    folder, results = Path(sys.argv[1]), Path(sys.argv[2])
    pattern = sys.argv[3] if len(sys.argv) > 3 else "test_*.py"
    sys.path.insert(0, str(Path(__file__).parent))
    sys.dont_write_bytecode = True
    tests = unittest.defaultTestLoader.discover(str(folder), pattern)
    runner = unittest.TextTestRunner(resultclass=Recorder, verbosity=1)
    result = runner.run(tests)
    assert isinstance(result, Recorder)
    ElementTree.ElementTree(result.suite).write(results)
    sys.exit(0 if result.wasSuccessful() and result.testsRun else 1)


if __name__ == "__main__":
    main()
