"""The packs that are named, or those of a library, and the fields of its layers that their rules use."""

from collections.abc import Iterable, Sequence
from datetime import date

from onemap.layers.library.library import Library
from onemap.rules.judge.packs.laws import check_laws
from onemap.rules.judge.packs.pack import Pack, joined_rules, pack_text, parse_packs
from onemap.rules.judge.packs.rule import Rule


def packs_of(library: Library, named: Sequence[str], code_system: str | None = None) -> list[Pack]:
    """The named packs, or the library's packs if none is named.

    code_system: by which codes parcels name their use, in place of what the packs say.
    Raises OneMapError pack.…, rule.….
    """
    catalogue = library.catalogue()
    if named:
        texts = [pack_text(name) for name in named]
    else:
        texts = [(text, name) if text else pack_text(name) for name, text in library.packs()]
    packs = parse_packs(texts, catalogue, code_system, are_kept=not named)
    if named:
        check_laws(packs, date.today())
    return packs


def required_fields(packs: Sequence[Pack], code: str) -> list[str]:
    """The fields of a layer that the rules of these packs use to decide. Raises as joined_rules."""
    return fields_of_layer(joined_rules(packs), code)


def fields_of_layer(rules: Iterable[Rule], code: str) -> list[str]:
    """The fields of a layer that rules use to decide."""
    deciding = [rule.judging_by(code) for rule in rules if code in rule.layers_named and rule.finds]
    return list(dict.fromkeys(name for rule in deciding for name in rule.layer_fields))
