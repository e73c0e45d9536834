"""Debian and Ubuntu: the QGIS that the distribution offers, from the mirror that the machine uses."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from pathlib import Path

from workshop.machine import WorkshopError, answer, has, is_root, run, run_or_explain, say

OLDEST_QGIS = (3, 40)
# xvfb and xdotool press the plugin's buttons in tests; the font writes Chinese on maps and screenshots.
QGIS_PACKAGES = [
    "qgis",
    "python3-qgis",
    "qgis-providers",
    "python3-venv",
    "xvfb",
    "xauth",
    "xdotool",
    "fonts-noto-cjk",
]
BACKPORTS = Path("/etc/apt/sources.list.d/onemap-backports.sources")
KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")


def is_here() -> bool:
    """Whether this machine installs its packages with apt."""
    return has("apt-get") and has("dpkg")


def install(packages: Sequence[str], purpose: str, release: str | None = None) -> bool:
    """Install packages of the distribution; False where apt or the rights are missing."""
    if not is_here() or not is_root():
        return False
    say(f"Installing {purpose} with apt-get, which may take some minutes: {', '.join(packages)}")
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    # A run that was cut off in the middle leaves packages unpacked; this ends it, and does nothing otherwise.
    run(["dpkg", "--configure", "-a"], env=environment)
    options = ["-o", "Acquire::Retries=2", "-o", "DPkg::Lock::Timeout=300", "-o", "Dpkg::Use-Pty=0"]
    target = ["-t", release] if release else []
    run_or_explain(
        ["apt-get", "install", "-y", "-q", "--no-install-recommends", *options, *target, *packages],
        f"install {purpose}",
        "Read apt's words above, mend what they name, then run the same command again.",
        env=environment,
        shown=r"^(Need to get|After this operation|W:|E:)",
    )
    return True


def install_qgis() -> str | None:
    """Install QGIS 3.40 or later where this machine may; else the exact step that a person has to take."""
    if not is_here():
        return None
    names, backports = " ".join(QGIS_PACKAGES), f"{_codename()}-backports"
    if not is_root():
        return (
            "this needs rights that you have not: run `sudo python3 build.py test` once, or let an "
            f"administrator install the packages {names}, QGIS from {backports} if the release's own is "
            "older than 3.40"
        )
    say("Asking apt what QGIS it can install")
    _update()
    release = None
    if _offered_qgis() < OLDEST_QGIS:
        if _codename() != "bookworm":
            return (
                "this system offers no QGIS from 3.40: follow qgis.org's page on installing for Debian and "
                "Ubuntu, then run the same command again"
            )
        _add_backports(backports)
        release = backports
    install(QGIS_PACKAGES, "QGIS and what its tests need", release)
    return None


def _update() -> None:
    # Any source of this machine may be broken without harm to us: if ours is, the installation says so.
    run(["apt-get", "update", "-q", "-o", "Acquire::Retries=2"])


def _offered_qgis() -> tuple:
    policy = answer(["apt-cache", "policy", "qgis"], env={**os.environ, "LC_ALL": "C"}) or ""
    candidate = re.search(r"Candidate: (?:\d+:)?(\d+)\.(\d+)", policy)
    return tuple(int(number) for number in candidate.groups()) if candidate else (0, 0)


def _add_backports(name: str) -> None:
    """Name the backports of this release as a source, at the mirror that this machine already uses."""
    known = answer(["apt-get", "indextargets", "--format", "$(CODENAME) $(REPO_URI)", "Created-By: Packages"])
    mirrors = dict(reversed([line.split(" ", 1) for line in (known or "").splitlines() if " " in line]))
    if name in mirrors:
        return
    mirror = mirrors.get(_codename())
    if mirror is None:
        raise WorkshopError(
            f"apt knows no mirror of {_codename()}. Add one to /etc/apt, then run the same command again."
        )
    say(f"Adding {name} from {mirror} as {BACKPORTS}")
    lines = ["Types: deb", f"URIs: {mirror}", f"Suites: {name}", "Components: main"]
    if KEYRING.exists():
        lines.append(f"Signed-By: {KEYRING}")
    BACKPORTS.write_text("\n".join(lines) + "\n", encoding="ascii")
    _update()


def _codename() -> str:
    release = Path("/etc/os-release")
    text = release.read_text(encoding="utf-8") if release.exists() else ""
    found = re.search(r"^VERSION_CODENAME=\"?(\w+)", text, re.MULTILINE)
    return found.group(1) if found else ""
