"""`onemap deliver --template`: a plan's database in the folders and under the names that its receiver requires."""

import shutil
import tempfile
import uuid
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import openpyxl

from onemap.layers.delivery.bag import pack_files
from onemap.layers.delivery.delivery_forms import form_problems, number_problems
from onemap.layers.delivery.file_list import write_list
from onemap.layers.delivery.folder_template import (
    FILES,
    METADATA,
    TABLES,
    FolderTemplate,
    TemplateFolder,
    TemplateItem,
)
from onemap.layers.delivery.geodatabase_copy import write_geodatabase
from onemap.layers.delivery.layer_metadata import dataset_metadata
from onemap.layers.delivery.package_record import PackageRecord
from onemap.layers.delivery.package_writing import (
    ChosenLayer,
    DeliveryOptions,
    check_place_of_package,
    chosen_layers,
    hand_over,
    package_record,
)
from onemap.layers.errors import OneMapError, Problem
from onemap.layers.files.file_hashes import file_hash
from onemap.layers.library.library import Library
from onemap.layers.library.versions import layer_in_force, versions
from onemap.layers.progress import Progress
from onemap.layers.records import Record

_READ, _WRITTEN = 0.4, 0.9  # of the work


@dataclass(frozen=True)
class FolderWish:
    """The choices for a delivery's folder: the values in its names, and the folder with the files that people add."""

    code: str
    name: str
    files: Path | None = None

    @property
    def values(self) -> dict[str, str]:
        """The values of the placeholders in names."""
        return {"code": self.code, "name": self.name}


def deliver_folders(
    library: Library,
    target: Path,
    template: FolderTemplate,
    wish: FolderWish,
    options: DeliveryOptions,
    who: str,
    progress: Progress,
) -> Record:
    """Check everything, then write it as a zip, whole or not at all, with an entry in the ledger.

    Raises OneMapError template.… for every file that is missing, misnamed or of a wrong form, package.…, out.….
    """
    if not template.folders:
        raise OneMapError("template.folders", file=template.id, field="--template")
    check_place_of_package(library, target, options)
    codes, problems = _layers_there(library, template, options)
    own_files, wrong = _files_of_people(template, wish)
    if problems or wrong:
        raise OneMapError.of([*problems, *wrong])
    package = uuid.uuid4().hex
    with tempfile.TemporaryDirectory(prefix="onemap-", ignore_cleanup_errors=True) as room:
        with library.reading():
            options = replace(options, layers=tuple(codes))
            chosen_items = chosen_layers(library, options, progress.part(0.0, _READ))
            record = package_record(library, package, options, [item.layer for item in chosen_items], who)
        root = Path(room) / _name_with_values(template.root, wish)
        _write_folders(root, template, wish, own_files, library, record, chosen_items)
        paths = [path for path in sorted(root.rglob("*")) if path.is_file()]
        write_list(root / _name_with_values(template.list, wish), root, paths)
        manifest = file_hash(root / _name_with_values(template.list, wish))
        zip_file = Path(room) / target.name
        with zipfile.ZipFile(zip_file, "w") as archive:
            pack_files(archive, root.parent, sorted(path for path in root.rglob("*") if path.is_file()))
        progress.at(_WRITTEN)
        sha256 = file_hash(zip_file)
        hand_over(library, zip_file, target, options, record, manifest, who)
    return {
        "package": package,
        "template": template.id,
        "layers": [
            {"code": one.code, "version": one.label, "features": one.rows, "hash": one.hash} for one in record.layers
        ],
        "files": [path.relative_to(root.parent).as_posix() for path in paths],
        "left_out": [code for code in template.layers if code not in codes],
        "sha256": sha256,
        "file": str(target),
    }


def _name_with_values(name: str, wish: FolderWish) -> str:
    return TemplateItem(FILES, name).name_with(**wish.values)


def _layers_there(
    library: Library, template: FolderTemplate, options: DeliveryOptions
) -> tuple[list[str], list[Problem]]:
    """Return the template's layers that are in force, and a problem for each required one that is not."""
    all_versions = versions(library)
    there = [code for code in template.layers if layer_in_force(all_versions, code, options.as_of)]
    lost_codes = sorted(template.required_layers - set(there))
    facts = {"day": options.as_of.isoformat(), "template": template.id}
    return there, [Problem("template.layer", {"layer": code, **facts}) for code in lost_codes]


def _files_of_people(
    template: FolderTemplate, wish: FolderWish
) -> tuple[list[tuple[Path, TemplateItem]], list[Problem]]:
    """Return the files that people made, each with its item of the template; and every missing or wrong file."""
    own_files: list[tuple[Path, TemplateItem]] = []
    problems: list[Problem] = []
    for folder in template.folders:
        items = [item for item in folder.items if item.kind == FILES]
        name = _name_with_values(folder.name, wish)
        place = None if wish.files is None else wish.files / name
        paths = sorted(path for path in place.iterdir() if path.is_file()) if place and place.is_dir() else []
        for path in paths:
            fitting_items = [item for item in items if item.pattern(**wish.values).fullmatch(path.name)]
            if not fitting_items:
                forms = [item.example_name(**wish.values) for item in items]
                problems.append(Problem("template.name", {"file": f"{name}/{path.name}", "forms": forms}))
                continue
            own_files.append((path, fitting_items[0]))
            problems += form_problems(path, fitting_items[0], f"{name}/{path.name}")
        for item in items:
            own = [path for path, one in own_files if one is item]
            if item.is_required and not own:
                problems.append(Problem("template.missing", {"file": f"{name}/{item.example_name(**wish.values)}"}))
            problems += number_problems([path.name for path in own], item, wish.values, name)
    return own_files, problems


def _write_folders(
    root: Path,
    template: FolderTemplate,
    wish: FolderWish,
    own_files: Sequence[tuple[Path, TemplateItem]],
    library: Library,
    record: PackageRecord,
    chosen_items: Sequence[ChosenLayer],
) -> None:
    """Write every folder with the files that people made and those from the library."""
    for folder in template.folders:
        place = root / _name_with_values(folder.name, wish)
        place.mkdir(parents=True)
        for source, item in own_files:
            if any(item is one for one in folder.items):
                shutil.copyfile(source, place / source.name)
        _write_folder(place, folder, wish, library, record, chosen_items)


def _write_folder(
    place: Path,
    folder: TemplateFolder,
    wish: FolderWish,
    library: Library,
    record: PackageRecord,
    chosen_items: Sequence[ChosenLayer],
) -> None:
    """Write the library's own part of a folder: databases, sheets, metadata."""
    for item in folder.items:
        folder_items = [one for code in item.layers for one in chosen_items if one.entry.code == code]
        if item.kind == METADATA:
            for one in chosen_items:
                text = dataset_metadata(record, one.layer, one.coverage, library.crs, tuple(one.types))
                (place / item.name_with(**wish.values, layer=one.entry.code)).write_bytes(text)
        elif folder_items and item.suffix in (".gdb", ".gpkg"):
            layers = [(one.entry, one.rows, one.types) for one in folder_items]
            write_geodatabase(place / item.name_with(**wish.values), layers, library.crs)
        elif folder_items and item.kind == TABLES:
            _write_sheets(place / item.name_with(**wish.values), folder_items)


def _write_sheets(path: Path, tables: Sequence[ChosenLayer]) -> None:
    """A sheet for each table: titles of the fields, and the rows."""
    book = openpyxl.Workbook()
    book.remove(book.active)
    for one in tables:
        sheet = book.create_sheet(one.entry.code)
        titles = {field.name: dict(field.title).get("zh", field.name) for field in one.entry.fields}
        sheet.append([titles.get(name, name) for name in one.types])
        for row in one.rows.attributes[list(one.types)].itertuples(index=False, name=None):
            sheet.append(list(row))
            for cell in sheet[sheet.max_row]:
                if isinstance(cell.value, str):
                    cell.data_type = "s"  # what looks like a formula is text
    book.save(path)
