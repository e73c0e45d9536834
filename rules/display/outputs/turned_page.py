"""The page of a recheck: the changed verdicts of cases and checks, and the changes of data and rules behind them."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from onemap.layers.errors import joined_sentences
from onemap.layers.files.atomic_output import atomic_output
from onemap.layers.messages import phrase
from onemap.rules.display.documents.blocks import Block, Document, Section, columns, section_of, table_under
from onemap.rules.display.documents.html_printer import page_of
from onemap.rules.display.maps.verdict_words import verdict_words


def write_turned_page(
    path: Path,
    records: Iterable[Mapping[str, Any]],
    titles: Mapping[str, Mapping[str, str]],
    facts: Mapping[str, str],
    language: str,
    overwrite: bool,
    more: Sequence[Section] = (),
) -> None:
    """Write one page that works offline. records: of `recheck`, cases and runs.

    titles: of rules, layers and packs, by their ids and codes; facts: the library and the day for the head; more:
    sections with the other findings of the night.

    Raises OneMapError out.….
    """
    records = list(records)
    turned_count = sum(bool(record["turned"]) for record in records)
    page = section_of(
        f"{phrase('night.title', language)} · {facts['day']}",
        [
            (phrase("report.library", language), facts["library"]),
            (phrase("report.day", language), facts["day"]),
        ],
        *(
            block
            for record in records
            if record["turned"] or record["problems"]
            for block in _blocks(record, titles, language)
        ),
        lead=phrase("said.recheck", language, count=len(records), turned=turned_count),
    )
    foot = phrase("figures.foot", language, library=facts["library"])
    with atomic_output(path, overwrite, "--page") as part:
        part.write_bytes(page_of(Document(language, foot, (page, *more))))


def _blocks(record: Mapping[str, Any], titles: Mapping[str, Mapping[str, str]], language: str) -> list[Block]:
    """A case or a check: its parcels that turned, what changed behind them, and what kept it from being judged."""
    names = record.get("case") or record.get("run"), record.get("project") or record.get("name")
    name = " ".join(filter(None, names))
    sentences = [joined_sentences(one["message"], one["mend"]) for one in record["problems"]]
    rows = [
        [one["parcel"], *(_verdict(one[side], language) for side in ("from", "to")), _rules(one, titles, language)]
        for one in record["turned"]
    ]
    heads = columns("night", language, {"parcel": 3, "before": 2, "after": 2, "rules": 6})
    blocks = [*table_under(name, heads, rows, language, "\n".join(sentences))]
    changed_inputs = [*record.get("layers", []), *record.get("packs", [])]
    if changed_inputs:
        parts = [[_name(one, titles), one["from"] or "–", one["to"] or "–"] for one in changed_inputs]
        heading = f"{name} · {phrase('night.data', language)}"
        blocks += table_under(
            heading, columns("night", language, {"data": 5, "before": 4, "after": 4}), parts, language
        )
    return blocks


def _rules(turned_parcel: Mapping[str, Any], titles: Mapping[str, Mapping[str, str]], language: str) -> str:
    return phrase("said.comma", language).join(titles["rules"].get(rule, rule) for rule in turned_parcel["rules"])


def _name(changed_input: Mapping[str, Any], titles: Mapping[str, Mapping[str, str]]) -> str:
    """The name of a layer or a pack; without a title its code or id."""
    code, pack = changed_input.get("code"), changed_input.get("id")
    return str(titles["layers"].get(code, code) if code else titles["packs"].get(str(pack), pack))


def _verdict(verdict: str | None, language: str) -> str:
    return verdict_words(verdict, language) if verdict else "–"
