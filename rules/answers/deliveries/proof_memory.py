"""The memory of proofs, by the content that each check has read: unchanged content need not be checked again."""

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import shapely

from onemap.layers.errors import OneMapError, Problem
from onemap.layers.files.atomic_output import atomic_output
from onemap.layers.software import software_versions
from onemap.rules.answers.deliveries.delivery_template import Check, DeliveryTemplate
from onemap.rules.answers.deliveries.proof_findings import Finding

Run = tuple[int, Sequence[Finding]]  # at how many objects a check has looked, and what it has found
_FORM, _EDITION = "onemap proof memory", 1
_NO_KEY = ""  # of a check that is always run
_PROBLEM, _TUPLE = "problem", "tuple"


@dataclass(frozen=True)
class SourceMemory:
    """One layer of a database. code: None if the template has no such layer; hash: of its content."""

    path: str
    name: str
    code: str | None
    is_named_exactly: bool
    hash: str

    @property
    def whole_hash(self) -> str:
        """The hash of the layer's content, its path and its name."""
        parts = (self.path, self.name, self.code or "", str(self.is_named_exactly), self.hash)
        return hashlib.sha256("\0".join(parts).encode("utf-8", "replace")).hexdigest()


@dataclass(frozen=True)
class ReadingMemory:
    """What was read from a delivery's databases.

    files: the hash of each by its path; plane: as WKT; unread, lost: as `source_layers` returns them.
    """

    files: Mapping[str, str]
    sources: Sequence[SourceMemory]
    plane: str
    unread: Sequence[Finding]
    lost: frozenset[str]


@dataclass
class ProofMemory:
    """The memory of the last proof, and what the running proof adds to its own.

    A check whose template, program and content are unchanged keeps its findings. before: by check, the key of what it
    read and its findings, None if it could not run; was_there: whether there was an earlier proof; is_asked: whether
    the memory will be written, so that content is hashed; renewed: how many checks were run.
    """

    template: DeliveryTemplate
    before: Mapping[str, tuple[str, Run | None]] = field(default_factory=dict)
    reading_before: ReadingMemory | None = None
    was_there: bool = False
    is_asked: bool = True
    renewed: int = 0
    reading: ReadingMemory | None = None
    _now: dict[str, tuple[str, Run | None]] = field(default_factory=dict)

    def recall(self, check: Check, content: Iterable[str], run: Callable[[], Run | None]) -> Run | None:
        """The findings of a check: remembered if it would read the same content, else by running it."""
        key = hashlib.sha256("\0".join(content).encode("utf-8", "replace")).hexdigest()
        remembered = self.before.get(check.id)
        if remembered is not None and remembered[0] == key:
            self._now[check.id] = remembered
            return remembered[1]
        return self.renew(check, run(), key)

    def renew(self, check: Check, run: Run | None, key: str = _NO_KEY) -> Run | None:
        """Record the findings of a check that was run."""
        self.renewed += 1
        self._now[check.id] = key, run
        return run

    def changes(self) -> dict[str, int]:
        """How many checks were run, and how many earlier findings are gone and how many are new, by their hashes."""
        before, now = (
            Counter((check, one.hash) for check, (_, run) in runs.items() if run is not None for one in run[1])
            for runs in (self.before, self._now)
        )
        return {"proved": self.renewed, "gone": (before - now).total(), "new": (now - before).total()}

    def write(self, path: Path) -> None:
        """Write the memory for the next proof, whole or not at all. Raises OneMapError out.…."""
        reading = self.reading
        content = {
            "program": software_versions(),
            "template": self.template.hash,
            "reading": None
            if reading is None
            else {
                "files": dict(reading.files),
                "sources": [asdict(source) for source in reading.sources],
                "plane": reading.plane,
                "unread": [_finding_record(one) for one in reading.unread],
                "lost": sorted(reading.lost),
            },
            "checks": {
                check: [key, None if run is None else [run[0], [_finding_record(one) for one in run[1]]]]
                for check, (key, run) in self._now.items()
            },
        }
        body = json.dumps(content, ensure_ascii=False)
        head = {"form": _FORM, "edition": _EDITION, "sha256": hashlib.sha256(body.encode()).hexdigest()}
        with atomic_output(path, overwrite=True, field="--again") as new_file:
            new_file.write_text(f"{json.dumps(head)}\n{body}\n", encoding="utf-8")


def read_memory(path: Path, template: DeliveryTemplate) -> ProofMemory:
    """Read the memory of a proof; empty if there is none, or it is of another template or program.

    Raises OneMapError proof.memory_form for another or a damaged file, which must not be overwritten.
    """
    try:
        head_text, _, body = path.read_text(encoding="utf-8").partition("\n")
        head, body = json.loads(head_text), body.removesuffix("\n")
        if not isinstance(head, dict) or head.get("form") != _FORM:
            raise OneMapError("proof.memory_form", file=path.name)
        if head.get("edition") != _EDITION:
            return ProofMemory(template)
        if head.get("sha256") != hashlib.sha256(body.encode()).hexdigest():
            raise OneMapError("proof.memory_form", file=path.name)
        content = json.loads(body)
    except FileNotFoundError:
        return ProofMemory(template)
    except (OSError, ValueError):
        raise OneMapError("proof.memory_form", file=path.name) from None
    if (content["program"], content["template"]) != (software_versions(), template.hash):
        return ProofMemory(template)
    checks = {check.id: check for check in template.checks}
    before: dict[str, tuple[str, Run | None]] = {}
    for name, (key, run) in content["checks"].items():
        findings = None if run is None else [_finding(checks, record) for record in run[1]]
        before[name] = key, None if findings is None else (run[0], findings)
    return ProofMemory(template, before, _reading_memory(checks, content["reading"]), was_there=True)


def _reading_memory(checks: Mapping[str, Check], record: Mapping[str, Any] | None) -> ReadingMemory | None:
    if record is None:
        return None
    return ReadingMemory(
        files=record["files"],
        sources=[SourceMemory(**source) for source in record["sources"]],
        plane=record["plane"],
        unread=[_finding(checks, one) for one in record["unread"]],
        lost=frozenset(record["lost"]),
    )


def _finding_record(finding: Finding) -> dict[str, Any]:
    ground = None if finding.ground is None else shapely.to_wkb(finding.ground, hex=True)
    problem = _plain(finding.problem)
    return {**vars(finding), "check": finding.check.id, "problem": problem, "ground": ground}


def _finding(checks: Mapping[str, Check], record: Mapping[str, Any]) -> Finding:
    ground, point = record["ground"], record["point"]
    read = {
        "check": checks[record["check"]],
        "problem": _fact(record["problem"]),
        "ground": None if ground is None else shapely.from_wkb(ground),
        "point": None if point is None else tuple(point),
    }
    return Finding(**{**record, **read})


def _plain(value: Any) -> Any:
    """A fact as JSON, with problems and tuples marked. Raises TypeError for values that no fact has."""
    if isinstance(value, Problem):
        return {"is": _PROBLEM, "code": value.code, "facts": {name: _plain(one) for name, one in value.facts.items()}}
    if isinstance(value, tuple):
        return {"is": _TUPLE, "values": [_plain(one) for one in value]}
    if isinstance(value, list):
        return [_plain(one) for one in value]
    if isinstance(value, Mapping):
        return {"is": "", "values": {name: _plain(one) for name, one in value.items()}}
    if isinstance(value, np.generic):
        return value.item()
    if value is None or isinstance(value, (str, int, float)):
        return value
    raise TypeError(f"a fact of {type(value).__name__}")


def _fact(value: Any) -> Any:
    """A fact read back from its JSON."""
    if isinstance(value, list):
        return [_fact(one) for one in value]
    if not isinstance(value, dict):
        return value
    if value["is"] == _PROBLEM:
        return Problem(value["code"], {name: _fact(one) for name, one in value["facts"].items()})
    if value["is"] == _TUPLE:
        return tuple(_fact(one) for one in value["values"])
    return {name: _fact(one) for name, one in value["values"].items()}
