"""Debian and Ubuntu: the QGIS that the distribution offers, from the mirror that the machine uses."""

from __future__ import annotations

import functools
import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from workshop.machine import WorkshopError, answer, has, is_ci, is_root, run, run_or_explain, say, warn

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
TEST_SERVER_PACKAGES = ["postgresql-postgis"]  # of whichever release the distribution has
# Programs that tests of documents open what was written with: program → package. Each is skipped where it is absent.
TEST_PROGRAMS = {"chromium": "chromium", "pdftotext": "poppler-utils", "soffice": "libreoffice-writer-nogui"}
# What would serve on a machine from then on is installed only where the machine is thrown away, and as the last.
SERVING_PROGRAMS = {"nginx": "nginx-light"}
# QGIS's own server, for tests of services: its rooms, all of the release of the QGIS that is here.
MAP_SERVER_PACKAGES = [f"qgis-server-{room}" for room in ("common", "bin", "wms", "wmts", "wfs", "wfs3")]
MAP_SERVER = Path("/usr/lib/qgis/server/libwfs3.so")
SHOWN_OF_APT = r"^(Need to get|After this operation|W:|E:)"
BACKPORTS = Path("/etc/apt/sources.list.d/onemap-backports.sources")
KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")


def is_here() -> bool:
    """Whether this machine installs its packages with apt."""
    return has("apt-get") and has("dpkg")


def install(packages: Sequence[str], purpose: str, release: str | None = None) -> bool:
    """Install packages of the distribution; False if apt or the rights are missing."""
    if not is_here() or not is_root():
        return False
    update_error = _update()
    say(f"Installing {purpose} with apt-get, which may take some minutes: {', '.join(packages)}")
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    # A run that was cut off in the middle leaves packages unpacked; this ends it, and does nothing otherwise.
    run(["dpkg", "--configure", "-a"], env=environment)
    options = ["-o", "Acquire::Retries=2", "-o", "DPkg::Lock::Timeout=300", "-o", "Dpkg::Use-Pty=0"]
    target = ["-t", release] if release else []
    command = ["apt-get", "install", "-y", "-q", "--no-install-recommends", *options, *target, *packages]
    mend = "Read apt's words above, mend what they name, then run the same command again."
    try:
        run_or_explain(command, f"install {purpose}", mend, env=environment, pattern=SHOWN_OF_APT)
    except WorkshopError as error:
        raise update_error or error from error
    return True


def install_qgis() -> str | None:
    """Install QGIS 3.40 or later if this machine allows it; otherwise return the exact step for a person."""
    if not is_here():
        return None
    if not is_root():
        return f"to install it takes an administrator: {_commands()}"
    say("Asking apt what QGIS it can install")
    _update()
    release = None
    if _offered_qgis() < OLDEST_QGIS:
        if _codename() != "bookworm":
            return (
                "this system offers no QGIS from 3.40: follow qgis.org's page on installing for Debian and "
                "Ubuntu, then run the same command again"
            )
        release = f"{_codename()}-backports"
        _add_backports(release)
    install(QGIS_PACKAGES, "QGIS and what its tests need", release)
    return None


def install_for_tests() -> None:
    """Install what tests use: a database server, programs that read documents, a map server, a web server."""
    install_test_server()
    _install_test_programs(TEST_PROGRAMS, "programs that tests read documents with")
    _install_map_server()
    if is_ci():
        _install_test_programs(SERVING_PROGRAMS, "a web server, which tests start for themselves")


def install_test_server() -> None:
    """Install the PostgreSQL with PostGIS that tests start for themselves; without rights these tests are skipped."""
    if any(Path("/usr/share/postgresql").glob("*/extension/postgis.control")) or not (is_here() and is_root()):
        return
    try:
        install(TEST_SERVER_PACKAGES, "a PostgreSQL with PostGIS, which tests start for themselves")
    except WorkshopError as error:
        warn(f"{error} The tests that need it will be skipped.")


def _install_test_programs(programs: Mapping[str, str], purpose: str) -> None:
    """Install packages by the programs that tests use of them; without rights these tests are skipped."""
    missing = [package for program, package in programs.items() if not has(program)]
    if not missing or not (is_here() and is_root()):
        return
    try:
        install(missing, purpose)
    except WorkshopError as error:
        warn(f"{error} The tests that need them will be skipped.")


def _install_map_server() -> None:
    """Install the server of this QGIS, which tests of services start; without rights these tests are skipped."""
    version = answer(["dpkg-query", "-W", "-f", "${Version}", "python3-qgis"]) if is_here() else None
    if not version or MAP_SERVER.exists() or not is_root():
        return
    try:
        packages = [f"{package}={version.strip()}" for package in MAP_SERVER_PACKAGES]
        install(packages, "QGIS Server, which tests of services start for themselves")
    except WorkshopError as error:
        warn(f"{error} The tests that need it will be skipped.")


def _commands() -> str:
    """The commands with which an administrator installs QGIS."""
    names = " ".join(QGIS_PACKAGES)
    install_command = "sudo apt-get install --no-install-recommends"
    if _offered_qgis() >= OLDEST_QGIS:
        return f"`{install_command} {names}`"
    if _codename() != "bookworm":
        return "follow qgis.org's page on installing for Debian and Ubuntu"
    return (
        "add bookworm-backports to the sources of apt (backports.debian.org says how), then "
        f"`sudo apt-get update && {install_command} -t bookworm-backports {names}`"
    )


def _update() -> WorkshopError | None:
    """Fetch the lists of packages, which a fresh machine lacks; an error is returned, not raised."""
    return _update_once(BACKPORTS.exists())


@functools.cache
def _update_once(_with_backports: bool) -> WorkshopError | None:
    # Once a run, and once more when a source was added, which the parameter tells the cache.
    # Some other source of this machine may be broken without harm to us: if ours is, the installation fails.
    options = ["-o", "Acquire::Retries=2", "-o", "APT::Update::Error-Mode=any"]
    try:
        mend = "Read apt's words above, mend what they name, then run the same command again."
        run_or_explain(["apt-get", "update", "-q", *options], "fetch the lists of packages", mend, pattern="^[WE]:")
    except WorkshopError as error:
        return error
    return None


def _offered_qgis() -> tuple:
    policy = answer(["apt-cache", "policy", "qgis"], env={**os.environ, "LC_ALL": "C"}) or ""
    candidate = re.search(r"Candidate: (?:\d+:)?(\d+)\.(\d+)", policy)
    return tuple(int(number) for number in candidate.groups()) if candidate else (0, 0)


def _add_backports(name: str) -> None:
    """Add the backports of this release as a source, at the mirror that this machine already uses."""
    # Others publish for the same release too: the mirror is the one that carries Debian's own "main".
    form = "$(CODENAME) $(REPO_URI) $(ORIGIN) $(COMPONENT)"
    targets_text = answer(["apt-get", "indextargets", "--format", form, "Created-By: Packages"]) or ""
    targets = targets_text.splitlines()
    if any(target.startswith(f"{name} ") for target in targets):
        return
    own = [target.split()[1] for target in targets if re.fullmatch(rf"{_codename()} \S+ Debian main", target)]
    if not own:
        raise _update() or WorkshopError(
            f"apt knows no mirror of {_codename()}. Add one to /etc/apt, then run the same command again."
        )
    mirror = own[0]
    say(f"Adding {name} from {mirror} as {BACKPORTS}")
    lines = ["Types: deb", f"URIs: {mirror}", f"Suites: {name}", "Components: main"]
    if KEYRING.exists():
        lines.append(f"Signed-By: {KEYRING}")
    BACKPORTS.write_text("\n".join(lines) + "\n", encoding="ascii")
    _update()


def _codename() -> str:
    release = Path("/etc/os-release")
    text = release.read_text(encoding="utf-8") if release.exists() else ""
    match = re.search(r"^VERSION_CODENAME=\"?(\w+)", text, re.MULTILINE)
    return match.group(1) if match else ""
