"""The nine chapters of the Word templates."""

from docx.document import Document as Doc

from onemap.resources.templates.docx_page import Column, line, table, tag
from onemap.resources.templates.docx_tables import (
    LAND_COLUMNS,
    Words,
    caption,
    department_column,
    opinion_table,
    wide,
)


def project(document: Doc, said: Words) -> None:
    """Chapter one."""
    document.add_heading(said["chapter_project"], 1)
    columns = [
        Column(said["column_item"], 48, ("{{ row.title }}",)),
        Column(said["column_content"], 108, ("{{ row.value or '–' }}",)),
    ]
    table(document, columns, ["for row in project.rows"], said["note_none"], size_pt=10.5)


def bases(document: Doc, said: Words) -> None:
    """Chapter two."""
    document.add_heading(said["chapter_bases"], 1)
    caption(document, said["table_laws"])
    columns = [
        Column(said["column_number"], 12, ("{{ loop.index }}",), "center"),
        Column(said["column_law"], 72, ("{{ row.law }}",)),
        Column(said["column_articles"], 72, ("{{ row.articles|join('、') }}",)),
    ]
    table(document, columns, ["for row in laws"], said["note_none"])
    caption(document, said["table_data"])
    columns = [
        Column(said["column_number"], 12, ("{{ loop.index }}",), "center"),
        Column(said["column_layer"], 66, ("{{ row.title }}", "{{ row.layer }}")),
        Column(said["column_department"], 22, ("{{ row.department_title }}",)),
        Column(said["column_version"], 32, ("{{ row.version or row.reason_text }}",)),
        Column(said["column_valid_from"], 24, ("{{ row.valid_from or '–' }}",), "center"),
    ]
    table(document, columns, ["for row in versions"], said["note_none"])


def land(document: Doc, said: Words) -> None:
    """Chapter three."""
    document.add_heading(said["chapter_land"], 1)
    line(document, "{{ sentences.area }}")
    line(document, "{{ sentences.land }}")
    tag(document, "{%p if land %}")
    caption(document, said["table_land"])
    line(document, said["unit_hectares"], "right", 9, indent=False)
    columns = [Column(said["column_ownership"], 16, ("{{ row.title }}",), "center")]
    columns += [Column(said[f"land_{name}"], 14, (f"{{{{ row.{name} }}}}",), "right") for name in LAND_COLUMNS]
    total = [said["total"], *(f"{{{{ land.total.{name} }}}}" for name in LAND_COLUMNS)]
    table(document, columns, ["for row in land.rows"], said["note_none"], total, size_pt=7.5)
    caption(document, said["table_classes"])
    columns = [
        Column(said["column_ownership"], 22, ("{{ row.ownership_title }}",), "center"),
        Column(said["column_group"], 28, ("{{ row.group_title }}",), "center"),
        Column(said["column_class"], 24, ("{{ row['class'] or '–' }}",), "center"),
        Column(said["column_class_name"], 52, ("{{ row.class_name or '–' }}",)),
        Column(said["column_hectares"], 30, ("{{ row.hectares }}",), "right"),
    ]
    total = [said["total"], "", "", "", "{{ land.total.total }}"]
    table(document, columns, ["for row in land.classes"], said["note_none"], total)
    line(document, said["note_survey"], size_pt=10.5, indent=False)
    tag(document, "{%p endif %}")


def _rules(document: Doc, said: Words, name: str, source: str) -> None:
    caption(document, said[f"table_{name}"])
    columns = [
        Column(said["column_number"], 10, ("{{ loop.index }}",), "center"),
        Column(
            said["column_line"],
            wide(said, 56, 49),
            ("{{ row.title }}{{ ' *' if row.estimated }}", "{{ row.layer_title }} {{ row.version }}"),
        ),
        department_column(said),
        Column(said["column_hectares"], 22, ("{{ row.hectares }}",), "right"),
        Column(said["column_share"], 15, ("{{ row.share }}",), "right"),
        Column(said["column_result"], 30, ("{{ row.result }}",)),
        Column(said["column_figure"], 11, ("{{ row.figure }}",), "center"),
    ]
    table(document, columns, [f"for row in {source}"], said["note_none"])


def plans(document: Doc, said: Words) -> None:
    """Chapter four."""
    document.add_heading(said["chapter_plans"], 1)
    caption(document, said["table_three_lines"])
    columns = [
        Column(said["column_line"], 46, ("{{ row.layer_title }}", "{{ row.version }}")),
        Column(said["column_item"], 34, ("{{ row.item_title }}",)),
        Column(said["column_hectares"], 22, ("{{ row.hectares }}",), "right"),
        Column(said["column_share"], 15, ("{{ row.share }}",), "right"),
        Column(said["column_result"], 28, ("{{ row.result }}",)),
        Column(said["column_figure"], 11, ("{{ row.figure }}",), "center"),
    ]
    table(document, columns, ["for row in three_lines"], said["note_none"])
    for name in ("land_plan", "urban_plan", "department_plans"):
        _rules(document, said, name, f"plans.{name}")


def controls(document: Doc, said: Words) -> None:
    """Chapter five."""
    document.add_heading(said["chapter_controls"], 1)
    caption(document, said["table_controls"])
    columns = [
        Column(said["column_number"], 9, ("{{ row.number }}",), "center"),
        Column(said["column_line"], 36, ("{{ row.title }}{{ ' *' if row.estimated }}", "{{ row.layer_title }}")),
        department_column(said),
        Column(said["column_area"], 19, ("{{ row.area_text }}", "{{ row.hectares_text }}"), "right"),
        Column(said["column_share"], 13, ("{{ row.share }}",), "right"),
        Column(said["column_distance"], 11, ("{{ row.distance_m }}",), "right"),
        Column(said["column_verdict"], 20, ("{{ row.result }}",)),
        Column(said["column_basis"], wide(said, 28, 21), ("{{ row.basis }}",)),
        Column(said["column_figure"], 9, ("{{ row.figure }}",), "center"),
    ]
    table(document, columns, ["for row in controls"], said["note_no_conflict"], size_pt=8)


def differences(document: Doc, said: Words) -> None:
    """Chapter six."""
    document.add_heading(said["chapter_differences"], 1)
    caption(document, said["table_differences"])
    columns = [
        Column(said["column_number"], 10, ("{{ loop.index }}",), "center"),
        Column(said["column_spot"], 24, ("{{ row.spot }}", "{{ row.pair }}")),
        Column(said["column_type"], 36, ("{{ row.type }} {{ row.type_title }}",)),
        Column(said["column_use_a"], 24, ("{{ row.use_a or '–' }}",)),
        Column(said["column_use_b"], 24, ("{{ row.use_b or '–' }}",)),
        Column(said["column_hectares"], 18, ("{{ row.hectares }}",), "right"),
        Column(said["column_decision"], 20, ("{{ row.decision or '–' }}",)),
    ]
    table(document, columns, ["for row in differences"], said["note_differences"])


def opinions(document: Doc, said: Words) -> None:
    """Chapter seven."""
    document.add_heading(said["chapter_opinions"], 1)
    caption(document, said["table_opinions"])
    opinion_table(document, said, "opinions")
    tag(document, "{%p for sentence in sentences.stale %}")
    line(document, "{{ sentence }}")
    tag(document, "{%p endfor %}")


def conditions(document: Doc, said: Words, kind: str) -> None:
    """Chapter eight."""
    document.add_heading(said["chapter_conditions"], 1)
    if kind != "report":
        caption(document, said["table_conditions"])
        columns = [
            Column(said["column_number"], 12, ("{{ loop.index }}",), "center"),
            Column(said["column_department"], 28, ("{{ row.department_title }}",)),
            Column(said["column_condition"], 116, ("{{ row.text }}",)),
        ]
        table(document, columns, ["for row in conditions"], said["note_none"])
    caption(document, said["table_assessments"])
    columns = [
        Column(said["column_number"], 12, ("{{ loop.index }}",), "center"),
        Column(said["column_assessment"], 50, ("{{ row.title }}",)),
        department_column(said),
        Column(said["column_required"], 34, ("{{ row.state_title }}",), "center"),
        Column(said["column_because"], 42, ("{{ row.because|join('；') or '–' }}",)),
    ]
    table(document, columns, ["for row in assessments"], said["note_none"])


def conclusion(document: Doc, said: Words) -> None:
    """Chapter nine, with room for the seal."""
    document.add_heading(said["chapter_conclusion"], 1)
    tag(document, "{%p for sentence in sentences.conclusion %}")
    line(document, "{{ sentence }}")
    tag(document, "{%p endfor %}")
    tag(document, "{%p if overrides %}")
    caption(document, said["table_overrides"])
    columns = [
        Column(said["column_parcel"], 24, ("{{ row.parcel }}",)),
        Column(said["column_rule"], 34, ("{{ row.title }}",)),
        Column(said["column_before"], 18, ("{{ row.before_title }}",), "center"),
        Column(said["column_after"], 18, ("{{ row.verdict_title }}",), "center"),
        Column(said["column_reason"], 26, ("{{ row.reason }}",)),
        Column(said["column_by"], 16, ("{{ row.by }}",), "center"),
        Column(said["column_on"], 20, ("{{ row.on }}",), "center"),
    ]
    table(document, columns, ["for row in overrides"], said["note_none"])
    tag(document, "{%p endif %}")
    tag(document, "{%p for note in notes %}")
    line(document, "{{ note }}", size_pt=10.5, indent=False)
    tag(document, "{%p endfor %}")
    line(document, "{{ declaration }}").paragraph_format.keep_with_next = True
    seal(document, said)


def seal(document: Doc, said: Words) -> None:
    """Room for the seal above the date, and the date four characters from the right, as the standard has it."""
    lines = (said["seal"], "", "", "{{ document.unit or '" + said["issuer_blank"] + "' }}", "{{ sentences.date }}")
    for number, text in enumerate(lines):
        paragraph = line(document, text, "right", indent=False)
        paragraph.paragraph_format.right_indent = 4 * 16 * 12_700
        paragraph.paragraph_format.keep_with_next = number < len(lines) - 1
