"""What scripts/install and scripts/package put in place, with the program that the tests have built."""

import gzip
import json
import os
import shutil
import subprocess
import tempfile
import unittest
from pathlib import Path

from template import ROOT

PROGRAM = ROOT / ".build/debug/sg-revert"
PLACED = (
    "usr/bin/sg-revert",
    "usr/lib/systemd/system/sg-revert.service",
    "usr/lib/systemd/system/sg-revert@.service",
    "usr/share/man/man1/sg-revert.1.gz",
    "usr/share/bash-completion/completions/sg-revert",
    "usr/share/zsh/vendor-completions/_sg-revert",
    "usr/share/fish/vendor_completions.d/sg-revert.fish",
    "usr/share/sg-revert/policy.example.yaml",
    "usr/share/sg-revert/policy.schema.json",
    "etc/sg-revert/environment",
)


@unittest.skipUnless(PROGRAM.exists(), "scripts/test builds the program first")
class Installed(unittest.TestCase):
    """A tree that scripts/install filled once for all tests of the class."""

    @classmethod
    def setUpClass(cls) -> None:
        cls.folder = Path(tempfile.mkdtemp())
        cls.addClassCleanup(shutil.rmtree, cls.folder)
        cls.tree = cls.folder / "tree"
        environment = os.environ | {"DESTDIR": str(cls.tree), "PREFIX": "/usr", "BINARY": str(PROGRAM)}
        subprocess.run([ROOT / "scripts/install"], env=environment, check=True, capture_output=True)

    def text(self, path: str) -> str:
        return (self.tree / path).read_text()


class InstallTests(Installed):
    def test_everything_is_in_its_place(self) -> None:
        for path in PLACED:
            self.assertGreater((self.tree / path).stat().st_size, 0, path)

    def test_the_units_name_the_installed_files(self) -> None:
        for unit in ("sg-revert.service", "sg-revert@.service"):
            text = self.text(f"usr/lib/systemd/system/{unit}")
            self.assertIn("ExecStart=/usr/bin/sg-revert worker\n", text)
            self.assertIn("EnvironmentFile=/etc/sg-revert/environment\n", text)
            self.assertNotRegex(text, "@[a-z]+dir@")

    def test_both_units_work_on_one_ledger(self) -> None:
        for unit in ("sg-revert.service", "sg-revert@.service"):
            text = self.text(f"usr/lib/systemd/system/{unit}")
            self.assertIn("StateDirectory=sg-revert\n", text)
            self.assertIn("User=sg-revert\n", text)

    def test_the_manual_page_has_every_command(self) -> None:
        page = gzip.decompress((self.tree / PLACED[3]).read_bytes()).decode()
        help_ = json.loads(subprocess.check_output([PROGRAM, "--experimental-dump-help"]))
        for command in help_["command"]["subcommands"]:
            if command["commandName"] != "help":
                name = command["commandName"].replace("-", "\\-")
                self.assertRegex(page, rf"(?m)^\.B sg\\-revert {name.replace(chr(92), chr(92) * 2)}\b", name)

    def test_groff_finds_nothing_wrong_with_the_manual_page(self) -> None:
        if not shutil.which("groff"):
            self.skipTest("groff is not installed")
        page = gzip.decompress((self.tree / PLACED[3]).read_bytes())
        done = subprocess.run(["groff", "-man", "-ww", "-z", "-Tutf8"], input=page, capture_output=True)
        self.assertEqual(done.stderr.decode(), "")

    def test_a_sample_of_the_settings_starts_nothing_in_earnest(self) -> None:
        self.assertIn("\nSG_REVERT_DRY_RUN=true\n", self.text("etc/sg-revert/environment"))

    def test_settings_that_are_there_are_kept(self) -> None:
        path = self.tree / "etc/sg-revert/environment"
        before = path.read_text()
        path.write_text("AWS_REGION=eu-west-1\n")
        environment = os.environ | {"DESTDIR": str(self.tree), "PREFIX": "/usr", "BINARY": str(PROGRAM)}
        subprocess.run([ROOT / "scripts/install"], env=environment, check=True, capture_output=True)
        self.assertEqual(path.read_text(), "AWS_REGION=eu-west-1\n")
        path.write_text(before)

    def test_the_completions_parse(self) -> None:
        for shell, path in (("bash", PLACED[4]), ("zsh", PLACED[5]), ("fish", PLACED[6])):
            if shutil.which(shell):
                subprocess.run([shell, "-n", self.tree / path], check=True)


@unittest.skipUnless(PROGRAM.exists(), "scripts/test builds the program first")
@unittest.skipUnless(shutil.which("dpkg-shlibdeps") and os.geteuid() == 0, "needs dpkg-dev and root")
class PackageTests(unittest.TestCase):
    @classmethod
    def setUpClass(cls) -> None:
        cls.folder = Path(tempfile.mkdtemp())
        cls.addClassCleanup(shutil.rmtree, cls.folder)
        environment = os.environ | {"BINARY": str(PROGRAM), "COMPRESSION": "none"}
        done = subprocess.run(
            [ROOT / "scripts/package", "--output", cls.folder], env=environment, capture_output=True, text=True
        )
        if done.returncode:
            raise AssertionError(done.stderr)

    def test_the_package_installs_upgrades_and_goes_away(self) -> None:
        (deb,) = self.folder.glob("*.deb")
        done = subprocess.run([ROOT / "scripts/lib/try_deb.sh", deb], capture_output=True, text=True)
        if done.returncode == 77:
            self.skipTest("no overlay file system can be mounted here")
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    def test_the_package_asks_for_what_the_program_loads(self) -> None:
        (deb,) = self.folder.glob("*.deb")
        depends = subprocess.check_output(["dpkg-deb", "-f", deb, "Depends"], text=True)
        for library in ("libc6", "libcurl4", "libsqlite3-0", "libssl3", "ca-certificates"):
            self.assertIn(library, depends)

    def test_the_checksums_are_those_of_the_files(self) -> None:
        subprocess.run(["sha256sum", "--check", "--strict", "SHA256SUMS"], cwd=self.folder, check=True, capture_output=True)
        self.assertEqual(len((self.folder / "SHA256SUMS").read_text().splitlines()), 3)

    def test_the_bill_of_materials_names_every_package_and_library(self) -> None:
        (path,) = self.folder.glob("*.cdx.json")
        bill = json.loads(path.read_text())
        self.assertEqual((bill["bomFormat"], bill["specVersion"]), ("CycloneDX", "1.5"))
        names = {each["name"] for each in bill["components"]}
        manifest = (ROOT / "Package.swift").read_text()
        wanted = {line.split('"')[1].split("/")[-1].lower() for line in manifest.splitlines() if ".package(url:" in line}
        self.assertLessEqual(wanted, names)
        self.assertTrue({"libcurl.so.4", "libsqlite3.so.0", "libcrypto.so.3", "swift"} <= names, names)
        known = {each["bom-ref"] for each in bill["components"]} | {"sg-revert"}
        for entry in bill["dependencies"]:
            self.assertLessEqual({entry["ref"], *entry["dependsOn"]}, known)


del Installed

if __name__ == "__main__":
    unittest.main()
