"""The packages that the plugin installs: pinned by hash for every system, within the ranges, and listed as parts."""

import json
import re
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

import pytest
from packaging.markers import Marker
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / "resources" / "requirements"
LISTS = ("core", "fast", "pip", "uv")
PYTHONS = ("3.11", "3.12", "3.13", "3.14")
# What Python itself says on each system, as its documentation has it.
SYSTEMS = {
    "win_amd64": {"sys_platform": "win32", "platform_machine": "AMD64", "os_name": "nt", "platform_system": "Windows"},
    "macos_arm64": {"sys_platform": "darwin", "platform_machine": "arm64", "platform_system": "Darwin"},
    "macos_x86_64": {"sys_platform": "darwin", "platform_machine": "x86_64", "platform_system": "Darwin"},
    "linux_x86_64": {"sys_platform": "linux", "platform_machine": "x86_64", "platform_system": "Linux"},
    "linux_aarch64": {"sys_platform": "linux", "platform_machine": "aarch64", "platform_system": "Linux"},
}
COMMON = {"os_name": "posix", "implementation_name": "cpython", "platform_python_implementation": "CPython"}
TARGETS = {
    (system, python): {**COMMON, **facts, "python_version": python, "python_full_version": f"{python}.0", "extra": ""}
    for system, facts in SYSTEMS.items()
    for python in PYTHONS
    if (system, python) != ("macos_x86_64", "3.14")  # rasterio has no wheel there
}


def pins(name: str) -> list[tuple[Requirement, set[str]]]:
    """The lines of a list, as pip reads them, each with its hashes."""
    text = re.sub(r"\\\n", " ", (FOLDER / f"{name}.lock.txt").read_text(encoding="utf-8"))
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    return [
        (Requirement(line.partition("--hash")[0]), set(re.findall(r"--hash=sha256:([0-9a-f]{64})\b", line)))
        for line in lines
    ]


def ranges(*names: str) -> list[Requirement]:
    lines = [line for name in names for line in (FOLDER / f"{name}.txt").read_text(encoding="utf-8").splitlines()]
    return [Requirement(line) for line in lines if line and not line.startswith("#")]


def versions_on(facts: dict, *names: str) -> dict[str, list[str]]:
    """The versions that lists install on a system and a Python, by name."""
    found: dict[str, list[str]] = {}
    for name in names:
        for requirement, _ in pins(name):
            if requirement.marker is None or requirement.marker.evaluate(facts):
                found.setdefault(canonicalize_name(requirement.name), []).append(version_of(requirement))
    return found


def version_of(requirement: Requirement) -> str:
    (one,) = requirement.specifier
    assert one.operator == "=="
    return one.version


def parts() -> dict:
    return json.loads((FOLDER / "parts.cdx.json").read_text(encoding="utf-8"))


def test_every_line_is_one_version_with_hashes_and_no_address():
    for name in LISTS:
        assert [str(requirement) for requirement, hashes in pins(name) if not hashes or requirement.url] == []
        assert "://" not in (FOLDER / f"{name}.lock.txt").read_text(encoding="utf-8")
    assert "://" not in (FOLDER / "parts.cdx.json").read_text(encoding="utf-8")
    assert [version_of(requirement) for name in ("pip", "uv") for requirement, _ in pins(name)]


@pytest.mark.parametrize("target", TARGETS, ids="-".join)
def test_each_system_and_python_gets_one_version_of_each_package_within_its_range(target):
    facts = TARGETS[target]
    found = versions_on(facts, "core", "fast")
    assert {name: versions for name, versions in found.items() if len(versions) != 1} == {}
    for requirement in ranges("core", "fast"):
        versions = found.get(canonicalize_name(requirement.name), [])
        if requirement.marker is None or requirement.marker.evaluate(facts):
            assert versions and versions[0] in requirement.specifier, f"{requirement}: python3 build.py lock"
        else:
            assert versions == [], requirement


@pytest.mark.parametrize("target", TARGETS, ids="-".join)
def test_what_the_packages_ask_for_in_their_turn_is_pinned_too(target):
    """By what the packages that are installed here declare themselves; they are those of the lists."""
    facts = TARGETS[target]
    found = versions_on(facts, "core", "fast")
    lacking, seen = [], 0
    for name, (version,) in found.items():
        try:
            installed = distribution(name)
        except PackageNotFoundError:
            continue
        if installed.version != version:
            continue
        seen += 1
        for needed in map(Requirement, installed.requires or []):
            if needed.marker is None or needed.marker.evaluate(facts):
                versions = found.get(canonicalize_name(needed.name), [])
                if not (versions and versions[0] in needed.specifier):
                    lacking.append(f"{name} {version} asks for {needed}, pinned is {versions}")
    assert lacking == []
    assert seen > 20, "the environment of the tests has other versions than the lists"


def test_the_versions_are_those_that_the_tests_passed_with_but_where_a_system_has_no_wheel():
    lines = (FOLDER / "lock.txt").read_text(encoding="utf-8").splitlines()
    tested = {canonicalize_name(line.partition("==")[0]): line.partition("==")[2] for line in lines if "==" in line}
    other = [
        requirement
        for name in ("core", "fast")
        for requirement, _ in pins(name)
        if version_of(requirement) != tested[canonicalize_name(requirement.name)]
    ]
    intel = "sys_platform == 'darwin' and platform_machine == 'x86_64'"
    assert [str(one) for one in other if one.marker != Marker(intel)] == []


def test_the_list_of_parts_has_the_form_of_cyclonedx_and_one_part_for_each_line():
    listed = parts()
    assert (listed["bomFormat"], listed["specVersion"], listed["version"]) == ("CycloneDX", "1.6", 1)
    assert re.fullmatch(r"urn:uuid:[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", listed["serialNumber"])
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", listed["metadata"]["timestamp"])
    version = re.search(r'^version = "([^"]+)"', (ROOT / "pyproject.toml").read_text(encoding="utf-8"), re.MULTILINE)
    assert listed["metadata"]["component"]["version"] == version.group(1), "renew it: python3 build.py lock"
    for part in listed["components"]:
        assert part["type"] in ("library", "application") and part["scope"] in ("required", "optional")
        assert part["purl"] == part["bom-ref"] == f"pkg:pypi/{part['name']}@{part['version']}"
    conditions = {
        (part["name"], part["version"]): next((one["value"] for one in part.get("properties", [])), None)
        for part in listed["components"]
    }
    assert len(conditions) == len(listed["components"])
    lines = [requirement for name in LISTS for requirement, _ in pins(name)]
    assert conditions.keys() == {(line.name, version_of(line)) for line in lines}
    for line in lines:
        condition = conditions[line.name, version_of(line)]
        assert (condition and Marker(condition)) == line.marker


def test_the_list_of_parts_says_what_asks_for_what_and_leaves_nobody_out():
    listed = parts()
    asked = {one["ref"]: one["dependsOn"] for one in listed["dependencies"]}
    assert asked.keys() == {"onemap", *(part["bom-ref"] for part in listed["components"])}
    direct = {ref.partition("/")[2].partition("@")[0] for ref in asked["onemap"]}
    assert direct == {canonicalize_name(one.name) for one in ranges("core", "fast")} | {"pip", "uv"}
    reached, waiting = set(), ["onemap"]
    while waiting:
        ref = waiting.pop()
        if ref not in reached:
            reached.add(ref)
            waiting += asked[ref]
    assert reached == asked.keys()


def test_the_licences_of_the_parts_are_those_of_the_page():
    rows = re.findall(r"^\| (\S+) \| (.+) \|$", (ROOT / "docs/licences.md").read_text(encoding="utf-8"), re.MULTILINE)
    page = {canonicalize_name(name): licence for name, licence in rows}
    licences = {
        part["name"]: part["licenses"][0]["license"]["name"] for part in parts()["components"] if "licenses" in part
    }
    assert {name: licence for name, licence in licences.items() if page[name] != licence} == {}
    assert {part["name"] for part in parts()["components"]} - licences.keys() == {"pip", "uv"}  # the core has neither
