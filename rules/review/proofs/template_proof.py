"""The proof of a delivery template: a small faultless delivery, and seeded faults that are expected by their codes.

The delivery is drawn in the file of cases; each case changes it, writes it to disk as a planner hands it over, and
validates it like any delivery.
"""

import shutil
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd
import shapely

from onemap.layers.catalogue.catalogue import LayerEntry
from onemap.layers.delivery.file_list import write_list
from onemap.layers.delivery.folder_template import FILES, TemplateItem
from onemap.layers.files.plain_pdf import plain_pdf
from onemap.layers.messages import phrase
from onemap.layers.progress import SILENT, Progress
from onemap.rules.answers.deliveries.check_kinds import KINDS
from onemap.rules.answers.deliveries.delivery_proof import Proof, prove_delivery
from onemap.rules.answers.deliveries.delivery_template import DeliveryTemplate
from onemap.rules.answers.deliveries.proof_memory import ProofMemory, read_memory
from onemap.rules.review.proofs.case_reading import CaseReading, drawn_feature
from onemap.rules.review.proofs.plain_proof import PlainCase, PlainProof
from onemap.rules.review.proofs.rule_coverage import HIT, MISS

SYSTEM = "EPSG:4547"
FAULTLESS = "faultless"
# On the central meridian, where plane and ellipsoid agree; as finely as coordinates are stated.
_WEST, _SOUTH = 500_000.1234, 4_200_000.1234
_AROUND = shapely.box(0, 0, 1_000, 1_000)
_TABLES = ("cases", "layer", "case")
_HEAD = ("template", "title", "code", "name", "files", "text")
_KEYS = ("id", "title", "source", "why", "change", "finds", "lose_files", "add_files", "late_files", "text")
_STEPS = ("row", "copy", "crossed", "drop", "without", "lost", "rounded")
_SHAPE = ("lies", "box", "line", "point", "wkt")
_DATABASES = (".gdb", ".gpkg")
_LAYERS = "delivery.gpkg"
_DOTS = (300).to_bytes(2, "big")
_JPEG = b"\xff\xd8\xff\xe0\x00\x10JFIF\0\x01\x01\x01" + _DOTS + _DOTS + b"\0\0\xff\xd9"
Frames = dict[str, pd.DataFrame]


@dataclass(frozen=True)
class FaultCase:
    """One fault.

    steps: its changes of layers, each with a shape if it gives one; finds: code and layer of the problems.
    """

    id: str
    item: Mapping[str, Any]
    steps: Sequence[tuple[Mapping[str, Any], shapely.Geometry | None]]
    finds: Sequence[tuple[str, str]]


@dataclass(frozen=True)
class TemplateCases:
    """The cases of a template. frames: the layers of the faultless delivery, by code."""

    head: Mapping[str, Any]
    frames: Frames
    faults: Sequence[FaultCase]


def read_template_cases(texts: Sequence[tuple[str, str]], template: DeliveryTemplate) -> TemplateCases:
    """Read the cases of all files beside a template.

    Raises OneMapError cases.… with every problem, each with its line.
    """
    head: dict[str, Any] = {}
    frames: Frames = {}
    faults: list[FaultCase] = []
    entries = {code: wish.entry for code, wish in template.layers.items()}
    for text, source in texts:
        reading = CaseReading(source, text.replace("\r\n", "\n"), entries)
        content = reading.content()
        reading.check_keys(1, "", content, _TABLES)
        reading.check_keys(1, "cases", content.get("cases", {}), _HEAD)
        head |= content.get("cases", {})
        for _, line, item in reading.tables("layer", content):
            if (frame := _frame(line, item, reading)) is not None:
                frames[item["code"]] = frame
        earlier_ids = {fault.id for fault in faults}
        for number, line, item in reading.tables("case", content):
            fault = _fault(number, line, item, frames, reading)
            if fault.id in earlier_ids:
                reading.wrong("twice", line, fault.id, "id")
            earlier_ids.add(fault.id)
            faults.append(fault)
        reading.refuse_wrong()
    return TemplateCases(head, frames, faults)


def _frame(line: int, item: Mapping[str, Any], reading: CaseReading) -> pd.DataFrame | None:
    """The rows of one layer, on the ground; None if the template does not have the layer."""
    code = str(item.get("code", ""))
    entry = reading.catalogue.get(code)
    reading.check_keys(line, code, item, ("code", "features"))
    if entry is None:
        reading.wrong("layer", line, code, "code", value=code, known=list(reading.catalogue))
        return None
    rows, shapes = [], []
    for one in item.get("features", ()):
        fields, shape = _row({**one, "layer": code}, entry, code, line, reading, "features")
        rows.append(fields)
        shapes.append(shape)
    if entry.geometry == "table":
        return pd.DataFrame(rows)
    return gpd.GeoDataFrame(pd.DataFrame(rows), geometry=shapes, crs=SYSTEM)


def _row(
    one: Mapping[str, Any], entry: LayerEntry, name: str, line: int, reading: CaseReading, key: str
) -> tuple[dict[str, Any], shapely.Geometry | None]:
    """The fields of a feature, and its shape on the ground, None if it gives none; "" stands for no value."""
    fields = {key: None if value == "" else value for key, value in one.items() if key not in (*_SHAPE, "layer")}
    if entry.geometry == "table" or not any(key in one for key in _SHAPE):
        for field in fields:
            if entry.field_named(field) is None:
                field_names = [one.name for one in entry.fields]
                reading.wrong("field", line, name, key, value=field, layer=entry.code, known=field_names)
        return fields, None
    feature = drawn_feature(one, _AROUND, name, line, reading, key)
    shape = None if feature is None else shapely.transform(feature.shape, lambda points: points + (_WEST, _SOUTH))
    return fields, shape


def _fault(number: int, line: int, item: Mapping[str, Any], frames: Frames, reading: CaseReading) -> FaultCase:
    name = str(item.get("id") or item.get("title") or f"#{number + 1}")
    reading.check_keys(line, name, item, _KEYS)
    steps = []
    for step in item.get("change", ()):
        code = str(step.get("layer", ""))
        step_names = [key for key in _STEPS if key in step]
        if code not in frames:
            reading.wrong("layer", line, name, "change", value=code, known=list(frames))
            continue
        rows = [step[key] for key in ("row", "copy", "crossed", "drop") if key in step]
        is_sound = all(isinstance(at, int) and 1 <= at <= len(frames[code]) for at in rows)
        if len(step_names) != 1 or not is_sound or not _is_grid(step.get("rounded", 1)):
            reading.wrong("step", line, name, "change", layer=code, count=len(frames[code]), known=list(_STEPS))
            continue
        field_values = {key: value for key, value in step.items() if key not in _STEPS}
        steps.append((step, _row(field_values, reading.catalogue[code], name, line, reading, "change")[1]))
    codes = {code for kind in KINDS.values() for code in kind.codes}
    finds = [tuple(f"{one} ".split(" ")[:2]) for one in item.get("finds", ())]
    for code, _ in finds:
        if code not in codes:
            reading.wrong("code", line, name, "finds", value=code, known=sorted(codes))
    if not finds:
        reading.wrong("finds", line, name)
    return FaultCase(name, item, steps, [(code, layer) for code, layer in finds])


def _is_grid(step: Any) -> bool:
    return isinstance(step, int | float) and step > 0


def prove_template(
    template: DeliveryTemplate, template_cases: TemplateCases, language: str, progress: Progress = SILENT
) -> PlainProof:
    """Validate the faultless delivery, and the delivery with each fault. Raises OneMapError source.…."""
    titles = {check.id: check.title_in(language) for check in template.checks}
    with tempfile.TemporaryDirectory(prefix="onemap-cases-", ignore_cleanup_errors=True) as folder:
        room = Path(folder)
        memory = ProofMemory(template)
        clean = _Delivery(template, template_cases, FaultCase(FAULTLESS, {}, (), ()))
        clean.write(room / "clean")
        proof = prove_delivery(room / "clean", template, memory=memory)
        memory.write(room / "memory.json")
        clean_checks = [one.check.id for one in proof.proved if one.objects and not one.problems]
        title = phrase("proof_state.faultless", language)
        cases = [_case_result(clean.fault, proof, title, {MISS: clean_checks}, language)]
        for fault, part in zip(template_cases.faults, progress.parts([1] * len(template_cases.faults)), strict=True):
            part.check()
            place = room / "faulty"
            _Delivery(template, template_cases, fault).write(place, like=room / "clean")
            proof = prove_delivery(place, template, memory=read_memory(room / "memory.json", template))
            check_ids = [one.check.id for one in proof.standing]
            cases.append(_case_result(fault, proof, str(fault.item.get("title", fault.id)), {HIT: check_ids}, language))
            shutil.rmtree(place)
    return PlainProof(titles, cases, (HIT, MISS))


def _case_result(
    fault: FaultCase, proof: Proof, title: str, subjects: Mapping[str, Sequence[str]], language: str
) -> PlainCase:
    codes_and_layers = [(one.problem.code, one.layer or "") for one in proof.standing]
    # A case that names no layer means any.
    expected_counts = Counter(fault.finds)
    left = Counter(codes_and_layers) - expected_counts
    open_codes = Counter({code: count for (code, _), count in (expected_counts - Counter(codes_and_layers)).items()})
    passes = open_codes == Counter(code for code, _ in left.elements()) and not any(
        layer for (_, layer) in (expected_counts - Counter(codes_and_layers))
    )
    return PlainCase(
        id=fault.id,
        title=title,
        source=str(fault.item.get("source", "")),
        expected=_codes_text(fault.finds, language),
        answer=_codes_text(codes_and_layers, language),
        passes=passes,
        subjects=subjects,
    )


def _codes_text(codes_and_layers: Sequence[tuple[str, str]], language: str) -> str:
    names = [" ".join(filter(None, one)) for one in sorted(codes_and_layers)]
    return ", ".join(names) if names else phrase("proof_state.no_finding", language)


class _Delivery:
    """The delivery with one fault, as it is written to disk."""

    def __init__(self, template: DeliveryTemplate, template_cases: TemplateCases, fault: FaultCase) -> None:
        self._template, self._template_cases, self.fault = template, template_cases, fault
        self._values = {
            "code": str(template_cases.head.get("code", "000000")),
            "name": str(template_cases.head.get("name", "–")),
        }

    def write(self, folder: Path, like: Path | None = None) -> None:
        """Write it into a folder. like: the folder of the faultless delivery, from which unchanged parts are copied."""
        folders = self._template.folders
        root = folder / TemplateItem(FILES, folders.root).name_with(**self._values) if folders.folders else folder
        if like is not None:
            shutil.copytree(like, folder)
        root.mkdir(parents=True, exist_ok=True)
        frames, changed_codes = self._frames()
        for path, codes in self._databases(root):
            lost_codes = [code for code in changed_codes & {*codes} if code not in frames]
            if lost_codes:  # a layer is written over another of its name, but cannot be taken away
                shutil.rmtree(path)
            written_codes = codes if like is None or lost_codes else [code for code in codes if code in changed_codes]
            _write_database(path, {code: frames[code] for code in written_codes if code in frames}, self._template)
        item = self.fault.item
        for name in (*self._template_cases.head.get("files", ()), *item.get("add_files", ())):
            if like is None or name in item.get("add_files", ()) or "text" in item:
                self._write_file(root / name)
        for name in item.get("lose_files", ()):
            (root / name).unlink(missing_ok=True)
        if folders.folders:
            place = root / TemplateItem(FILES, folders.list).name_with(**self._values)
            place.unlink(missing_ok=True)
            write_list(place, root, [path for path in sorted(root.rglob("*")) if path.is_file()])
        for name in item.get("late_files", ()):
            self._write_file(root / name)

    def _databases(self, root: Path) -> Iterator[tuple[Path, Sequence[str]]]:
        """Each database with its layers; layers that no folder names go into the first."""
        named_layers, items = {*self._template.folders.layers}, []
        for folder in self._template.folders.folders:
            place = TemplateItem(FILES, folder.name).name_with(**self._values)
            items += [(place, item) for item in folder.items if item.layers and item.suffix in _DATABASES]
        further = [code for code in self._template_cases.frames if code not in named_layers]
        if not items:  # a template without folders proves layers, wherever they lie
            yield root / _LAYERS, further
        for place, item in items:
            name = item.name_with(**self._values)
            yield root / place / name, [*item.layers, *further]
            further = []

    def _frames(self) -> tuple[Frames, set[str]]:
        """The layers with the fault, and the codes of those that it changes."""
        frames, changed_codes = dict(self._template_cases.frames), set[str]()
        for step, shape in self.fault.steps:
            code = str(step["layer"])
            frames[code] = _with_step(frames[code], step, shape)
            changed_codes.add(code)
            if step.get("lost"):
                del frames[code]
        return frames, changed_codes

    @property
    def _text(self) -> str:
        """The text of the plan."""
        return str(self.fault.item.get("text", self._template_cases.head.get("text", "")))

    def _write_file(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.suffix == ".docx":
            import docx

            text = docx.Document()
            text.add_paragraph(self._text)
            text.save(str(path))
        else:
            path.write_bytes(_JPEG if path.suffix == ".jpg" else plain_pdf([self._text]))


def _with_step(frame: pd.DataFrame, step: Mapping[str, Any], shape: shapely.Geometry | None) -> pd.DataFrame:
    """A layer with one change. shape: of the changed or added row, None for the row's own."""
    fields = {key: value for key, value in step.items() if key not in (*_STEPS, *_SHAPE, "layer")}
    if "without" in step:
        return frame.drop(columns=step["without"])
    if "drop" in step:
        return frame.drop(index=step["drop"] - 1).reset_index(drop=True)
    if step.get("lost"):
        return frame
    if "rounded" in step:
        shapes = shapely.set_precision(frame["geometry"].array, step["rounded"], mode="pointwise")
        return gpd.GeoDataFrame(frame.drop(columns="geometry"), geometry=shapes, crs=SYSTEM)
    (at,) = (step[key] - 1 for key in ("row", "copy", "crossed") if key in step)
    frame = frame.copy()
    if "crossed" in step:
        west, south, east, north = frame["geometry"].iloc[at].bounds
        shape = shapely.Polygon([(west, south), (east, north), (east, south), (west, north)])
    if "copy" in step:
        copied = frame.iloc[[at]]
        frame = pd.concat([frame, copied], ignore_index=True)
        at = len(frame) - 1
    for name, value in fields.items():
        column = list(frame[name]) if name in frame else [None] * len(frame)
        column[at] = None if value == "" else value
        frame[name] = pd.Series(column, index=frame.index)
    if shape is not None:
        shapes = list(frame["geometry"])
        shapes[at] = shape
        frame = gpd.GeoDataFrame(frame.drop(columns="geometry"), geometry=shapes, crs=SYSTEM)
    return frame


def _write_database(path: Path, frames: Frames, template: DeliveryTemplate) -> None:
    import pyogrio

    path.parent.mkdir(parents=True, exist_ok=True)
    driver = "OpenFileGDB" if path.suffix == ".gdb" else "GPKG"
    for code, frame in frames.items():
        whole = {field.name for field in template.layers[code].entry.fields if field.type == "integer"}
        numbers = [name for name in frame if pd.api.types.is_integer_dtype(frame[name].dtype)]
        table = frame.astype({name: "int32" if name in whole else "float64" for name in numbers})
        is_drawn = isinstance(frame, gpd.GeoDataFrame)
        pyogrio.write_dataframe(table, path, layer=code, driver=driver, promote_to_multi=True if is_drawn else None)
