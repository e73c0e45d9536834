"""The words of a sheet for people: its name, the heads of its columns with their units, and titles of codes."""

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pandas as pd

from onemap.layers.messages import pair_text, phrase, sentences
from onemap.rules.display.maps.document_areas import moment_text
from onemap.rules.display.outputs.run_sheet import facts_of_run, technical_facts
from onemap.rules.display.outputs.sheet_titles import RECORD, SheetTitles
from onemap.rules.judge.findings.citations import cited_basis
from onemap.rules.judge.findings.findings import OFFICIAL_LAYER
from onemap.rules.judge.findings.table import plain_values
from onemap.rules.judge.kinds.reasons import reasons_text

HECTARES = "hectares"  # the table of contradictions, whose columns are layers
# What a program wants to know of a row; a person has it in another column, or on another sheet.
_LEFT_OUT = {"statistics": ("keys",), "spots": ("evidence",), "alternatives": ("departments",), "status": ("shown",)}
_PLAIN = ("units", "transitions", "classes", "means", "remainder", "log", "log_entries")  # without codes of every table
# What a reader looks for first; the other columns follow as they come.
_FIRST = {
    "parcels": ("parcel", "verdict", "known_verdict", "unknown_rules", "findings", "area_ellipsoidal_m2"),
    "findings": (
        *("parcel", "verdict", "title", "department", "layer_title", "version"),
        *("area_ellipsoidal_m2", "counted_area_m2", "share", "length_m"),
        *("distance_m", "value", "features", "counted", "reason", "basis"),
    ),
    "overlaps": ("parcel", "title", "feature"),
    "spots": ("spot", "type", "conflict", "class_a", "class_b", "use_a", "use_b"),
    "statistics": ("unit_title", "class_name"),
    "units": ("unit_title",),
    "transitions": ("unit_title",),
    "classes": ("unit_title",),
    "sites": ("site", "rank", "verdict", "area_m2", "width_m", "clearance_m", "nearest_title"),
}
# Ids beside their titles: last on the sheet, and folded away until somebody asks for them.
_TECHNICAL = {
    **dict.fromkeys(("findings", "unasked_rules"), ("rule", "layer")),
    **dict.fromkeys(("overlaps", "overlaps_line", "overlaps_point", "composition", "land_classes", "cuts"), ("rule",)),
    "sites": ("nearest_rule",),
    "contradictions": ("matrix", "run"),
    "delivery": ("layer",),
    "delivery_problems": ("layer", "code"),
}
_OF_INDICATORS = ("indicators", "terms", "features", "warnings")  # their columns have heads of their own
_FACTS, _CLASSES = ("keys", "before", "after", "attributes"), ("from", "to")  # objects of JSON
_MOMENTS = ("start", "time", "since", "decision_at", "step_at", "at", "started")
_FLAGS = ("counted", "estimated", "assumed", "within_error", "check_differs")
_SPECIAL = "[]:*?/\\"  # what the name of a sheet may not have
_LONGEST_NAME = 31


class SheetWords:
    """The words of sheets in one language."""

    def __init__(self, language: str, titles: SheetTitles | None = None) -> None:
        """titles: of the ids and codes in the tables."""
        texts = sentences(language)
        self._sheets, self._columns = texts["sheet"], texts["column"]
        self._language, self._titles = language, titles or SheetTitles(language)
        # The same name may be another thing in another table: a share of a parcel, of a unit.
        self._of_table: Mapping[str, Mapping[str, str]] = texts["table_column"]
        self._of_indicators: Mapping[str, str] = texts["indicator_column"]
        verdict, flag = texts["verdict"].get, {True: phrase("sheet.yes", language), False: phrase("sheet.no", language)}
        department = self._titles.department
        self._words: Mapping[str, Callable[[Any], Any]] = {
            "verdict": verdict,
            "known_verdict": verdict,
            "department": department,
            "basis": lambda text: cited_basis(text, language),
            "reason": lambda codes: reasons_text(codes, language) or None,
            "replaced": self._titles.rule,
            "excused_by": self._titles.excuse,
            **dict.fromkeys(_FLAGS, flag.get),
        }
        self._words_of = self._special_words(texts, department, flag.get)

    def _special_words(
        self, texts: Mapping[str, Any], department: Callable[[Any], Any], flag: Callable[[Any], Any]
    ) -> Mapping[str, Mapping[str, Callable[[Any], Any]]]:
        """The words for codes, by table and column, in the tables whose columns have their own."""
        status, verdict = texts["reading_status"].get, texts["verdict"].get
        type_ = {code: f"{code} {words}" for code, words in texts["difference"].items()}.get
        conclusions, comma = texts["conclusion"], phrase("said.comma", self._language)
        causes = {"cause": texts["cause"].get, "decision": texts["decision"].get}
        causes |= {f"{of}_{plan}": self._classes(side) for of in ("class", "code") for side, plan in enumerate("ab")}
        uses = {**dict.fromkeys(("use_a", "use_b"), texts["use"].get), "type": type_}
        alternative = {"alternative": texts["alternative"].get}
        return {
            **dict.fromkeys(_PLAIN, {}),
            "statistics": {"reason": {**texts["indicator_reason"], **texts["reason"]}.get},
            "status": {"status": status, "reason": status},
            "spots": {**causes, **uses, "conflict": flag},
            "matrix": uses,
            "clusters": {**causes, "types": lambda codes: comma.join(type_(code) or code for code in codes.split(","))},
            "changes": {"change": texts["changes"].get},
            "contradictions": {
                **dict.fromkeys(("a", "b"), self._layer),
                **dict.fromkeys(("department_a", "department_b"), department),
            },
            HECTARES: {"layer": self._layer},
            "cuts": {"verdict": verdict},
            "alternatives": {**alternative, "verdict": verdict, "passes": flag},
            "departments": {
                **alternative,
                "department": department,
                **dict.fromkeys(("verdict_before", "verdict_after"), verdict),
            },
            "sites": {"verdict": verdict},
            "totals": {"department": department},
            "turned": {**dict.fromkeys(("from", "to"), verdict), "rules": self._titles.rules},
            "opinions": {
                **dict.fromkeys(("from", "to", "conclusion"), lambda code: conclusions.get(code) or verdict(code)),
                "department": department,
                "state": texts["opinion_state"].get,
            },
        }

    def _classes(self, side: int) -> Callable[[str], str]:
        return lambda codes: self._titles.classes(codes, side)

    def _layer(self, code: str) -> str:
        """A layer's title, followed by its code if another layer has the same title."""
        title = self._titles.layer(code)
        namesakes = [one for one in self._titles.catalogue.values() if one.title_in(self._language) == title]
        return f"{title} {code}" if len(namesakes) > 1 else title

    def name(self, table: str) -> str:
        """The name of the sheet of a table; the table's own name if the messages have none."""
        name = "".join(sign for sign in str(self._sheets.get(table, table)) if sign not in _SPECIAL)
        return name[:_LONGEST_NAME]

    def head(self, column: str, table: str = "") -> str:
        """The head of a table's column, with its unit; the column's own name if the messages have none."""
        heads = self._of_indicators if table in _OF_INDICATORS else self._of_table.get(table, {})
        own = heads.get(column)
        return str(own or (self._layer(column) if table == HECTARES else self._columns.get(column, column)))

    def technical(self, table: str) -> tuple[str, ...]:
        """The columns of a table that only a program needs, by their own names."""
        return _TECHNICAL.get(table, ())

    def technical_sheet(self) -> tuple[str, pd.DataFrame] | None:
        """The name and the rows of the sheet for the record's ids and hashes; None without a record."""
        facts = technical_facts(self._titles)
        frame = pd.DataFrame(facts, columns=["fact", "content"], dtype=object)
        return (phrase("sheet.technical", self._language), frame) if facts else None

    def columns(self, table: str, columns: pd.DataFrame) -> pd.DataFrame:
        """A table's columns under their own names, with codes in words; the record of a run as facts, one a row."""
        if table == RECORD and len(columns) == 1:
            return pd.DataFrame(facts_of_run(self._titles), columns=["fact", "content"], dtype=object)
        frame = columns.drop(columns=[name for name in _LEFT_OUT.get(table, ()) if name in columns])
        for name in (*_FACTS, *(_CLASSES if table in ("transitions", "classes") else ())):
            if name in frame:
                frame = frame.assign(**{name: self._fact_column(frame, name)})
        frame = self._with_titles(table, frame)
        words = dict(self._words_of.get(table, self._words))
        words |= {"pack": self._titles.pack, "fields": self._field_titles, **dict.fromkeys(_MOMENTS, moment_text)}
        for name, word in words.items():
            if name in frame and frame[name].dtype.kind in "Ob":
                values = [None if value is None else word(value) or value for value in plain_values(frame[name])]
                frame = frame.assign(**{name: pd.Series(values, index=frame.index, dtype=object)})
        first, last = _FIRST.get(table, ()), self.technical(table)
        ranks: dict[Any, int] = {**{name: at - len(first) for at, name in enumerate(first)}, **dict.fromkeys(last, 1)}
        names = list(frame)  # of which two may be one title
        return frame.iloc[:, sorted(range(len(names)), key=lambda at: ranks.get(names[at], 0))]

    def _with_titles(self, table: str, columns: pd.DataFrame) -> pd.DataFrame:
        """Insert a column of titles before each column of ids that has none."""
        titles = self._titles
        new_columns: dict[str, tuple[str, Callable[[str], str | None]]] = {}
        if "rule" in self.technical(table) and "title" not in columns:
            new_columns["title"] = "rule", titles.rule
        if "layer" in self.technical(table) and "layer_title" not in columns:
            new_columns["layer_title"] = "layer", titles.layer
        if "unit_title" not in columns and table in _FIRST and "unit_title" in _FIRST[table]:
            new_columns["unit_title"] = "unit", titles.unit
        for new, (name, title) in new_columns.items():
            if name not in columns:
                continue
            title_by_id = {one: title(one) for one in columns[name].dropna().unique()}
            if any(title_by_id.values()) or new != "unit_title":
                columns = columns.copy(deep=False)
                columns.insert(list(columns).index(name), new, columns[name].map(title_by_id.get).astype(object))
        return columns

    def _field_titles(self, names: str) -> str:
        """The titles of fields, separated by commas."""
        return phrase("said.comma", self._language).join(map(self._titles.field, names.split(",")))

    def _fact_column(self, columns: pd.DataFrame, name: str) -> pd.Series:
        """A column of JSON objects as fields and values in words; of a changed feature only the fields that differ."""
        rules: Sequence[Any] = plain_values(columns["rule"]) if "rule" in columns else [None] * len(columns)
        differ: Sequence[Any] = plain_values(columns["fields"]) if "fields" in columns else [None] * len(columns)
        texts: dict[tuple[Any, Any, Any], Any] = {}  # many rows are alike
        rows = list(zip(plain_values(columns[name]), map(self._titles.layer_of, rules), differ, strict=True))
        for row in rows:
            if row not in texts:
                texts[row] = self._facts(name, *row)
        return pd.Series([texts[row] for row in rows], index=columns.index, dtype=object)

    def _facts(self, column: str, text: Any, layer: str | None, differ: str | None) -> Any:
        """A JSON object as names and values; any other text unchanged, and nothing for an empty object."""
        is_class = column in ("keys", *_CLASSES)
        if text is None and is_class:
            return phrase("said.no_feature", self._language)
        facts = _object_of(text)
        if facts is None:  # a code alone is of the layer's own class
            return self._titles.classes(text, 0) if column in _CLASSES else text
        layer = facts.get(OFFICIAL_LAYER, layer)
        if is_class and len(facts) == 1:  # its head says what it is
            return next(self._titles.value(name, value, layer) for name, value in facts.items())
        shown_names = set(differ.split(",")) & set(facts) if differ else set(facts)
        pairs = (
            pair_text(fact_name, value, self._language)
            for fact_name, value in (self._fact(name, facts[name], layer) for name in facts if name in shown_names)
        )
        return phrase("said.semicolon", self._language).join(pairs) or None

    def _fact(self, name: str, value: Any, layer: str | None) -> tuple[str, str]:
        """A field and its value, as people read them."""
        if name == OFFICIAL_LAYER:
            return self._columns[name], self._titles.layer(value) or value
        return self._titles.field(name, layer), self._titles.value(name, value, layer)


def _object_of(text: Any) -> dict[str, Any] | None:
    """The JSON object in a text; None for any other text."""
    try:
        facts = json.loads(text)
    except (TypeError, ValueError):
        return None
    return facts if isinstance(facts, dict) else None
