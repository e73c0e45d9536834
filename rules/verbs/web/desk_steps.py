"""The steps of a review as forms send them: the steps, their fields, and their files."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from starlette.datastructures import UploadFile
from starlette.requests import Request

from onemap.layers.errors import OneMapError
from onemap.layers.finite_json import read_json
from onemap.layers.sources.redline.redline_text import CORNERS_FILE

OVERRIDING = "override"
OPINION_STEPS = ("opine", "sign", "return", "extend", OVERRIDING)
CASE_STEPS = ("circulate", "extend", "revise", "remedy", "consolidate", "notice", "close", "issue", "withdraw")
COMMENT_STEPS = ("respond", "erase")
DECIDING = ("consolidate", "issue")  # the steps that take a conclusion
WITH_PARCELS = ("open", "revise")  # the steps that take parcels: a file, or corners that were drawn or typed
ITEM = "answer."  # before the name of a checklist item
LEFT_OUT = "withhold."  # before the code of what a public notice does not show
_WITH_PAPERS = ("open", "opine")
_PARCEL_FIELDS = ("crs", "layer", "id", "land_width")
_FIELDS = {
    "open": ("project", *_PARCEL_FIELDS),
    "opine": ("conclusion", "text", "basis"),
    "sign": ("reason", "unanswered"),
    "return": ("reason",),
    "extend": ("days", "reason"),
    OVERRIDING: ("verdict", "reason"),
    "circulate": ("reason",),
    "revise": ("reason", *_PARCEL_FIELDS),
    "remedy": (),
    "consolidate": ("conclusion", "reason"),
    "notice": ("days", "reason"),
    "close": ("reason",),
    "respond": ("comment", "notice", "text"),
    "erase": ("comment", "notice", "reason"),
    "issue": ("conclusion", "reason"),
    "withdraw": ("reason",),
}
_FILE_NAME = re.compile(r"(?![\s.~-])[^/\\\x00-\x1f:*?\"<>|]{1,121}")
_MOST_NAME = 255  # bytes, of which a Chinese character takes three: no disk keeps more
_MOST_FIELDS, MOST_FILES = 200, 11
MOST_TEXT = 100_000  # bytes of one field


@dataclass(frozen=True)
class SentForm:
    """A form as it was sent. files: the name and content of each file, by field."""

    typed: dict[str, str]
    files: dict[str, list[tuple[str, bytes]]]


async def sent_form(request: Request, most: int = _MOST_FIELDS) -> SentForm:
    """Read a form within limits; a file field without a chosen file is left out. most: the number of fields."""
    fields: dict[str, str] = {}
    files: dict[str, list[tuple[str, bytes]]] = {}
    async with request.form(max_files=MOST_FILES, max_fields=most, max_part_size=MOST_TEXT) as form:
        for name, value in form.multi_items():
            if not isinstance(value, UploadFile):
                fields[name] = value
            elif value.filename:
                files.setdefault(name, []).append((Path(value.filename).name, await value.read()))
    return SentForm(fields, files)


def says_what_was_shown(fields: Mapping[str, str]) -> bool:
    """Whether a form has the revision of the case on its page; otherwise it is not known what its sender saw."""
    return re.fullmatch("[0-9]{1,9}", fields.get("expect", "")) is not None


def step_values(step: str, fields: Mapping[str, str]) -> dict[str, Any]:
    """The values of a step's verb from a form's fields; empty fields are left out."""
    values: dict[str, Any] = {name: fields[name].strip() for name in _FIELDS[step] if fields.get(name, "").strip()}
    if step == "opine":
        answers = [f"{name.removeprefix(ITEM)}={fields[name]}" for name in fields if name.startswith(ITEM)]
        values["answer"] = [answer for answer in answers if answer.partition("=")[2].strip()]
    if step == "notice":
        values["withhold"] = [name.removeprefix(LEFT_OUT) for name in fields if name.startswith(LEFT_OUT)]
    if step == OVERRIDING:
        values |= _finding_of(fields.get("finding", ""))
    if says_what_was_shown(fields) and step != "open":
        values["expect"] = int(fields["expect"])
    return values


def _finding_of(text: str) -> dict[str, str]:
    """Parcel, rule and verdict of the chosen finding; empty if none was chosen, which the verb then refuses."""
    try:
        parcel, rule, before = read_json(text)
    except (ValueError, TypeError):
        return {}
    return {"parcel": str(parcel), "rule": str(rule), "before": str(before)}


def written_files(step: str, form: SentForm, folder: Path) -> dict[str, Any]:
    """Write the files of a step, each to a folder of its own; return them as the values of the step's verb.

    Raises OneMapError web.no_file, web.parcels_twice.
    """
    values: dict[str, Any] = {}
    if step in WITH_PARCELS:
        values["parcels"] = _write_file(folder / "parcels", *_sent_parcels(form))
    papers = form.files.get("attach", []) if step in _WITH_PAPERS else []
    if papers:
        values["attach"] = [_write_file(folder / str(number), *paper) for number, paper in enumerate(papers)]
    return values


def _sent_parcels(form: SentForm) -> tuple[str, bytes]:
    """Name and content of the parcels: the chosen file, or the drawn or typed corners."""
    files, corners = form.files.get("parcels", []), form.typed.get("corners", "").strip()
    if corners and files:
        raise OneMapError("web.parcels_twice")
    if corners:
        return CORNERS_FILE, corners.encode()
    if len(files) != 1:
        raise OneMapError("web.no_file")
    return files[0]


def _write_file(folder: Path, name: str, body: bytes) -> str:
    if not body or not _FILE_NAME.fullmatch(name) or len(name.encode()) > _MOST_NAME:
        raise OneMapError("web.no_file")
    folder.mkdir()
    (folder / name).write_bytes(body)
    return str(folder / name)
