"""The chapters and annexes of a document as HTML, from its printed content; a finding's row points at the map."""

from collections.abc import Sequence
from typing import Any

from onemap.layers.messages import phrase
from onemap.rules.statement.document_words import words
from onemap.rules.statement.page_html import Html, joined, row, table, tag
from onemap.rules.statement.page_remedy import remedy_parts

Printed = dict[str, Any]
_N = "n"  # a column of numbers


class Chapters:
    """The chapters of one document. printed: the content as text (rules/statement/printed_content.py)."""

    def __init__(self, printed: Printed, language: str) -> None:
        self.content, self.language = printed, language
        self.said = words(language)

    def chapters(self) -> list[Html]:
        """Chapters one to nine; of one department those that concern it."""
        of_all = self.content["document"]["department"] == ""
        chapters = [self._project(), self._bases(), self._land() if of_all else None, self._plans(), self._controls()]
        if of_all:
            chapters += [self._differences(), self._opinions(), self._conditions(), self._conclusion()]
        else:
            chapters += [self._conditions()]
        return [chapter for chapter in chapters if chapter is not None]

    def annexes(self) -> list[Html]:
        """The long tables."""
        content = self.content
        found = [
            self._chapter("annex_parcels", self._parcels()),
            self._chapter("annex_parcel_findings", self._parcel_findings()),
            self._parcel_land() if content["document"]["department"] == "" else None,
            self._chapter("annex_checklist", self._checklist()) if content["checklist"] else None,
            self._chapter("annex_boundary", *self._boundary()),
            self._chapter("annex_versions", self._versions()),
            self._chapter("annex_record", self._record()),
            self._chapter("annex_earlier", self._opinion_table(content["earlier_opinions"], "annex_earlier"))
            if content["earlier_opinions"]
            else None,
            self._chapter("annex_remedy", *remedy_parts(content, self.said)) if content["remedy"] else None,
        ]
        return [annex for annex in found if annex is not None]

    def _chapter(self, heading: str, *parts: object) -> Html:
        return tag("section", tag("h2", self.said[heading]), *parts, id=heading)

    def _table(
        self, caption: str, columns: Sequence[tuple[str, str]], rows: Sequence[Html], *, unit: str | None = None
    ) -> Html:
        """A table by the names of its columns' heads; without rows it says that there is none."""
        if not rows:
            return joined([tag("h3", self.said[caption]), tag("p", self.said["note_none"], class_="none")])
        heads = [self.said[f"column_{head}"] for head, _ in columns]
        note = self.said[unit] if unit else None
        return table(self.said[caption], heads, rows, kinds=[kind for _, kind in columns], note=note)

    def _project(self) -> Html:
        pairs = [
            tag("tr", tag("th", line["title"], scope="row"), tag("td", line["value"] or "–"))
            for line in self.content["project"]["rows"]
        ]
        body = tag("div", tag("table", tag("tbody", *pairs), class_="pairs"), class_="table")
        return self._chapter("chapter_project", body, tag("p", self.content["sentences"]["area"]))

    def _bases(self) -> Html:
        columns = [("number", _N), ("law", "wide"), ("articles", "wide")]
        rows = [
            row(
                [number, item["law"], phrase("said.comma", self.language).join(item["articles"])],
                kinds=[kind for _, kind in columns],
            )
            for number, item in enumerate(self.content["laws"], start=1)
        ]
        return self._chapter("chapter_bases", self._table("table_laws", columns, rows))

    def _land(self) -> Html:
        land = self.content["land"]
        if not land:
            return self._chapter("chapter_land", tag("p", self.said["note_no_survey"]))
        names = land["columns"]
        heads = [self.said["column_ownership"], *(self.said[f"land_{name}"] for name in names)]
        kinds = ["", *([_N] * len(names))]
        lines = [row([line["title"], *(line[name] for name in names)], kinds=kinds) for line in land["rows"]]
        total = [self.said["total"], *(land["total"][name] for name in names)]
        lines.append(row(total, kinds=kinds, class_="total"))
        by_owner = table(self.said["table_land"], heads, lines, kinds=kinds, note=self.said["unit_hectares"])
        columns = [("ownership", ""), ("class", ""), ("class_name", ""), ("group", ""), ("hectares", _N)]
        fields = ("ownership_title", "class", "class_name", "group_title", "hectares")
        classes = [
            row([line[name] for name in fields], kinds=[kind for _, kind in columns]) for line in land["classes"]
        ]
        return self._chapter(
            "chapter_land",
            tag("p", self.content["sentences"]["land"]),
            by_owner,
            self._table("table_classes", columns, classes),
        )

    def _plans(self) -> Html:
        columns = [
            ("line", "some"),
            ("result", ""),
            ("hectares", _N),
            ("share", _N),
            ("verdict", ""),
            ("basis", "wide"),
        ]
        lines = [
            row(
                [
                    line["layer_title"],
                    line["item_title"],
                    line["hectares"],
                    line["share"],
                    self._verdict(line) or line["reason_text"],
                    line["basis"],
                ],
                kinds=[kind for _, kind in columns],
                data_rule=line["rule"],
            )
            for line in self.content["three_lines"]
        ]
        parts: list[Html] = []
        if self.content["document"]["department"] == "" or lines:
            parts.append(self._table("table_three_lines", columns, lines, unit="unit_hectares"))
        for name, rows in self.content["plans"].items():
            if rows or self.content["document"]["department"] == "":
                parts.append(self._rules_table(f"table_{name}", rows))
        return self._chapter("chapter_plans", *parts)

    def _controls(self) -> Html:
        rows = self.content["controls"]
        if not rows:
            return self._chapter("chapter_controls", tag("p", self.said["note_no_conflict"]))
        return self._chapter("chapter_controls", self._rules_table("table_controls", rows))

    def _rules_table(self, caption: str, rows: Sequence[Printed]) -> Html:
        columns = [
            *[("rule", "wide"), ("layer", "some"), ("result", ""), ("verdict", ""), ("hectares", _N), ("share", _N)],
            *[("measure", _N), ("basis", "wide"), ("figure", _N)],
        ]
        return self._table(caption, columns, [self._rule_row(line, [kind for _, kind in columns]) for line in rows])

    def _rule_row(self, line: Printed, kinds: Sequence[str], parcel: str | None = None) -> Html:
        on_map = line["state"] in ("conflict", "unknown")
        title = f"{line['title']}*" if line["estimated"] else line["title"]
        where = {"data_rule": line["rule"], "data_parcel": parcel}
        shown = tag("button", title, type="button", class_="find", **where) if on_map else title
        state = (
            self.said["state_not_counted"] if on_map and not line["counted"] else self.said[f"state_{line['state']}"]
        )
        why = "（{}）" if self.language == "zh" else " ({})"
        result = state + (why.format(line["reason_text"]) if line["reason_text"] else "")
        cells = [
            shown,
            " ".join(filter(None, (line["layer_title"], line["version"]))),
            result,
            self._verdict(line),
            line["hectares"],
            line["share"],
            _measure(line),
            line["basis"],
            line["figure"],
        ]
        if parcel is not None:
            cells.insert(0, parcel)
        return row(cells, kinds=kinds, class_="finding" if on_map else None, **(where if on_map else {}))

    def _verdict(self, line: Printed) -> Html | None:
        """Sign and word in the verdict's colour; nothing where there is no verdict."""
        if not line.get("verdict"):
            return None
        words_ = f"{line['verdict_sign']} {line['verdict_title']}"
        return tag("span", words_, class_=f"verdict {line['verdict']}")

    def _differences(self) -> Html:
        lines = self.content["differences"]
        if not lines:
            return self._chapter("chapter_differences", tag("p", self.said["note_differences"]))
        columns = [("number", _N), ("spot", "some"), ("type", ""), ("use_a", ""), ("use_b", ""), ("hectares", _N)]
        columns += [("decision", "")]
        rows = [
            row(
                [
                    number,
                    f"{line['spot']} {line['pair']}",
                    f"{line['type']} {line['type_title']}",
                    *[line["use_a"] or "–", line["use_b"] or "–", line["hectares"], line["decision"] or "–"],
                ],
                kinds=[kind for _, kind in columns],
            )
            for number, line in enumerate(lines, start=1)
        ]
        return self._chapter("chapter_differences", self._table("table_differences", columns, rows))

    def _opinions(self) -> Html:
        return self._chapter("chapter_opinions", self._opinion_table(self.content["opinions"], "table_opinions"))

    def _opinion_table(self, opinions: Sequence[Printed], caption: str) -> Html:
        columns = [
            *[("round", _N), ("department", "some"), ("conclusion", ""), ("opinion", "text"), ("basis", "wide")],
            *[("state", ""), ("signed_by", ""), ("signed_on", "")],
        ]
        fields = ["round", "unit", "conclusion_title", "text", "basis", "state_title", "signed_by", "signed_on"]
        rows = [row([line[name] for name in fields], kinds=[kind for _, kind in columns]) for line in opinions]
        return self._table(caption, columns, rows)

    def _conditions(self) -> Html:
        columns = [("number", _N), ("department", "some"), ("condition", "text"), ("state", "")]
        rows = [
            row(
                [number, line["unit"], line["text"], self.said[f"opinion_{line['state']}"]],
                kinds=[kind for _, kind in columns],
            )
            for number, line in enumerate(self.content["conditions"], start=1)
        ]
        heads = [("assessment", "wide"), ("department", "some"), ("required", ""), ("because", "")]
        owed = [
            row([line["title"], line["unit"], self.said[f"assessment_{line['state']}"], "；".join(line["because"])])
            for line in self.content["assessments"]
        ]
        return self._chapter(
            "chapter_conditions",
            self._table("table_conditions", columns, rows),
            self._table("table_assessments", heads, owed),
        )

    def _conclusion(self) -> Html:
        names = ("before", "after", "reason", "by", "on")
        columns = [("parcel", "id"), ("rule", "wide"), *((name, "") for name in names)]
        rows = [
            row(
                [
                    line["parcel"],
                    line["title"],
                    line["before_title"],
                    self._verdict(line),
                    line["reason"],
                    line["by"],
                    line["on"],
                ]
            )
            for line in self.content["overrides"]
        ]
        overrides = self._table("table_overrides", columns, rows) if rows else None
        notes = tag("ul", *(tag("li", note) for note in self.content["notes"]), class_="notes")
        paragraphs = [
            tag("p", line) for line in [*self.content["sentences"]["conclusion"], *self.content["sentences"]["stale"]]
        ]
        return self._chapter(
            "chapter_conclusion",
            *paragraphs,
            overrides,
            notes,
            tag("p", self.content["declaration"], class_="declaration"),
        )

    def _parcels(self) -> Html:
        columns = [
            ("parcel", "id"),
            ("verdict", ""),
            ("findings", _N),
            ("unknown_rules", _N),
            ("hectares", _N),
            ("mu", _N),
        ]
        kinds = [kind for _, kind in columns]
        rows = [
            row(
                [
                    tag("button", line["parcel"], type="button", class_="find", data_parcel=line["parcel"]),
                    self._verdict(line),
                    *(line[name] for name in ("findings", "unknown_rules", "hectares", "mu")),
                ],
                kinds=kinds,
                data_parcel=line["parcel"],
            )
            for line in self.content["parcels"]
        ]
        totals = self.content["totals"]
        rows.append(
            row([self.said["total"], "", "", "", totals["hectares"], totals["mu"]], kinds=kinds, class_="total")
        )
        return self._table("annex_parcels", columns, rows)

    def _parcel_findings(self) -> Html:
        columns = [
            *[("parcel", "id"), ("rule", "wide"), ("layer", "some"), ("result", ""), ("verdict", ""), ("hectares", _N)],
            *[("share", _N), ("measure", _N), ("basis", "wide"), ("figure", _N)],
        ]
        kinds = [kind for _, kind in columns]
        rows = [self._rule_row(line, kinds, line["parcel"]) for line in self.content["parcel_findings"]]
        return self._table("annex_parcel_findings", columns, rows)

    def _parcel_land(self) -> Html | None:
        land = self.content["land"]
        if not land:
            return None
        names = land["columns"]
        kinds = ["", *([_N] * len(names))]
        heads = [self.said["column_parcel"], *(self.said[f"land_{name}"] for name in names)]
        rows = [row([line["parcel"], *(line[name] for name in names)], kinds=kinds) for line in land["parcels"]]
        body = table(self.said["annex_parcel_land"], heads, rows, kinds=kinds, note=self.said["unit_hectares"])
        return self._chapter("annex_parcel_land", body)

    def _checklist(self) -> Html:
        columns = [(name, "") for name in ("department", "matter", "why", "answer", "by", "on")]
        fields = ("department_title", "title", "reason_text", "answer", "answered_by", "answered_on")
        rows = [row([line[name] for name in fields]) for line in self.content["checklist"]]
        return self._table("annex_checklist", columns, rows)

    def _boundary(self) -> list[Html]:
        said, boundary = self.said, self.content["boundary"]
        kinds = ["", "", _N, _N]
        heads = [said[f"column_{name}"] for name in ("point", "ring", "north", "east")]
        tables = [
            table(
                parcel["parcel"],
                heads,
                [
                    row([point[name] for name in ("label", "ring", "north_m", "east_m")], kinds=kinds)
                    for point in parcel["points"]
                ],
                kinds=kinds,
                note=said["unit_metres"],
            )
            for parcel in boundary["parcels"]
        ]
        return [tag("p", boundary["crs"]), tag("div", *tables, class_="points")]

    def _versions(self) -> Html:
        columns = [
            *[
                ("layer", "some"),
                ("department", "some"),
                ("version", ""),
                ("valid_from", ""),
                ("source", ""),
                ("features", _N),
            ],
            *[("coverage", ""), ("hash", "hash")],
        ]
        rows = [
            row(
                [
                    line["title"],
                    line["department_title"],
                    line["version"] or line["reason_text"],
                    line["valid_from"],
                    line["source"],
                    line["features"],
                    line["coverage_title"],
                    line["hash"],
                ],
                kinds=[kind for _, kind in columns],
            )
            for line in self.content["versions"]
        ]
        return self._table("annex_versions", columns, rows)

    def _record(self) -> Html:
        lines = [
            tag("tr", tag("th", line["title"], scope="row"), tag("td", line["value"], class_="hash"))
            for line in self.content["sentences"]["record"]
        ]
        return tag("div", tag("table", tag("tbody", *lines), class_="pairs"), class_="table")


def _measure(line: Printed) -> str:
    """Length, distance or value: whichever the rule measures besides ground."""
    parts = [("length_m", "{} m"), ("distance_m", "↔ {} m"), ("value", "{}")]
    return " ".join(form.format(line[name]) for name, form in parts if line[name] not in ("", "–"))
