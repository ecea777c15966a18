#!/usr/bin/env python3
"""Lists what is built into the program: CycloneDX 1.5 in JSON, to standard output.

usage: sbom.py VERSION

Made of Cargo.lock and of what `cargo metadata` says, for all platforms together. Crates that are only for
tests and benchmarks are left out; those that build others are in. The same lock file gives the same
bytes.
"""

import datetime
import json
import os
import subprocess
import sys
import tomllib
import uuid
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PROGRAM = "kubectl-stepscale"


def metadata():
    cargo = os.environ.get("CARGO", "cargo")
    command = [cargo, "metadata", "--locked", "--format-version", "1"]
    done = subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE)
    return json.loads(done.stdout)


def checksums():
    lock = tomllib.loads((ROOT / "Cargo.lock").read_text())
    return {(it["name"], it["version"]): it.get("checksum") for it in lock["package"]}


def used(nodes, root):
    """What each crate needs that ends up in the program, or builds what does."""
    found, open_ = {}, [root]
    while open_:
        at = open_.pop()
        if at in found:
            continue
        kinds = lambda it: {kind["kind"] for kind in it["dep_kinds"]}
        needed = {it["pkg"] for it in nodes[at]["deps"] if kinds(it) - {"dev"}}
        found[at] = sorted(needed)
        open_ += needed
    return found


def purl(package):
    return f"pkg:cargo/{package['name']}@{package['version']}"


def component(package, sums):
    # Old manifests write `/` for `OR`.
    license_ = (package["license"] or "").replace("/", " OR ").replace("  OR  ", " OR ")
    checksum = sums.get((package["name"], package["version"]))
    said = {
        "type": "library",
        "bom-ref": purl(package),
        "name": package["name"],
        "version": package["version"],
        "description": " ".join((package["description"] or "").split()),
        "purl": purl(package),
        "licenses": [{"expression": license_}] if license_ else [],
        "hashes": [{"alg": "SHA-256", "content": checksum}] if checksum else [],
        "externalReferences": [{"type": "vcs", "url": package["repository"]}]
        if package["repository"]
        else [],
    }
    return {key: value for key, value in said.items() if value}


def main():
    version = sys.argv[1].removeprefix("v")
    epoch = int(os.environ.get("SOURCE_DATE_EPOCH", "0"))
    said = metadata()
    root = said["resolve"]["root"]
    packages = {it["id"]: it for it in said["packages"]}
    nodes = {it["id"]: it for it in said["resolve"]["nodes"]}
    needs = used(nodes, root)
    sums = checksums()
    libraries = sorted((packages[it] for it in needs if it != root), key=purl)
    program = component(packages[root], sums) | {"type": "application", "version": version}
    program["purl"] = program["bom-ref"] = f"pkg:cargo/{PROGRAM}@{version}"
    ref = lambda it: program["bom-ref"] if it == root else purl(packages[it])
    dependencies = [
        {"ref": ref(it), "dependsOn": sorted(ref(need) for need in needs[it])} for it in needs
    ]
    bom = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "version": 1,
        "metadata": {
            "timestamp": datetime.datetime.fromtimestamp(epoch, datetime.UTC).strftime(
                "%Y-%m-%dT%H:%M:%SZ"
            ),
            "component": program,
        },
        "components": [component(it, sums) for it in libraries],
        "dependencies": sorted(dependencies, key=lambda it: it["ref"]),
    }
    # Of what it says, so that the same content has the same number.
    number = uuid.uuid5(uuid.NAMESPACE_URL, json.dumps(bom, sort_keys=True))
    bom["serialNumber"] = f"urn:uuid:{number}"
    json.dump(bom, sys.stdout, indent=2, sort_keys=True)
    print()


main()
