"""The options of a check, for every verb that runs one."""

from collections.abc import Sequence
from datetime import date

from onemap.layers.errors import UsageError
from onemap.layers.ingest.datum_change import given_change
from onemap.layers.ingest.placing import SourceOptions
from onemap.rules.contract.declaration import Values
from onemap.rules.judge.inputs.land_width import LandWidth
from onemap.rules.judge.question.given_facts import GivenFacts, facts_content
from onemap.rules.judge.question.question import CheckOptions


def normalising_options(values: Values) -> SourceOptions:
    """How a source is brought into the library's system, from a verb's values."""
    return SourceOptions(
        crs=values.get("crs"),
        transform=given_change(values.get("transform")),
        fields=values.get("fields") or {},
        repair=bool(values.get("repair")),
    )


def check_options(values: Values, as_of: date | None = None, facts: GivenFacts | None = None) -> CheckOptions:
    """The options of a check from a verb's values.

    as_of: the day of a verb that does not say it.
    facts: of the project, where no file of a verb's says them.
    Raises UsageError usage.value, OneMapError data.….
    """
    if values.get("data"):
        facts = facts_content(values["data"])[1]
    given = values["parcels"]
    first, *more = given if isinstance(given, (list, tuple)) else [given]
    return CheckOptions(
        parcels=first,
        more_parcels=tuple(more),
        unread=tuple(values.get("unread") or ()),
        keep_bad=bool(values.get("keep_bad")),
        layer=values.get("layer"),
        id_field=values.get("id"),
        encoding=values.get("encoding"),
        packs=tuple(values.get("pack") or ()),
        code_system=values.get("code_system"),
        only=tuple(values.get("only") or ()),
        as_of=values.get("as_of") or as_of,
        known_at=values.get("known_at"),
        replaced=_replacements(values.get("replace") or ()),
        facts=facts or GivenFacts(),
        normalising=normalising_options(values),
        land=LandWidth(values.get("land_width") or ""),
    )


def _replacements(given: Sequence[str]) -> dict[str, str]:
    """--replace CODE=FILE, each. Raises UsageError usage.value."""
    replaced: dict[str, str] = {}
    for item in given:
        code, _, file = (part.strip() for part in item.partition("="))
        # Of two files in place of one layer neither is taken in silence.
        if not code or not file or code in replaced:
            raise UsageError("usage.value", field="--replace", value=item)
        replaced[code] = file
    return replaced
