"""Writes the bill of materials in CycloneDX: sbom.py PROGRAM GRAPH.json Package.resolved

The Swift packages come from `swift package show-dependencies --format json`, with the commits that were resolved; the
shared libraries are those that the program asks for, with the versions of the Debian packages that hold them.
"""

import hashlib
import json
import os
import re
import subprocess
import sys
import uuid
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

JSON = dict[str, Any]


def swift_packages(graph: JSON, pins: dict[str, JSON]) -> tuple[dict[str, JSON], dict[str, set[str]]]:
    """Components by their reference, and who depends on whom."""
    components: dict[str, JSON] = {}
    needs: dict[str, set[str]] = {}

    def visit(node: JSON) -> str:
        children = {visit(child) for child in node["dependencies"]}
        if node is graph:
            reference = "sg-revert"
        else:
            reference = f"pkg:swift/{re.sub(r'^[a-z]+://|[.]git$', '', node['url'])}@{node['version']}"
            component: JSON = {
                "type": "library",
                "bom-ref": reference,
                "name": node["identity"],
                "version": node["version"],
                "purl": reference,
                "scope": "required",
                "externalReferences": [{"type": "vcs", "url": node["url"]}],
            }
            if commit := pins.get(node["identity"], {}).get("revision"):
                component["properties"] = [{"name": "swift:package:revision", "value": commit}]
            components[reference] = component
        needs.setdefault(reference, set()).update(children)
        return reference

    visit(graph)
    return components, needs


def shared_libraries(program: str) -> list[JSON]:
    """What the dynamic linker loads for the program itself, not for its libraries."""
    needed = re.findall(r"NEEDED\s+(\S+)", subprocess.check_output(["objdump", "-p", program], text=True))
    paths = dict(re.findall(r"(\S+) => (\S+)", subprocess.check_output(["ldd", program], text=True)))
    found = []
    for name in sorted(needed):
        component: JSON = {"type": "library", "bom-ref": f"lib:{name}", "name": name, "scope": "required"}
        owner = debian_package(paths.get(name, ""))
        if owner:
            package, version, architecture = owner
            component |= {"version": version, "purl": f"pkg:deb/debian/{package}@{version}?arch={architecture}"}
        found.append(component)
    return found


def debian_package(path: str) -> tuple[str, str, str] | None:
    """The package that holds a file, its version and its architecture."""
    for spelling in (path, os.path.realpath(path) if path else "", path.removeprefix("/usr"), f"/usr{path}"):
        search = subprocess.run(["dpkg-query", "-S", spelling], capture_output=True, text=True)
        if spelling and search.returncode == 0:
            package = search.stdout.split(": ")[0].split(",")[0]
            form = ["dpkg-query", "-W", "-f", "${Package}\t${Version}\t${Architecture}", package]
            name, version, architecture = subprocess.check_output(form, text=True).split("\t")
            return name, version, architecture
    return None


def main() -> None:
    program, graph_path, resolved_path = sys.argv[1:]
    graph = json.loads(Path(graph_path).read_text())
    resolved = json.loads(Path(resolved_path).read_text())
    pins = {pin["identity"]: pin["state"] for pin in resolved["pins"]}
    components, needs = swift_packages(graph, pins)
    text = subprocess.check_output([program, "--version"], text=True).strip()
    version = text.split()[0]
    commit = re.search(r"[0-9a-f]{12}[+]?", text.removeprefix(version))
    swift = subprocess.check_output(["swift", "--version"], text=True, stderr=subprocess.DEVNULL)
    libraries = shared_libraries(program)
    runtime = {
        "type": "library",
        "bom-ref": "swift-runtime",
        "name": "swift",
        "version": (re.findall(r"Swift version (\S+)", swift) or ["unknown"])[0],
        "description": "The Swift standard library and Foundation, linked statically.",
    }
    needs["sg-revert"] |= {each["bom-ref"] for each in libraries} | {"swift-runtime"}
    digest = hashlib.sha256(Path(program).read_bytes()).hexdigest()
    moment = datetime.fromtimestamp(int(os.environ.get("SOURCE_DATE_EPOCH", "0")), timezone.utc)
    json.dump(
        {
            "bomFormat": "CycloneDX",
            "specVersion": "1.5",
            # The same program has the same number.
            "serialNumber": f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, digest)}",
            "version": 1,
            "metadata": {
                "timestamp": moment.strftime("%Y-%m-%dT%H:%M:%SZ"),
                "component": {
                    "type": "application",
                    "bom-ref": "sg-revert",
                    "name": "sg-revert",
                    "version": version,
                    "hashes": [{"alg": "SHA-256", "content": digest}],
                    "properties": [{"name": "commit", "value": commit[0] if commit else "unknown"}],
                },
            },
            "components": [*components.values(), runtime, *libraries],
            "dependencies": [
                {"ref": reference, "dependsOn": sorted(children)} for reference, children in sorted(needs.items())
            ],
        },
        sys.stdout,
        indent=2,
    )
    print()


if __name__ == "__main__":
    main()
