"""The packs that a caller names, or a library's own, and the fields of its layers that their rules use."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any

from onemap.layers.errors import OneMapError
from onemap.layers.library.library import Library
from onemap.rules.judge.packs.pack import Pack, joined_rules, pack_head, pack_text, pack_texts, parse_packs
from onemap.rules.judge.packs.pack_slips import refuse_slips
from onemap.rules.judge.packs.rule import Rule


def packs_of(
    library: Library, pack_names: Sequence[str], code_system: str | None = None, day: date | None = None
) -> list[Pack]:
    """The named packs, or the library's packs if none is named.

    code_system: the codes by which parcels name their use, instead of those that the packs state.
    day: the day on which named packs judge, today by default: none of their laws may be repealed on it.
    Raises OneMapError pack.…, rule.….
    """
    catalogue = library.catalogue()
    if pack_names:
        texts = pack_texts(pack_names)
    else:
        texts = [(text, name) if text else pack_text(name) for name, text in library.packs()]
    packs = parse_packs(texts, catalogue, code_system, are_kept=not pack_names)
    if pack_names:
        refuse_slips(packs, day or date.today())
    return packs


def packs_as_if(library: Library, drafts: Sequence[str], code_system: str | None = None) -> list[Pack]:
    """The library's packs as if some drafts were in force. drafts: files or names of packs, in their order.

    Raises OneMapError pack.…, rule.….
    """
    catalogue, library_packs = library.catalogue(), library.packs()
    texts = [(text, name) if text else pack_text(name) for name, text in library_packs]
    for name in drafts:
        draft = pack_text(name)
        head = pack_head(*draft)
        place = place_of_pack(library_packs, head)
        library_packs[place : place + 1], texts[place : place + 1] = [(head["id"], draft[0])], [draft]
    packs = parse_packs(texts, catalogue, code_system, are_kept=True)
    joined_rules(packs, strictly=True)
    return packs


def place_of_pack(
    library_packs: Sequence[tuple[str, str | None]],
    head: Mapping[str, Any],
    instead: str | None = None,
    library: str = "",
) -> int:
    """The position of a pack among a library's packs: that of the same id, else of its origin, else the end.

    head: its table [pack]; instead: the id of the pack that it replaces; library: as errors name it. Raises OneMapError
    pack.no_such.
    """
    ids = [name for name, _ in library_packs]
    if instead is not None and instead not in ids:
        raise OneMapError("pack.no_such", file=library, field="--instead", value=instead, known=ids)
    names = [instead] if instead is not None else [head["id"], head.get("origin", {}).get("id")]
    return next((ids.index(name) for name in names if name in ids), len(ids))


def required_fields(library: Library, code: str) -> list[str]:
    """The fields of a layer that the rules of a library's packs use to decide. Raises as joined_rules."""
    return fields_of_layer(joined_rules(packs_of(library, ())), code)


def fields_of_layer(rules: Iterable[Rule], code: str) -> list[str]:
    """The fields of a layer that rules use to decide."""
    deciding = [rule.for_layer(code) for rule in rules if code in rule.layers_named and rule.finds]
    return list(dict.fromkeys(name for rule in deciding for name in rule.layer_fields))
