"""The annexes of the Word templates."""

from docx.document import Document as Doc
from docx.enum.text import WD_ALIGN_PARAGRAPH, WD_BREAK, WD_LINE_SPACING
from docx.shared import Pt

from onemap.resources.templates.docx_page import HEADING, Column, line, table, tag
from onemap.resources.templates.docx_tables import (
    LAND_COLUMNS,
    Words,
    caption,
    checklist_table,
    department_column,
    opinion_table,
    wide,
)


def annexes(document: Doc, said: Words) -> None:
    """Parcels, checklist, coordinates, versions, record, earlier opinions, maps."""
    document.add_paragraph().add_run().add_break(WD_BREAK.PAGE)
    document.add_heading(said["chapter_annexes"], 1)
    _parcels(document, said)
    document.add_heading(said["annex_checklist"], 2)
    checklist_table(document, said, answer_mm=40)
    document.add_heading(said["annex_boundary"], 2)
    line(document, "{{ boundary.crs }}　" + said["unit_metres"], size_pt=10.5, indent=False)
    columns = [
        Column(said["column_parcel"], 52, ("{{ parcel.parcel }}",)),
        Column(said["column_point"], 18, ("{{ point.label }}",), "center"),
        Column(said["column_ring"], 14, ("{{ point.ring }}",), "center"),
        Column(said["column_north"], 36, ("{{ point.north_m }}",), "right"),
        Column(said["column_east"], 36, ("{{ point.east_m }}",), "right"),
    ]
    loops = ["for parcel in boundary.parcels", "for point in parcel.points"]
    table(document, columns, loops, said["note_none"], size_pt=8)
    _record(document, said)
    tag(document, "{%p if earlier_opinions %}")
    document.add_heading(said["annex_earlier"], 2)
    opinion_table(document, said, "earlier_opinions", with_round=True)
    tag(document, "{%p endif %}")
    tag(document, "{%p if remedy %}")
    _remedy(document, said)
    tag(document, "{%p endif %}")
    tag(document, "{%p for figure in figures %}")
    picture = document.add_paragraph("{{ figure.image }}")
    picture.alignment = WD_ALIGN_PARAGRAPH.CENTER
    picture.paragraph_format.line_spacing_rule = WD_LINE_SPACING.SINGLE
    picture.paragraph_format.keep_with_next = True
    number = said["figure"].replace("{number}", "{{ figure.number }}")
    named = line(document, f"{number}　{{{{ figure.title }}}}", "center", 10.5, HEADING, indent=False)
    named.paragraph_format.space_before = Pt(6)
    tag(document, "{%p endfor %}")


def _parcels(document: Doc, said: Words) -> None:
    document.add_heading(said["annex_parcels"], 2)
    columns = [
        Column(said["column_number"], 12, ("{{ loop.index }}",), "center"),
        Column(said["column_parcel"], 55, ("{{ row.parcel }}",)),
        Column(said["column_hectares"], 20, ("{{ row.hectares }}",), "right"),
        Column(said["column_mu"], 17, ("{{ row.mu }}",), "right"),
        Column(said["column_verdict"], 22, ("{{ row.verdict_sign }} {{ row.verdict_title }}",), "center"),
        Column(said["column_findings"], 15, ("{{ row.findings }}",), "center"),
        Column(said["column_unknown_rules"], 15, ("{{ row.unknown_rules }}",), "center"),
    ]
    total = [said["total"], "", "{{ totals.hectares }}", "{{ totals.mu }}", "", "", ""]
    table(document, columns, ["for row in parcels"], said["note_none"], total)
    tag(document, "{%p if parcels|length > 1 %}")
    document.add_heading(said["annex_parcel_findings"], 2)
    columns = [
        Column(said["column_parcel"], 28, ("{{ row.parcel }}",)),
        Column(
            said["column_line"],
            wide(said, 38, 35),
            ("{{ row.title }}{{ ' *' if row.estimated }}", "{{ row.layer_title }}"),
        ),
        department_column(said),
        Column(said["column_area"], wide(said, 22, 19), ("{{ row.area_text }}", "{{ row.hectares_text }}"), "right"),
        Column(said["column_share"], 13, ("{{ row.share }}",), "right"),
        Column(said["column_distance"], 13, ("{{ row.distance_m }}",), "right"),
        Column(said["column_result"], wide(said, 21, 20), ("{{ row.result }}",)),
        Column(said["column_figure"], 9, ("{{ row.figure }}",), "center"),
    ]
    table(document, columns, ["for row in parcel_findings"], said["note_no_conflict"], size_pt=8)
    tag(document, "{%p if land %}")
    document.add_heading(said["annex_parcel_land"], 2)
    columns = [Column(said["column_parcel"], 26, ("{{ row.parcel }}",))]
    columns += [Column(said[f"land_{name}"], 13, (f"{{{{ row.{name} }}}}",), "right") for name in LAND_COLUMNS]
    total = [said["total"], *(f"{{{{ land.total.{name} }}}}" for name in LAND_COLUMNS)]
    table(document, columns, ["for row in land.parcels"], said["note_none"], total, size_pt=7)
    tag(document, "{%p endif %}")
    tag(document, "{%p endif %}")


def _remedy(document: Doc, said: Words) -> None:
    """What would pass: alternatives, departments' gains and losses, cuts."""
    document.add_heading(said["annex_remedy"], 2)
    tag(document, "{%p for sentence in sentences.remedy %}")
    line(document, "{{ sentence }}", size_pt=10.5, indent=False)
    tag(document, "{%p endfor %}")
    parcel = Column(said["column_parcel"], 26, ("{{ row.parcel }}",))
    verdict = Column(said["column_verdict"], 22, ("{{ row.verdict_sign }} {{ row.verdict_title }}",), "center")
    size = [
        Column(said["column_hectares"], 19, ("{{ row.hectares }}",), "right"),
        Column(said["column_mu"], 17, ("{{ row.mu }}",), "right"),
    ]
    caption(document, said["table_alternatives"])
    columns = [
        parcel,
        Column(said["column_alternative"], 30, ("{{ row.alternative_title }}",)),
        *size,
        Column(said["column_share"], 13, ("{{ row.share }}",), "right"),
        Column(said["column_step"], 29, ("{{ row.step or '–' }}",)),
        verdict,
    ]
    table(document, columns, ["for row in remedy.alternatives"], said["note_none"])
    caption(document, said["table_departments"])
    columns = [
        Column(said["column_parcel"], 20, ("{{ row.parcel }}",)),
        Column(said["column_alternative"], 22, ("{{ row.alternative_title }}",)),
        department_column(said),
        *(
            Column(
                said[f"column_verdict_{when}"], wide(said, 15, 18), (f"{{{{ row.verdict_{when}_title }}}}",), "center"
            )
            for when in ("before", "after")
        ),
        Column(said["column_taken_before"], wide(said, 16, 14), ("{{ row.before_hectares }}",), "right"),
        Column(said["column_taken_after"], wide(said, 16, 14), ("{{ row.after_hectares }}",), "right"),
        Column(said["column_kept"], wide(said, 16, 14), ("{{ row.kept_hectares }}",), "right"),
        Column(said["column_given_up"], wide(said, 16, 14), ("{{ row.given_up_hectares }}",), "right"),
    ]
    table(document, columns, ["for row in remedy.departments"], said["note_none"], size_pt=8)
    caption(document, said["table_cuts"])
    columns = [
        parcel,
        Column(said["column_rule"], 50, ("{{ row.title }}",)),
        department_column(said),
        *size,
        verdict,
    ]
    table(document, columns, ["for row in remedy.cuts"], said["note_none"])


def _record(document: Doc, said: Words) -> None:
    document.add_heading(said["annex_versions"], 2)
    columns = [
        Column(said["column_layer"], 36, ("{{ row.title }}", "{{ row.layer }}")),
        Column(said["column_version"], 24, ("{{ row.version or row.reason_text }}",)),
        Column(said["column_source"], 32, ("{{ row.source or '–' }}",)),
        Column(said["column_features"], 14, ("{{ row.features }}",), "right"),
        Column(said["column_coverage"], 20, ("{{ row.coverage_title or '–' }}",)),
        Column(said["column_hash"], 30, ("{{ row.hash[:16] or '–' }}",)),
    ]
    table(document, columns, ["for row in versions"], said["note_none"], size_pt=8)
    document.add_heading(said["annex_record"], 2)
    columns = [
        Column(said["column_item"], 44, ("{{ row.title }}",)),
        Column(said["column_content"], 112, ("{{ row.value }}",)),
    ]
    table(document, columns, ["for row in sentences.record"], said["note_none"])
