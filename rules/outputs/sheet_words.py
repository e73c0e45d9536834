"""What a sheet says to people: its name, the heads of its columns with their units, and codes in words."""

import json
from collections.abc import Callable, Mapping
from typing import Any

import pandas as pd

from onemap.layers.catalogue.catalogue import named_groups, shipped_catalogue
from onemap.layers.messages import phrase, sentences
from onemap.rules.findings.table import plain_values
from onemap.rules.kinds.reasons import reasons_text

RECORD = "run"  # the table of one row: on a sheet its facts stand one below the other
HECTARES = "hectares"  # the table of contradictions, whose columns are layers
_FACTS = ("attributes", "keys", "before", "after")  # objects of JSON
# What a program wants to know of a row; a person has it in another column, or on another sheet.
_LEFT_OUT = {"spots": ("evidence",), "alternatives": ("departments",), "status": ("shown",)}
_FLAGS = ("counted", "estimated", "assumed", "within_error", "check_differs")
_SPECIAL = "[]:*?/\\"  # what the name of a sheet may not have
_LONGEST_NAME = 31


class SheetWords:
    """The words of sheets in one language."""

    def __init__(self, language: str, rules: Mapping[str, str] | None = None) -> None:
        """rules: their titles by id, for tables that name a rule by its id alone."""
        said = sentences(language)
        self._sheets, self._columns = said["sheet"], said["column"]
        self._language, self._rules = language, rules or {}
        # The same name may be another thing in another table: a share of a parcel, of a unit.
        self._of_table: Mapping[str, Mapping[str, str]] = said["table_column"]
        verdict, flag = said["verdict"].get, {True: phrase("sheet.yes", language), False: phrase("sheet.no", language)}
        department = {code: title[language] for code, title in named_groups()["departments"].items()}.get
        self._words: Mapping[str, Callable[[Any], Any]] = {
            "verdict": verdict,
            "known_verdict": verdict,
            "department": department,
            "reason": lambda codes: reasons_text(codes, language) or None,
            **dict.fromkeys(_FLAGS, flag.get),
        }
        self._words_of = self._special_words(said, department, flag.get)

    def _special_words(
        self, said: Mapping[str, Any], department: Callable[[Any], Any], flag: Callable[[Any], Any]
    ) -> Mapping[str, Mapping[str, Callable[[Any], Any]]]:
        """What codes mean in the tables that have columns of their own."""
        status, verdict = said["reading_status"].get, said["verdict"].get
        type_ = {code: f"{code} {words}" for code, words in said["difference"].items()}.get
        causes = {"cause": said["cause"].get, "decision": said["decision"].get}
        uses = {**dict.fromkeys(("use_a", "use_b"), said["use"].get), "type": type_}
        alternative = {"alternative": said["alternative"].get}
        return {
            "statistics": {"reason": {**said["indicator_reason"], **said["reason"]}.get},
            "status": {"status": status, "reason": status},
            "spots": {**causes, **uses, "conflict": flag},
            "matrix": uses,
            "clusters": causes,
            "changes": {"change": said["changes"].get},
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
            **dict.fromkeys(("turned", "opinions"), dict.fromkeys(("from", "to"), verdict)),
        }

    def _layer(self, code: str) -> str:
        """A layer's title beside its code; the code of one that only this library has."""
        entry = shipped_catalogue().get(code)
        return f"{entry.title[self._language]} {code}" if entry is not None else code

    def name(self, table: str) -> str:
        """What the sheet of a table is called; the table's name where there is no word for it."""
        name = "".join(sign for sign in str(self._sheets.get(table, table)) if sign not in _SPECIAL)
        return name[:_LONGEST_NAME]

    def head(self, column: str, table: str = "") -> str:
        """The head of a table's column, with its unit; the column's name where there is no word for it."""
        own = self._of_table.get(table, {}).get(column)
        return str(own or (self._layer(column) if table == HECTARES else self._columns.get(column, column)))

    def columns(self, table: str, columns: pd.DataFrame) -> pd.DataFrame:
        """A table's columns under their own names, with codes in words; the record of a run as facts, one a row."""
        if table == RECORD and len(columns) == 1:
            kind = sentences(self._language)["run_kind"].get
            facts = [(self.head(str(name)), columns[name].iloc[0]) for name in columns]
            facts = [(head, kind(fact) or fact) if head == self.head("kind") else (head, fact) for head, fact in facts]
            return pd.DataFrame(facts, columns=["fact", "content"], dtype=object)
        said = columns.drop(columns=[name for name in _LEFT_OUT.get(table, ()) if name in columns])
        words = dict(self._words_of.get(table, {}) if table in self._of_table else self._words)
        if "title" not in said:
            words["rule"] = lambda rule: self._rules.get(rule)
        words |= dict.fromkeys(_FACTS, self._facts)
        for name, word in words.items():
            if name in said and said[name].dtype.kind in "Ob":
                values = [None if value is None else word(value) or value for value in plain_values(said[name])]
                said[name] = pd.Series(values, index=said.index, dtype=object)
        return said

    def _facts(self, text: Any) -> str | None:
        """An object of JSON as names and values; None for any other text."""
        try:
            facts = json.loads(text)
        except (TypeError, ValueError):
            return None
        if not isinstance(facts, dict):
            return None
        pairs = (
            phrase("sheet.pair", self._language, name=name, value="–" if value is None else value)
            for name, value in facts.items()
        )
        return phrase("sheet.semicolon", self._language).join(pairs)
