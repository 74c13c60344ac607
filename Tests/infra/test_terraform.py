"""The Terraform modules say the same as the CloudFormation templates."""

import os
import re
import shutil
import subprocess
import tempfile
import unittest
from typing import Any

import hcl2

from template import FOLDER, ROOT

MODULES = ROOT / "infra/terraform/modules"
PAIRS = {"central": "sg-revert.yaml", "member": "member-account.yaml", "fargate": "fargate.yaml"}
SERVICES = "dynamodb|ec2|ecs|events|secretsmanager|sns|sqs|sts"
# The instance role for a worker on EC2 is an offer of the CloudFormation template alone.
ONLY_CLOUDFORMATION = {"ec2.amazonaws.com"}


def terraform(module: str) -> str:
    return "\n".join(path.read_text() for path in sorted((MODULES / module).glob("*.tf")))


def without_comments(text: str) -> str:
    return re.sub(r"(?m)^\s*#.*$", "", text)


class ModuleTests(unittest.TestCase):
    def both(self, module: str, pattern: str) -> tuple[set[str], set[str]]:
        cloudformation = without_comments((FOLDER / PAIRS[module]).read_text())
        return set(re.findall(pattern, cloudformation)), set(re.findall(pattern, without_comments(terraform(module))))

    def test_every_file_parses(self) -> None:
        for path in MODULES.rglob("*.tf"):
            self.assertTrue(hcl2.loads(path.read_text()), path)

    @unittest.skipUnless(shutil.which("terraform"), "terraform is not installed")
    def test_every_file_has_terraforms_own_form(self) -> None:
        done = subprocess.run(["terraform", "fmt", "-check", "-recursive", "-diff", MODULES], capture_output=True, text=True)
        self.assertEqual((done.returncode, done.stdout), (0, ""))

    @unittest.skipUnless(shutil.which("terraform"), "terraform is not installed")
    def test_terraform_validates_every_module(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            for module in PAIRS:
                copy = shutil.copytree(MODULES / module, f"{folder}/{module}")
                # All three share one download of the provider.
                environment = os.environ | {"TF_DATA_DIR": f"{folder}/data", "TF_IN_AUTOMATION": "1"}
                try:
                    init = subprocess.run(
                        ["terraform", "init", "-backend=false", "-input=false", "-no-color"],
                        cwd=copy, env=environment, capture_output=True, text=True, timeout=60,
                    )
                except subprocess.TimeoutExpired:
                    self.skipTest("the AWS provider is not to be had here")
                if init.returncode:
                    self.skipTest(f"the AWS provider is not to be had here: {init.stderr.strip()[-200:]}")
                done = subprocess.run(
                    ["terraform", "validate", "-no-color"], cwd=copy, env=environment, capture_output=True, text=True
                )
                self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    def test_permissions_are_the_same(self) -> None:
        for module in PAIRS:
            ours, theirs = self.both(module, rf"\b(?:{SERVICES}):(?:\*|[A-Z]\w+)")
            # Condition keys look like actions, but for their case.
            self.assertEqual(ours, theirs, module)

    def test_events_are_the_same(self) -> None:
        names = r"\b(?:Authorize|Revoke|Modify|Create|Delete|Restore|Disable|Put|Remove|Stop|Update|Purge|Set|Add)[A-Z]\w+\b"
        for module in ("central", "member"):
            cloudformation, terraformed = self.both(module, names)
            # What is no event: parts of resource names and of CloudFormation's own keys.
            noise = {each for each in cloudformation ^ terraformed if not re.search(rf"(?i)eventName.*{each}|- {each}$", self.events(module))}
            self.assertEqual(cloudformation - noise, terraformed - noise, module)

    def events(self, module: str) -> str:
        return (FOLDER / PAIRS[module]).read_text() + terraform(module)

    def test_sids_are_the_same(self) -> None:
        for module in ("central", "member"):
            sids = r'(?:Sid|StatementId)\s*[:=]\s*"?(\w+)'
            ours, theirs = self.both(module, sids)
            self.assertEqual(ours, theirs, module)

    def test_services_that_are_let_in_are_the_same(self) -> None:
        for module in PAIRS:
            ours, theirs = self.both(module, r"\b[a-z0-9-]+\.amazonaws\.com\b")
            self.assertEqual(ours - ONLY_CLOUDFORMATION, theirs - ONLY_CLOUDFORMATION, module)

    def test_settings_of_the_worker_are_the_same(self) -> None:
        ours, theirs = self.both("fargate", r"SG_REVERT_[A-Z_]+")
        self.assertEqual(ours, theirs)

    def test_metrics_and_limits_are_the_same(self) -> None:
        for pattern in (r"ApproximateNumberOfMessagesVisible|ApproximateAgeOfOldestMessage|RunningTaskCount", r"\b1209600\b|\b86400\b|\b185\b"):
            for module in PAIRS:
                ours, theirs = self.both(module, pattern)
                self.assertEqual(ours, theirs, module)

    def test_the_claims_table_has_the_key_and_the_expiry_of_the_contract(self) -> None:
        (table,) = [
            block["aws_dynamodb_table"]
            for block in resources("central")
            if "aws_dynamodb_table" in block
        ]
        claims = table["claims"]
        self.assertEqual(plain(claims["hash_key"]), "pk")
        self.assertEqual(plain(claims["attribute"][0]["type"]), "S")
        self.assertEqual(plain(claims["ttl"][0]["attribute_name"]), "expires_at")

    def test_every_variable_and_output_is_explained(self) -> None:
        for module in PAIRS:
            for kind in ("variable", "output"):
                for name in re.findall(rf'(?m)^{kind} "(\w+)"', terraform(module)):
                    body = re.search(rf'(?ms)^{kind} "{name}" {{(.*?)^}}', terraform(module))
                    assert body
                    self.assertIn("description", body[1], f"{module} {name}")


def resources(module: str) -> list[dict[str, Any]]:
    found = []
    for path in (MODULES / module).glob("*.tf"):
        for block in hcl2.loads(path.read_text()).get("resource", []):
            found.append({plain(kind): {plain(name): unquoted(body) for name, body in each.items()} for kind, each in block.items()})
    return found


def unquoted(node: Any) -> Any:
    if isinstance(node, dict):
        return {plain(key): unquoted(value) for key, value in node.items()}
    if isinstance(node, list):
        return [unquoted(each) for each in node]
    return node


def plain(text: Any) -> str:
    """Text without the quotes that the parser leaves on it."""
    return str(text).strip('"')


if __name__ == "__main__":
    unittest.main()
