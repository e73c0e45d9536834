"""The packs that a library has in force: its keeper puts them there in a logged step, and every one is kept."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from onemap.layers.errors import OneMapError
from onemap.layers.library.library import TABLES, Library, keep_fact, log, sha256
from onemap.layers.stores.logged_rows import insert_logged
from onemap.layers.stores.sql_text import Sql
from onemap.rules.judge.packs.library_packs import place_of_pack
from onemap.rules.judge.packs.pack import is_shipped, joined_rules, pack_head, pack_text, parse_packs
from onemap.rules.judge.packs.pack_slips import refuse_slips
from onemap.rules.judge.runs.run_store import keep_texts, stored_texts

ENACT = "pack.enact"  # the action with which the log has it
_KEY = "packs.enacted"  # among the facts of a library
_FIELDS = ("at", "who", "reason", "id", "version", "hash", "replaced", "replaced_version", "replaced_hash")


@dataclass(frozen=True)
class Enactment:
    """A pack that was put in force: when, by whom, why, and which pack it replaced, "" for none."""

    at: str
    who: str
    reason: str
    id: str
    version: str
    hash: str
    replaced: str
    replaced_version: str
    replaced_hash: str


def enactments(library: Library) -> list[Enactment]:
    """The packs that were put in force, oldest first. Raises OneMapError library.damaged."""
    rows = library.connection.execute("SELECT value FROM onemap_library WHERE key = ?", (_KEY,)).fetchall()
    try:
        return [Enactment(**{name: str(one[name]) for name in _FIELDS}) for (text,) in rows for one in json.loads(text)]
    except (ValueError, TypeError, KeyError):
        raise OneMapError("library.damaged", file=library.label, layer="onemap_library", reason=_KEY) from None


def enact(library: Library, new_pack: tuple[str, str], who: str, reason: str, instead: str | None = None) -> Enactment:
    """Put a pack in force: it replaces the pack of its id, of its origin, or `instead`; else it joins the others.

    new_pack: its text, and its name in errors. Raises OneMapError pack.keeper, pack.in_force, pack.no_such, pack.…,
    rule.…, library.….
    """
    text, source = new_pack
    if not library.roles.is_owner:
        raise OneMapError("pack.keeper", file=library.label)
    with library.writing() as connection:
        library_packs = library.packs()
        texts = [(own_text, name) if own_text else pack_text(name) for name, own_text in library_packs]
        catalogue = library.catalogue()
        place = place_of_pack(library_packs, pack_head(text, source), instead, library.label)
        packs = parse_packs([*texts[:place], new_pack, *texts[place + 1 :]], catalogue, are_kept=True)
        joined_rules(packs, strictly=True)
        refuse_slips([packs[place]], date.today())
        pack, former = packs[place], texts[place] if place < len(texts) else None
        if former is not None and sha256(former[0]) == pack.hash:
            raise OneMapError("pack.in_force", file=source, name=pack.id)
        fact = Enactment(
            at=connection.moment(),
            who=who,
            reason=reason,
            id=pack.id,
            version=pack.version,
            hash=pack.hash,
            replaced=library_packs[place][0] if former else "",
            replaced_version=str(pack_head(*former)["version"]) if former else "",
            replaced_hash=sha256(former[0]) if former else "",
        )
        stored_text = None if is_shipped(pack.id) and pack_text(pack.id)[0] == text else text
        anew = Sql("ON CONFLICT (position) DO UPDATE SET id = excluded.id, content = excluded.content")
        insert_logged(connection, TABLES["onemap_packs"], [(place + 1, pack.id, stored_text)], anew)
        keep_texts(connection, [(sha256(one), one) for one in (text, *(former[:1] if former else ()))])
        events = [vars(one) for one in (*enactments(library), fact)]
        keep_fact(connection, _KEY, json.dumps(events, ensure_ascii=False, sort_keys=True))
        detail = {name: value for name, value in vars(fact).items() if name not in ("at", "who")}
        log(connection, who, ENACT, pack.id, detail)
    return fact


def text_of_hash(library: Library, hash_: str) -> str:
    """The text of a pack that was in force, or by which a run was judged. hash_: whole, or its beginning.

    Raises OneMapError pack.no_hash.
    """
    enacted_hashes = {name for one in enactments(library) for name in (one.hash, one.replaced_hash)}
    texts = {name: text for name, text in stored_texts(library).items() if name in enacted_hashes}
    texts |= {sha256(text): text for _, text in library.packs() if text}
    matches = [text for name, text in texts.items() if name.startswith(hash_)]
    if len(matches) != 1 or not hash_:
        raise OneMapError("pack.no_hash", file=library.label, field="--hash", value=hash_)
    return matches[0]


def ids_in_force(library: Library, ids: Sequence[str]) -> set[str]:
    """The packs of a library that have replaced some of its earlier packs."""
    current_ids = set(ids)
    for one in enactments(library):
        if one.replaced in current_ids:
            current_ids = current_ids - {one.replaced} | {one.id}
        elif not one.replaced:
            current_ids |= {one.id}
    return current_ids
