"""A bundle's Python, fetched by uv: packages made here in the layout of those that uv fetches."""

import hashlib
import json
import os
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
CODE = """
import sys
from pathlib import Path
sys.path.insert(0, "resources")
from workshop import bundle
print(bundle.fetch_interpreter(Path(sys.argv[1]), sys.argv[2], "3.12"))
"""
# What such a package holds at its least, and what uv calls it.
KINDS = {
    "win_amd64": (("python.exe", "Lib/os.py"), "cpython-3.12.99-windows-x86_64-none", "windows", "x86_64", "none"),
    "macos_arm64": (
        ("bin/python3.12", "lib/python3.12/os.py", "lib/python3.12/_sysconfigdata__darwin_darwin.py"),
        "cpython-3.12.99-macos-aarch64-none",
        "macos",
        "aarch64",
        "none",
    ),
}


def pack_python(folder: Path, system: str) -> Path:
    """A package in uv's list of Pythons, and that list, which is given back."""
    files, key, name, machine, libc = KINDS[system]
    for file in files:
        (folder / "python" / file).parent.mkdir(parents=True, exist_ok=True)
        (folder / "python" / file).write_text(
            "# system configuration generated and used by the sysconfig module\nbuild_time_vars = {}\n",
            encoding="utf-8",
        )
    archive = folder / "cpython-3.12.99+20990101-install_only_stripped.tar.gz"
    with tarfile.open(archive, "w:gz") as package:
        package.add(folder / "python", "python")
    facts = {"name": "cpython", "arch": {"family": machine, "variant": None}, "os": name, "libc": libc, "major": 3}
    facts |= {"minor": 12, "patch": 99, "prerelease": "", "url": archive.as_uri(), "variant": None}
    listed = folder / "pythons.json"
    digest = hashlib.sha256(archive.read_bytes()).hexdigest()
    listed.write_text(json.dumps({key: {**facts, "sha256": digest}}), encoding="utf-8")
    return listed


def fetch_python(target: Path, system: str, listed: Path) -> subprocess.CompletedProcess:
    command = [sys.executable, "-c", CODE, str(target), system]
    env = {**os.environ, "UV_PYTHON_DOWNLOADS_JSON_URL": str(listed), "UV_HTTP_RETRIES": "0"}
    return subprocess.run(command, cwd=ROOT, env=env, capture_output=True, encoding="utf-8", check=True)


@pytest.mark.parametrize("system", KINDS)
def test_the_python_of_another_system_lies_packed_in_the_bundle(tmp_path, system):
    listed = pack_python(tmp_path, system)
    done = fetch_python(tmp_path / "bundle", system, listed)
    assert done.stdout.splitlines()[-1] == "True", done.stderr
    (archive,) = (tmp_path / "bundle" / "python").iterdir()
    with tarfile.open(archive) as package:
        assert f"python/{KINDS[system][0][0]}" in package.getnames()


@pytest.mark.parametrize(
    ("key", "value", "words"),
    [
        ("sha256", "0" * 64, "The bundle is made without a Python"),
        ("url", "http://127.0.0.1:9/python.tar.gz", "QGIS's own, or one from python.org, must be 3.12"),
    ],
)
def test_with_another_hash_or_no_answer_the_bundle_goes_on_without_a_python_and_says_so(tmp_path, key, value, words):
    listed = pack_python(tmp_path, "win_amd64")
    facts = json.loads(listed.read_text())
    (entry,) = facts.values()
    entry[key] = value
    listed.write_text(json.dumps(facts), encoding="utf-8")
    done = fetch_python(tmp_path / "bundle", "win_amd64", listed)
    assert done.stdout.splitlines()[-1] == "False"
    assert words in done.stderr
    assert not (tmp_path / "bundle" / "python").exists()
