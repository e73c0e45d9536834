"""The results of a check as a file: a workbook or a GeoPackage by the core, a PDF of what the dock shows."""

from __future__ import annotations

from collections.abc import Callable
from html import escape
from pathlib import Path
from typing import Any

from qgis.PyQt.QtCore import pyqtSignal
from qgis.PyQt.QtWidgets import QMenu, QToolButton, QWidget

from onemap.plugin.connection.asking import Asking
from onemap.plugin.connection.core_session import Core
from onemap.plugin.connection.file_writing import copy_file
from onemap.plugin.connection.refusals import Refusal
from onemap.plugin.desk.results.print_pages import print_page
from onemap.plugin.desk.results.results import CheckedParcel, RunOnDisplay, in_rows
from onemap.plugin.desk.results.results_model import measure_of
from onemap.plugin.desk.results.summary_view import VERDICTS, department_counts
from onemap.plugin.profile.paths import documents_folder, free_path
from onemap.plugin.widgets.icons import icon
from onemap.plugin.widgets.target_file import ask_target
from onemap.plugin.words.core_words import word, words_of
from onemap.plugin.words.file_forms import file_forms
from onemap.plugin.words.number_format import area_beside_text, area_text, moment_text, share_text
from onemap.plugin.words.translation import tr, with_label
from onemap.plugin.words.verb_parameters import out_forms
from onemap.plugin.words.verdicts import LOOKS

HEAD = "<tr style='background-color:#ebebeb'>"


class ExportButton(QToolButton):
    """A button with a menu of formats."""

    exported = pyqtSignal(str)  # the file
    remarked = pyqtSignal(str)  # what the file does not hold
    refused = pyqtSignal(object)  # Refusal

    def __init__(self, core: Core, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.asking = Asking(core, self, is_writing=True)  # a file is there whatever is open by then
        self.asking.refused.connect(self.refused)
        self._run: RunOnDisplay | None = None
        self._parcels: list[CheckedParcel] = []
        self._lead = ""  # HTML before the findings of a PDF
        self.setIcon(icon("export"))
        self.setText(tr("Export"))
        self.setToolTip(tr("Write the results, or their parcels alone, as a file"))
        self.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        menu = QMenu(self)
        for suffix, title in file_forms([".xlsx", ".pdf", *out_forms("check")]).items():
            menu.addAction(title, lambda chosen=suffix, filters=title: self._ask(chosen, filters))
        self.setMenu(menu)

    def offer(self, run: RunOnDisplay | None, parcels: list[CheckedParcel], lead: str = "") -> None:
        """Offer the export of a run; None: there is none.

        lead: HTML that a PDF says before the findings.
        """
        self._run, self._parcels, self._lead = run, parcels, lead
        self.setEnabled(run is not None)

    def write(self, path: str) -> None:
        """Write the results to a file, whose ending says how; what was there is replaced."""
        run = self._run
        if run is None:
            return
        suffix = Path(path).suffix.lower()
        if suffix == ".pdf":
            self._write_itself(path, lambda: print_page(results_page(run, self._parcels, self._lead), path))
        elif suffix == ".gpkg" and not run.id:  # a run that the library does not keep
            self._write_itself(path, lambda: copy_file(run.path, path))
        elif run.id:
            self._let_write("runs", {"library": run.library_path, "run": run.id}, path)
        elif run.params:
            # Nothing is kept that could be read, so the same is asked once more, of the library as it was then.
            moment = (run.record.get("parameters") or {}).get("known_at") or run.record.get("started")
            again = {name: value for name, value in run.params.items() if name != "against"}
            self._let_write("check", {**again, "known_at": moment, "unrecorded": True}, path)
        else:
            self.refused.emit(Refusal(tr("The library does not keep this check; export it as GeoPackage or PDF.")))

    def _write_itself(self, path: str, write: Callable[[], None]) -> None:
        try:
            write()
            self.exported.emit(path)
        except Refusal as refusal:
            self.refused.emit(refusal)

    def _let_write(self, verb: str, params: dict[str, Any], path: str) -> None:
        def say(answer: dict[str, Any]) -> None:
            self.exported.emit(path)
            for problem in answer.get("problems") or ():
                if problem["code"] == "out.parcels_only":
                    self.remarked.emit(problem["message"])

        self.asking.ask(verb, {**params, "out": path, "overwrite": True}, say, tr("Write the results"))

    def _ask(self, suffix: str, filters: str) -> None:
        start = free_path(Path(documents_folder()), _title(self._run), suffix)
        path = ask_target(self, tr("Write the results"), str(start), {suffix: filters})
        if path:
            self.write(path)


def results_page(run: RunOnDisplay, parcels: list[CheckedParcel], lead: str = "") -> str:
    """The results as a page of HTML: sums first, then each parcel's findings, at last the rules that were not asked.

    lead: HTML between the sums and the findings.
    """
    record = run.record
    asked = record.get("parameters") or {}
    facts = [
        (tr("Library"), run.library),
        (tr("Parcels"), str(asked.get("parcels") or "")),
        (tr("As of"), str(asked.get("as_of") or "")),
        (tr("When"), moment_text(str(record.get("started") or ""))),
        (tr("Checked by"), str(record.get("who") or "")),
        (tr("Areas"), tr("on the ellipsoid, as in every document; thresholds are met by those in the plane")),
    ]
    facts += [
        (tr("Layer replaced"), f"{run.titles.get(code, code)} ← {file}") for code, file in run.trial_files.items()
    ]
    verdicts = run.answer.get("verdicts") or {}
    counts = " · ".join(f"{verdicts.get(one, 0):,} {word('verdicts', one)}" for one in LOOKS)
    parts = [f"<h2>{escape(_title(run))}</h2>"]
    parts.append("<p>" + "<br>".join(escape(with_label(*fact)) for fact in facts) + "</p>")
    parts.append(f"<p><b>{escape(counts)}</b><br>{escape(run.unasked['name'])}</p>")
    parts += [lead, _department_table(parcels), _finding_table(parcels)]
    if run.unasked["rows"]:
        parts.append(_unasked_table(run))
    return "".join(parts)


def _title(run: RunOnDisplay | None) -> str:
    return tr("Results of a trial") if run is not None and run.trial_files else tr("Check results")


def _department_table(parcels: list[CheckedParcel]) -> str:
    heads = [tr("Department"), *(word("verdicts", verdict) for verdict in VERDICTS)]
    rows = [
        [word("departments", department), *(f"{counts[verdict]:,}" if counts[verdict] else "" for verdict in VERDICTS)]
        for department, counts in department_counts(parcels).items()
    ]
    widths = (30, *[70 // len(VERDICTS)] * len(VERDICTS))
    return html_table(tr("Findings by department and verdict"), heads, rows, widths, tuple(range(1, len(heads))))


def _finding_table(parcels: list[CheckedParcel]) -> str:
    heads = [
        tr("Parcel"),
        tr("Verdict"),
        tr("Rule, legal basis"),
        tr("Measure"),
        tr("Share"),
        tr("Reason"),
        tr("Department"),
    ]
    rows = []
    for parcel in parcels:
        measure = f"{area_text(parcel.ellipsoidal_m2)} ({area_beside_text(parcel.ellipsoidal_m2)})"
        rows.append([parcel.parcel, _verdict_with_sign(parcel.verdict), "", measure, "", "", ""])
        rows += [
            [
                parcel.parcel,  # also where its row stands on the page before
                _verdict_with_sign(finding.verdict),
                "\n".join(dict.fromkeys(filter(None, (text for one in row for text in (one.title, one.basis))))),
                measure_of(finding),
                share_text(finding.share).replace(" ", "\N{NO-BREAK SPACE}"),
                words_of("reasons", finding.reason),
                word("departments", finding.department),
            ]
            for row in in_rows(parcel.findings)
            for finding in row[:1]
        ]
    return html_table(tr("Findings"), heads, rows, (12, 14, 29, 13, 9, 10, 13), (3, 4))


def _unasked_table(run: RunOnDisplay) -> str:
    rows = [[department["name"], rule["name"]] for department in run.unasked["rows"] for rule in department["rows"]]
    return html_table(tr("Rules that were not asked"), [tr("Department"), tr("Rule")], rows)


def _verdict_with_sign(verdict: str) -> str:
    sign = LOOKS[verdict].sign if verdict in LOOKS else ""
    return f"{sign}\N{NO-BREAK SPACE}{word('verdicts', verdict)}"


def _cell(text: str) -> str:
    """A cell whose further lines stand smaller below the first."""
    first, *more = escape(text).split("\n")
    return first + "".join(f"<br><span style='font-size:7pt; color:#555555'>{line}</span>" for line in more)


def html_table(
    title: str, heads: list[str], rows: list[list[str]], widths: tuple[int, ...] = (), numbers: tuple[int, ...] = ()
) -> str:
    """A table of HTML under its title, as the pages here have them.

    widths: of the columns, in per cent; numbers: the columns of figures, which stand on the right.
    """
    looks = [
        (f" width='{widths[at]}%'" if widths else "") + (" align='right'" if at in numbers else " align='left'")
        for at in range(len(heads))
    ]
    head = HEAD + "".join(f"<th{look}>{escape(text)}</th>" for look, text in zip(looks, heads)) + "</tr>"
    body = "".join(
        "<tr>" + "".join(f"<td{look}>{_cell(text)}</td>" for look, text in zip(looks, row)) + "</tr>" for row in rows
    )
    style = "border='1' cellspacing='0' cellpadding='3' width='100%' style='border-collapse:collapse; font-size:8pt'"
    return f"<h3>{escape(title)}</h3><table {style}><thead>{head}</thead>{body}</table>"
