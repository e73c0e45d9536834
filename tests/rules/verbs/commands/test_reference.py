"""The reference in docs/ matches the declarations, and every parameter is explained in both languages."""

import pytest

from onemap.layers.messages import LANGUAGES
from onemap.rules.contract.verb_help import help_text
from onemap.rules.verbs.commands.reference import DOCS, VERB_TABLE, reference, verb_table
from onemap.rules.verbs.commands.verbs import DOORS, VERBS

WRITE_ANEW = "write it anew: python3 build.py reference"


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_reference_is_what_the_declarations_say(language):
    written = (DOCS / f"reference.{language}.md").read_text(encoding="utf-8")
    assert written == reference(language), WRITE_ANEW


def test_the_plugin_s_table_of_verbs_is_what_the_declarations_say():
    assert VERB_TABLE.read_text(encoding="utf-8") == verb_table(), WRITE_ANEW


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_verb_and_parameter_is_explained(language):
    unexplained = [
        (verb.name, name)
        for verb in (*VERBS.values(), *DOORS.values())
        for name in ("verb", *(parameter.name for parameter in verb.parameters))
        if not help_text(verb.name, name, language)
    ]
    assert unexplained == []


def test_every_verb_that_writes_tables_names_their_forms():
    places = [(verb.name, one) for verb in VERBS.values() for one in verb.parameters if one.metavar == "PATH"]
    assert [name for name, one in places if one.name == "out" and not one.forms] == []
    assert {"remedy", "review remedy"} <= {name for name, _ in places}
