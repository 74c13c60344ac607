"""The Kubernetes manifests: valid against Kubernetes' own schemas, and hardened."""

import re
import shutil
import subprocess
import unittest
from pathlib import Path
from typing import Any

import kubernetes_validate
import yaml

from template import ROOT
from test_deploy import settings

FOLDER = ROOT / "infra/kubernetes"
WAYS = ("fleet", "single")
VERSION = "1.31"


def written() -> list[dict[str, Any]]:
    """The resources as they stand in the files."""
    return [
        each
        for path in sorted(FOLDER.rglob("*.yaml"))
        for each in yaml.safe_load_all(path.read_text())
        if each and "kind" in each and each["kind"] != "Kustomization"
    ]


def built(way: str) -> list[dict[str, Any]]:
    """The resources as kustomize puts them together."""
    done = subprocess.run(["kubectl", "kustomize", FOLDER / way], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return list(yaml.safe_load_all(done.stdout))


def workload(resources: list[dict[str, Any]]) -> dict[str, Any]:
    (found,) = [each for each in resources if each["kind"] in ("Deployment", "StatefulSet")]
    return found


class ManifestTests(unittest.TestCase):
    def workloads(self) -> list[dict[str, Any]]:
        return [each for each in written() if each["kind"] in ("Deployment", "StatefulSet")]

    def valid(self, resources: list[dict[str, Any]]) -> None:
        for resource in resources:
            # KEDA's kinds are no part of Kubernetes.
            if not resource["apiVersion"].startswith("keda.sh/"):
                kubernetes_validate.validate(resource, VERSION, strict=True)

    def test_every_file_is_valid(self) -> None:
        self.valid(written())

    @unittest.skipUnless(shutil.which("kubectl"), "kubectl is not installed")
    def test_what_kustomize_builds_is_valid_and_hangs_together(self) -> None:
        for way in WAYS:
            resources = built(way)
            self.valid(resources)
            names = {(each["kind"], each["metadata"]["name"]) for each in resources}
            spec = workload(resources)["spec"]
            pod = spec["template"]["spec"]
            self.assertIn(("ServiceAccount", pod["serviceAccountName"]), names)
            self.assertIn(("ConfigMap", pod["containers"][0]["envFrom"][0]["configMapRef"]["name"]), names)
            policy = [each for each in pod["volumes"] if each["name"] == "policy"]
            self.assertIn(("ConfigMap", policy[0]["configMap"]["name"]), names)
            for selector in [spec["selector"], *(e["spec"]["selector"] for e in resources if e["kind"] == "PodDisruptionBudget")]:
                self.assertLessEqual(
                    selector["matchLabels"].items(), spec["template"]["metadata"]["labels"].items(), way
                )
                self.assertTrue(selector["matchLabels"])

    def test_pods_may_do_nothing_but_their_work(self) -> None:
        for each in self.workloads():
            pod = each["spec"]["template"]["spec"]
            (container,) = pod["containers"]
            self.assertIs(pod["securityContext"]["runAsNonRoot"], True)
            self.assertEqual(pod["securityContext"]["seccompProfile"], {"type": "RuntimeDefault"})
            self.assertIs(pod["automountServiceAccountToken"], False)
            self.assertIs(container["securityContext"]["readOnlyRootFilesystem"], True)
            self.assertIs(container["securityContext"]["allowPrivilegeEscalation"], False)
            self.assertEqual(container["securityContext"]["capabilities"], {"drop": ["ALL"]})

    def test_probes_ask_the_endpoint_that_is_served(self) -> None:
        for each in self.workloads():
            (container,) = each["spec"]["template"]["spec"]["containers"]
            self.assertEqual(container["livenessProbe"]["httpGet"], {"path": "/livez", "port": "http"})
            self.assertEqual(container["readinessProbe"]["httpGet"], {"path": "/readyz", "port": "http"})
            self.assertIn(f":{container['ports'][0]['containerPort']}\n", (FOLDER / "base/settings.env").read_text())

    def test_a_pod_has_the_time_that_the_worker_needs_to_stop(self) -> None:
        for each in self.workloads():
            self.assertGreater(each["spec"]["template"]["spec"]["terminationGracePeriodSeconds"], 30)

    def test_the_ledger_is_on_a_mounted_volume(self) -> None:
        ledger = re.search(r"SG_REVERT_LEDGER=(\S+)", (FOLDER / "base/settings.env").read_text())
        assert ledger
        for each in self.workloads():
            (container,) = each["spec"]["template"]["spec"]["containers"]
            self.assertIn(str(Path(ledger[1]).parent), [mount["mountPath"] for mount in container["volumeMounts"]])

    def test_only_a_fleet_with_claims_has_many_pods(self) -> None:
        (single,) = [each for each in self.workloads() if each["kind"] == "StatefulSet"]
        self.assertEqual(single["spec"]["replicas"], 1)
        self.assertIn("SG_REVERT_CLAIMS=dynamodb://", (FOLDER / "fleet/kustomization.yaml").read_text())

    def test_the_service_account_has_a_role(self) -> None:
        (account,) = [each for each in written() if each["kind"] == "ServiceAccount"]
        self.assertRegex(account["metadata"]["annotations"]["eks.amazonaws.com/role-arn"], r"^arn:aws:iam::\d{12}:role/")

    def test_the_fleet_scales_by_the_queue(self) -> None:
        (scaled,) = [each for each in written() if each["kind"] == "ScaledObject"]
        (trigger,) = scaled["spec"]["triggers"]
        self.assertEqual(trigger["type"], "aws-sqs-queue")
        self.assertLessEqual({"queueURL", "awsRegion", "queueLength"}, set(trigger["metadata"]))
        self.assertTrue(all(isinstance(value, str) for value in trigger["metadata"].values()))
        (authentication,) = [each for each in written() if each["kind"] == "TriggerAuthentication"]
        self.assertEqual(trigger["authenticationRef"]["name"], authentication["metadata"]["name"])

    def test_every_setting_has_a_name_that_the_worker_knows(self) -> None:
        text = "".join(path.read_text() for path in FOLDER.rglob("*") if path.is_file())
        self.assertLessEqual(set(re.findall(r"SG_REVERT_[A-Z_]+", text)), settings())


if __name__ == "__main__":
    unittest.main()
