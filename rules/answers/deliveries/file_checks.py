"""Checks of a delivery's folders, names and formats, and of its list of files with their hashes."""

from collections.abc import Iterable, Iterator
from pathlib import Path, PurePosixPath

import openpyxl

from onemap.layers.delivery.delivery_forms import form_problems, number_problems, unread_reason
from onemap.layers.delivery.folder_template import FILES
from onemap.layers.errors import Problem
from onemap.layers.files.file_hashes import file_hash
from onemap.layers.sources import formats
from onemap.rules.answers.deliveries.delivered_folder import DeliveredFile, DeliveredFolder
from onemap.rules.answers.deliveries.delivery_template import Check
from onemap.rules.answers.deliveries.proof_findings import Finding, code_of_finding, first_of_each_code, with_hash

_LOCK = ".lock"  # of a database that somebody has open
_LIST_COLUMNS = 4  # number, file, bytes, SHA-256


def file_finding(check: Check, problem: Problem, path: str, place: Path | None = None) -> Finding:
    """A finding about a file; an exception for it holds only for the same content."""
    content = [file_hash(place)] if place is not None and place.is_file() else []
    return with_hash(Finding(check, problem, path), content)


def folder_findings(delivery: DeliveredFolder, check: Check) -> tuple[int, list[Finding]]:
    """Findings for missing, misnamed, misnumbered and superfluous files, and the number of files."""
    return len(delivery.files), list(first_of_each_code(_folder_findings(delivery, check), code_of_finding))


def _folder_findings(delivery: DeliveredFolder, check: Check) -> Iterator[Finding]:
    if not delivery.is_folder:
        yield file_finding(check, Problem("proof.partial", {"file": delivery.base.name}), delivery.base.name)
        return
    if not delivery.has_root:
        root = {"file": delivery.root_name, "forms": [delivery.template.root]}
        yield file_finding(check, Problem("proof.root", root), delivery.root_name)
    for folder in delivery.template.folders:
        name = delivery.folder_name(folder)
        own = [file for file in delivery.files if file.folder is folder]
        if not own and not (delivery.root / name).is_dir():
            if any(item.must_be_there for item in folder.items):
                yield file_finding(check, Problem("proof.folder_missing", {"file": name}), name)
            continue
        for file in own:
            if file.item is None:
                forms = [item.example_name(**delivery.values) for item in folder.items]
                yield file_finding(check, Problem("template.name", {"file": file.path, "forms": forms}), file.path)
        for item in folder.items:
            files = [file.place.name for file in own if file.item is item]
            if item.must_be_there and not files:
                path = f"{name}/{item.example_name(**delivery.values)}"
                yield file_finding(check, Problem("template.missing", {"file": path}), path)
            for problem in number_problems(files, item, delivery.values, name):
                yield file_finding(check, problem, name)
    for file in delivery.files:
        if file.folder is None and file.path != delivery.list_name:
            yield file_finding(check, Problem("proof.file_extra", {"file": file.path}), file.path)


def form_findings(delivery: DeliveredFolder, check: Check) -> tuple[int, list[Finding]]:
    """Findings for files whose content does not match their name, or that cannot be read; and the number of files."""
    findings = (one for file in delivery.files for one in _form_findings(file, check))
    return len(delivery.files), list(first_of_each_code(findings, code_of_finding))


def _form_findings(file: DeliveredFile, check: Check) -> Iterator[Finding]:
    suffix = file.place.suffix.lower()
    reason = formats.NO_DRIVER.get(suffix)
    if reason is None and suffix in formats.ARCHIVES:
        reason = Problem("suggest.archive_inside")
    if reason is None and file.item is not None and file.item.kind == FILES:
        problems = list(form_problems(file.place, file.item, file.path))
        reason = unread_reason(file.place, file.item)
        if reason is None:
            yield from (file_finding(check, problem, file.path, file.place) for problem in problems)
    if reason is not None:
        unread = Problem("proof.unread", {"file": file.path, "reason": reason})
        yield file_finding(check, unread, file.path, file.place)


def list_findings(delivery: DeliveredFolder, check: Check) -> tuple[int, list[Finding]]:
    """Differences between the list of files and the files; and the number of rows in the list."""
    if not delivery.is_folder:
        return 0, []
    name = delivery.list_name
    path = delivery.root / name
    if not path.is_file():
        return 0, [file_finding(check, Problem("proof.list_missing", {"file": name}), name)]
    rows = _list_rows(path)
    if rows is None:
        return 0, [file_finding(check, Problem("proof.list_form", {"file": name}), name, path)]
    return len(rows), list(first_of_each_code(_list_findings(delivery, check, rows), code_of_finding))


def _list_rows(path: Path) -> dict[str, str] | None:
    """The SHA-256 of each listed file; None if the file is not such a list."""
    try:
        book = openpyxl.load_workbook(path, read_only=True)
        rows = [row for row in book.worksheets[0].iter_rows(min_row=2, values_only=True) if any(row)]
        book.close()
    except Exception:  # noqa: BLE001 - whatever a file of somebody else may be
        return None
    if not all(len(row) >= _LIST_COLUMNS and isinstance(row[1], str) for row in rows):
        return None
    return {str(row[1]).replace("\\", "/"): str(row[3] or "").strip().lower() for row in rows}


def _list_findings(delivery: DeliveredFolder, check: Check, rows: dict[str, str]) -> Iterator[Finding]:
    """The differences; a database that is a folder counts as one problem, whichever of its parts differ."""
    there = {
        path.relative_to(delivery.root).as_posix(): path
        for file in delivery.files
        if file.place.is_relative_to(delivery.root)
        for path in (sorted(file.place.rglob("*")) if file.place.is_dir() else [file.place])
        if path.is_file() and path.suffix != _LOCK
    }
    listed_parts, present = _by_database(rows), _by_database(there)
    for name, parts in listed_parts.items():
        facts = {"file": name, "list": delivery.list_name}
        paths = [there[part] for part in present.get(name, ())]
        if not paths:
            yield file_finding(check, Problem("proof.list_absent", facts), name)
        elif parts != present[name] or any(file_hash(there[part]) != rows[part] for part in parts):
            one = Finding(check, Problem("proof.list_hash", facts), name)
            yield with_hash(one, [f"{path.name} {file_hash(path)}" for path in paths])
    for name, parts in present.items():
        if name not in listed_parts and name != delivery.list_name:
            one = Finding(check, Problem("proof.list_extra", {"file": name, "list": delivery.list_name}), name)
            yield with_hash(one, [f"{there[part].name} {file_hash(there[part])}" for part in parts])


def _by_database(names: Iterable[str]) -> dict[str, set[str]]:
    """Files by their own names; the parts of a folder that is a database by the folder's name."""
    parts_by_name: dict[str, set[str]] = {}
    for name in names:
        place = PurePosixPath(name)
        folder = next((one for one in reversed(place.parents) if one.suffix.lower() in formats.FOLDERS), place)
        if place.suffix != _LOCK:
            parts_by_name.setdefault(folder.as_posix(), set()).add(name)
    return parts_by_name
