"""What a sheet says to people: its name, the heads of its columns with their units, and codes in words."""

from collections.abc import Callable, Mapping
from typing import Any

import pandas as pd

from onemap.layers.catalogue.catalogue import named_groups
from onemap.layers.messages import phrase, sentences
from onemap.rules.findings.table import plain_values
from onemap.rules.kinds.reasons import reasons_text

RECORD = "run"  # the table of one row: on a sheet its facts stand one below the other
_FLAGS = ("counted", "estimated", "assumed", "within_error", "check_differs")
_SPECIAL = "[]:*?/\\"  # what the name of a sheet may not have
_LONGEST_NAME = 31


class SheetWords:
    """The words of sheets in one language."""

    def __init__(self, language: str) -> None:
        said = sentences(language)
        self._sheets, self._columns = said["sheet"], said["column"]
        # The same name may be another thing in another table: a share of a parcel, of a unit.
        self._of_table: Mapping[str, Mapping[str, str]] = said["table_column"]
        self._words: Mapping[str, Callable[[Any], Any]] = {
            "verdict": said["verdict"].get,
            "known_verdict": said["verdict"].get,
            "department": {code: title[language] for code, title in named_groups()["departments"].items()}.get,
            "reason": lambda codes: reasons_text(codes, language) or None,
            **dict.fromkeys(_FLAGS, {True: phrase("sheet.yes", language), False: phrase("sheet.no", language)}.get),
        }
        status = said["reading_status"].get
        self._words_of: Mapping[str, Mapping[str, Callable[[Any], Any]]] = {
            "statistics": {"reason": {**said["indicator_reason"], **said["reason"]}.get},
            "status": {"status": status, "reason": status},
            "spots": {"cause": said["cause"].get, "decision": said["decision"].get},
            "clusters": {"cause": said["cause"].get, "decision": said["decision"].get},
            **dict.fromkeys(("turned", "opinions"), {**dict.fromkeys(("from", "to"), said["verdict"].get)}),
        }

    def name(self, table: str) -> str:
        """What the sheet of a table is called; the table's name where there is no word for it."""
        name = "".join(sign for sign in str(self._sheets.get(table, table)) if sign not in _SPECIAL)
        return name[:_LONGEST_NAME]

    def head(self, column: str, table: str = "") -> str:
        """The head of a table's column, with its unit; the column's name where there is no word for it."""
        return str(self._of_table.get(table, {}).get(column) or self._columns.get(column, column))

    def columns(self, table: str, columns: pd.DataFrame) -> pd.DataFrame:
        """A table's columns under their own names, with codes in words; the record of a run as facts, one a row."""
        if table == RECORD and len(columns) == 1:
            facts = [(self.head(str(name)), columns[name].iloc[0]) for name in columns]
            return pd.DataFrame(facts, columns=["fact", "content"], dtype=object)
        said = columns.copy()
        words = self._words_of.get(table, {}) if table in self._of_table else self._words
        for name, word in words.items():
            if name in said and said[name].dtype.kind in "Ob":
                values = [None if value is None else word(value) or value for value in plain_values(said[name])]
                said[name] = pd.Series(values, index=said.index, dtype=object)
        return said
