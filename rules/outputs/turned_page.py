"""The page of a night: which verdicts turned, of which case or check, and what of the data and rules changed."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from onemap.layers.errors import joined_sentences
from onemap.layers.files.atomic_output import atomic_output
from onemap.layers.messages import phrase
from onemap.rules.maps.page_files import Page, html_file

Block = dict[str, Any]


def write_turned_page(
    path: Path,
    records: Iterable[Mapping[str, Any]],
    titles: Mapping[str, Mapping[str, str]],
    facts: Mapping[str, str],
    language: str,
    overwrite: bool,
    more: Sequence[tuple[Page, str]] = (),
) -> None:
    """One page that works offline. records: of `recheck`, cases and runs.

    titles: of rules, layers and packs, by their ids and codes; facts: library and day, as its head says them.

    more: pages of what else the night has found, each with its chart.

    Raises OneMapError out.….
    """
    records = list(records)
    turned = sum(bool(record["turned"]) for record in records)
    page = {
        "title": f"{phrase('night.title', language)} · {facts['day']}",
        "lead": phrase("said.recheck", language, count=len(records), turned=turned),
        "facts": [
            [phrase("report.library", language), facts["library"]],
            [phrase("report.day", language), facts["day"]],
        ],
        "blocks": [
            block
            for record in records
            if record["turned"] or record["problems"]
            for block in _blocks(record, titles, language)
        ],
    }
    pages, charts = [page, *(one for one, _ in more)], ["", *(chart for _, chart in more)]
    foot = phrase("figures.foot", language, library=facts["library"])
    with atomic_output(path, overwrite, "--page") as part:
        part.write_bytes(html_file(pages, charts, foot, language))


def _blocks(record: Mapping[str, Any], titles: Mapping[str, Mapping[str, str]], language: str) -> list[Block]:
    """A case or a check: its parcels that turned, what changed behind them, and what kept it from being judged."""
    names = record.get("case") or record.get("run"), record.get("project") or record.get("name")
    name = " ".join(filter(None, names))
    sentences = [joined_sentences(one["message"], one["mend"]) for one in record["problems"]]
    rows = [
        [one["parcel"], *(_verdict(one[side], language) for side in ("from", "to")), _rules(one, titles, language)]
        for one in record["turned"]
    ]
    blocks = [_block(name, ("parcel", "before", "after", "rules"), rows, (3, 2, 2, 6), "\n".join(sentences), language)]
    changed = [*record.get("layers", []), *record.get("packs", [])]
    if changed:
        parts = [[_name(one, titles), one["from"] or "–", one["to"] or "–"] for one in changed]
        heading = f"{name} · {phrase('night.data', language)}"
        blocks.append(_block(heading, ("data", "before", "after"), parts, (5, 4, 4), "", language))
    return blocks


def _block(
    heading: str, heads: Sequence[str], rows: list[list[str]], widths: Sequence[float], note: str, language: str
) -> Block:
    return {
        "heading": heading,
        "heads": [phrase(f"night.{name}", language) for name in heads],
        "rows": rows,
        "widths": list(widths),
        "numbers": [],
        "note": note or None,
    }


def _rules(turned: Mapping[str, Any], titles: Mapping[str, Mapping[str, str]], language: str) -> str:
    return phrase("said.comma", language).join(titles["rules"].get(rule, rule) for rule in turned["rules"])


def _name(changed: Mapping[str, Any], titles: Mapping[str, Mapping[str, str]]) -> str:
    """What a layer or a pack is called; without a title its code or id."""
    code, pack = changed.get("code"), changed.get("id")
    return str(titles["layers"].get(code, code) if code else titles["packs"].get(str(pack), pack))


def _verdict(verdict: str | None, language: str) -> str:
    return f"{phrase(f'sign.{verdict}', language)} {phrase(f'verdict.{verdict}', language)}" if verdict else "–"
