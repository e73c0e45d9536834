"""What the plugin installs for a user: resources/requirements/*.lock.txt with versions and hashes, and a list of parts.

uv resolves the lists for every system and Python that has a bundle, to be sure that each has its wheels. It prefers the
versions of lock.txt, with which the tests passed; a system that has no wheel of one gets another version, under a
condition. The files name packages, versions and hashes; each machine decides where to fetch them from.
"""

from __future__ import annotations

import json
import re
import tempfile
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timezone
from pathlib import Path

from workshop.bundle import PYTHONS, SYSTEMS, WITHOUT, compile_requirements
from workshop.machine import ROOT, WorkshopError, say

REQUIREMENTS = ROOT / "resources" / "requirements"
PARTS = REQUIREMENTS / "parts.cdx.json"
TOOLS = ("pip", "uv")  # what a core is set up with, each from a list of its own
_WHAT = {
    "core": "What the plugin installs as the core's libraries",
    "fast": "What the plugin installs beside core.lock.txt to make the core faster, where it can be had",
    "pip": "The pip of a folder of wheels",
    "uv": "The uv that the plugin fetches, or takes from a folder of wheels, where no Python here will do",
}
_CONDITIONS = {
    "win_amd64": "sys_platform == 'win32'",
    "macos_arm64": "sys_platform == 'darwin' and platform_machine == 'arm64'",
    "macos_x86_64": "sys_platform == 'darwin' and platform_machine == 'x86_64'",
    "linux_x86_64": "sys_platform == 'linux' and platform_machine == 'x86_64'",
    "linux_aarch64": "sys_platform == 'linux' and platform_machine == 'aarch64'",
}
TARGETS = tuple((system, python) for system in SYSTEMS for python in PYTHONS if (system, python) not in WITHOUT)


@dataclass
class Part:
    """One version of a package: its hashes, its parents (packages, or lists as `-r FILE`), and its targets."""

    name: str
    version: str
    hashes: set = field(default_factory=set)
    parents: set = field(default_factory=set)
    targets: set = field(default_factory=set)

    @property
    def purl(self) -> str:
        """The package's address in lists of parts."""
        return f"pkg:pypi/{self.name}@{self.version}"

    @property
    def pin(self) -> str:
        """Name, version and condition, as pip reads them."""
        condition = condition_of(self.targets)
        return f"{self.name}=={self.version}" + (f" ; {condition}" if condition else "")


def lock() -> int:
    """Renew the lists of versions and hashes, and the list of parts. Raises WorkshopError."""
    lists = renewed_lists()
    for name, parts in lists.items():
        lines = [line for part in parts for line in (f"{part.pin} \\", *_hash_lines(part))]
        text = "\n".join([f"# {_WHAT[name]}: written by `python3 build.py lock`, not by hand.", *lines, ""])
        (REQUIREMENTS / f"{name}.lock.txt").write_text(text, encoding="utf-8")
    PARTS.write_text(json.dumps(list_of_parts(lists), indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    names = ", ".join(f"{name}.lock.txt" for name in lists)
    say(f"Wrote {names}, and {sum(map(len, lists.values()))} parts in {PARTS.name}")
    return 0


def renewed_lists() -> dict:
    """The parts of each list, by the list's name; lists are sorted by package."""
    libraries: dict = {}
    tested = (REQUIREMENTS / "lock.txt").read_text(encoding="utf-8")
    for system, python in TARGETS:
        say(f"Asking for {SYSTEMS[system].title}, Python {python}")
        files = [REQUIREMENTS / "core.txt", REQUIREMENTS / "fast.txt"]
        try:
            text = compile_requirements(files, system, python, tested)
        except WorkshopError:  # what only makes the core faster may be missing
            text = compile_requirements(files[:1], system, python, tested)
        for part in parts_in(text):
            one_part = libraries.setdefault((part.name, part.version), part)
            one_part.hashes |= part.hashes
            one_part.parents |= part.parents
            one_part.targets.add((system, python))
    core_names = _names_below("core.txt", list(libraries.values()))
    parts = [libraries[key] for key in sorted(libraries)]
    lists = {
        "core": [part for part in parts if part.name in core_names],
        "fast": [part for part in parts if part.name not in core_names],
    }
    with tempfile.TemporaryDirectory() as folder:
        wish = Path(folder) / "tools.txt"
        wish.write_text("\n".join(TOOLS), encoding="utf-8")
        # One wheel of pip is for all; uv has one for each system, which are all of one version.
        parts_by_name = {part.name: part for part in parts_in(compile_requirements([wish], *TARGETS[0], tested))}
    for name in TOOLS:
        parts_by_name[name].targets |= set(TARGETS)
        lists[name] = [parts_by_name[name]]
    return lists


def parts_in(text: str) -> list:
    """The parts in a list with hashes, and the parents of each as far as the list names them."""
    parts: list = []
    for line in text.splitlines():
        pin = re.match(r"([\w.-]+)==([^\s;\\]+)", line)
        if pin:
            parts.append(Part(pin.group(1), pin.group(2)))
        elif parts and "--hash=" in line:
            parts[-1].hashes.update(re.findall(r"--hash=sha256:([0-9a-f]{64})", line))
        elif parts and line.startswith("    #"):
            parent = line.strip(" #").removeprefix("via").strip()
            parts[-1].parents.update([parent] if parent else [])
    return parts


def condition_of(targets: Iterable) -> str:
    """The condition under which a part is installed; empty if it is installed everywhere."""
    own_targets = set(targets)
    systems = [system for system in SYSTEMS if any(one == system for one, _ in own_targets)]
    pythons = [python for python in PYTHONS if any(one == python for _, one in own_targets)]
    if own_targets != {(system, python) for system, python in TARGETS if system in systems and python in pythons}:
        return " or ".join(f"({condition_of([one for one in own_targets if one[0] == system])})" for system in systems)
    clauses = []
    missing = [system for system in SYSTEMS if system not in systems]
    if len(missing) == 1:  # so that a system that nobody thought of gets what most get
        clauses.append(_CONDITIONS[missing[0]].replace("==", "!=").replace(" and ", " or "))
    elif missing:
        alternatives = [_CONDITIONS[system] for system in systems]
        clauses.append(" or ".join(f"({one})" for one in alternatives) if len(alternatives) > 1 else alternatives[0])
    all_pythons = [python for python in PYTHONS if any((system, python) in TARGETS for system in systems)]
    if pythons != all_pythons:
        clauses += [f"python_version >= '{pythons[0]}'"] if pythons[0] != all_pythons[0] else []
        after = all_pythons[all_pythons.index(pythons[-1]) + 1 :]
        clauses += [f"python_version < '{after[0]}'"] if after else []
    return " and ".join(f"({one})" if " or " in one and len(clauses) > 1 else one for one in clauses)


def list_of_parts(lists: dict) -> dict:
    """The list of parts after CycloneDX 1.6: every package with its licence and its dependencies.

    Only the lock lists have hashes: the scanner of plugins.qgis.org takes a hash in JSON for a secret.
    """
    parts = [part for name in lists for part in lists[name]]
    by_name: dict = {}
    for part in parts:
        by_name.setdefault(part.name, []).append(part.purl)
    children: dict = {"onemap": set(), **{part.purl: set() for part in parts}}
    for part in parts:
        lists_that_ask = [parent for parent in part.parents if parent.startswith("-r ")]
        if lists_that_ask:
            children["onemap"].add(part.purl)
        for parent in part.parents:
            for purl in by_name.get(parent, []):
                children[purl].add(part.purl)
    version = re.search(r'^version = "([^"]+)"', (ROOT / "pyproject.toml").read_text(encoding="utf-8"), re.MULTILINE)
    licences = _licences()
    whole = "\n".join(f"{part.pin} {sorted(part.hashes)}" for part in parts)
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, whole)}",
        "version": 1,
        "metadata": {
            "timestamp": datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "component": {
                "type": "application",
                "bom-ref": "onemap",
                "name": "onemap-planning",
                "version": version.group(1) if version else "",
                "licenses": [{"license": {"id": "GPL-3.0-or-later"}}],
            },
        },
        "components": [_component(part, name, licences) for name in lists for part in lists[name]],
        "dependencies": [{"ref": ref, "dependsOn": sorted(dependencies)} for ref, dependencies in children.items()],
    }


def _component(part: Part, name_of_list: str, licences: dict) -> dict:
    """A part after CycloneDX. Packages that make the core faster, or set it up, are optional."""
    component: dict = {
        "type": "library" if name_of_list not in TOOLS else "application",
        "bom-ref": part.purl,
        "name": part.name,
        "version": part.version,
        "scope": "required" if name_of_list == "core" else "optional",
        "purl": part.purl,
    }
    if part.name in licences:
        component["licenses"] = [{"license": {"name": licences[part.name]}}]
    condition = condition_of(part.targets)
    if condition:
        component["properties"] = [{"name": "onemap:condition", "value": condition}]
    return component


def _licences() -> dict:
    """Licences by package, from the page of the licences that libraries declare."""
    text = (ROOT / "docs" / "licences.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (\S+) \| (.+) \|$", text, re.MULTILINE)
    return {re.sub(r"[-_.]+", "-", name).lower(): licence for name, licence in rows}


def _names_below(file: str, parts: Sequence) -> set:
    """The packages that a list requires, directly or through others."""
    names = {part.name for part in parts if any(parent.endswith(f"/{file}") for parent in part.parents)}
    while True:
        more = {part.name for part in parts if part.parents & names} - names
        if not more:
            return names
        names |= more


def _hash_lines(part: Part) -> list:
    lines = [f"    --hash=sha256:{one}" for one in sorted(part.hashes)]
    return [f"{line} \\" for line in lines[:-1]] + lines[-1:]
