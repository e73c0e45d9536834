"""The page of a night: which verdicts turned, of which case or check, and what of the data and rules changed."""

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any

from onemap.layers.files.atomic_output import atomic_output
from onemap.layers.messages import phrase

_STYLE = """body{font:15px/1.5 sans-serif;margin:2em auto;max-width:60em;padding:0 1em;color:#222;background:#fff}
table{border-collapse:collapse;width:100%;margin:.5em 0 1em}
td,th{border:1px solid #bbb;padding:.3em .6em;text-align:left}
th{background:#eee}h2{margin:1.5em 0 .2em;font-size:1.15em}p{margin:.3em 0}"""
# Sign and colour of each verdict: never by colour alone.
_LOOKS = {
    "prohibited": ("■", "#B2182B"),
    "restricted": ("▲", "#B34D00"),
    "unknown": ("?", "#6B6B6B"),
    "consult": ("●", "#8A6508"),
    "notice": ("i", "#2B6CB0"),
    "clear": ("✓", "#1A7F37"),
}


def write_turned_page(
    path: Path,
    records: Iterable[Mapping[str, Any]],
    titles: Mapping[str, Mapping[str, str]],
    library: str,
    day: str,
    language: str,
    overwrite: bool,
    more: Sequence[str] = (),
) -> None:
    """One page that works offline. records: of `recheck`, cases and runs; library, day: as its head names them.

    titles: of rules, layers and packs, by their ids and codes.

    more: lines of what else the night has found, the first of them their heading.

    Raises OneMapError out.….
    """
    records = list(records)
    turned = sum(bool(record["turned"]) for record in records)
    head = phrase("said.recheck", language, count=len(records), turned=turned)
    title = escape(f"{phrase('night.title', language)} · {library} · {day}")
    body = "".join(_section(record, titles, language) for record in records if record["turned"] or record["problems"])
    if more:
        body += f"<h2>{escape(more[0])}</h2>" + "".join(f"<p>{escape(line)}</p>" for line in more[1:])
    text = (
        f'<!doctype html>\n<html lang="{language}"><head><meta charset="utf-8"><title>{title}</title>'
        f'<meta name="viewport" content="width=device-width"><style>{_STYLE}</style></head>'
        f"<body><h1>{title}</h1><p>{escape(head)}</p>{body}</body></html>\n"
    )
    with atomic_output(path, overwrite, "--page") as part:
        part.write_text(text, encoding="utf-8")


def _section(record: Mapping[str, Any], titles: Mapping[str, Mapping[str, str]], language: str) -> str:
    """A case or a check: its parcels that turned, what changed behind them, and what kept it from being judged."""
    names = record.get("case") or record.get("run"), record.get("project") or record.get("name")
    name = " ".join(filter(None, names))
    text = f"<h2>{escape(name)}</h2>"
    if record["turned"]:
        rows = [
            (one["parcel"], *(_verdict(one[side], language) for side in ("from", "to")), _rules(one, titles, language))
            for one in record["turned"]
        ]
        cells = [f"<td>{escape(a)}</td><td>{b}</td><td>{c}</td><td>{escape(d)}</td>" for a, b, c, d in rows]
        text += _table(("parcel", "before", "after", "rules"), cells, language)
    changed = [*record.get("layers", []), *record.get("packs", [])]
    if changed:
        parts = [(_name(one, titles), one["from"], one["to"]) for one in changed]
        cells = ["".join(f"<td>{escape(str(part or '–'))}</td>" for part in of_one) for of_one in parts]
        text += _table(("data", "before", "after"), cells, language)
    return text + "".join(f"<p>{escape(one['message'])} {escape(one['mend'] or '')}</p>" for one in record["problems"])


def _rules(turned: Mapping[str, Any], titles: Mapping[str, Mapping[str, str]], language: str) -> str:
    return phrase("said.comma", language).join(titles["rules"].get(rule, rule) for rule in turned["rules"])


def _name(changed: Mapping[str, Any], titles: Mapping[str, Mapping[str, str]]) -> str:
    """What a layer or a pack is called; without a title its code or id."""
    code, pack = changed.get("code"), changed.get("id")
    return str(titles["layers"].get(code, code) if code else titles["packs"].get(str(pack), pack))


def _table(heads: tuple[str, ...], cells: list[str], language: str) -> str:
    head = "".join(f"<th>{escape(phrase(f'night.{name}', language))}</th>" for name in heads)
    return f"<table><tr>{head}</tr>" + "".join(f"<tr>{row}</tr>" for row in cells) + "</table>"


def _verdict(verdict: str | None, language: str) -> str:
    if not verdict:
        return "–"
    sign, colour = _LOOKS[verdict]
    return f'<span style="color:{colour}">{sign} {escape(phrase(f"verdict.{verdict}", language))}</span>'
