"""Options in sentences as who has no command line knows them: arguments of Python, values in JSON."""

import pytest

from onemap.rules.contract.argument_names import as_arguments, as_inputs


@pytest.mark.parametrize(
    ("text", "in_python", "in_json"),
    [
        ("Give --as-of a day.", "Give as_of= a day.", "Give as_of a day."),
        ("Write --as-of 2026-12-01.", "Write as_of=2026-12-01.", "Write as_of: 2026-12-01."),
        ("请用 --sure 确认。", "请用 sure=True 确认。", "请用 sure 确认。"),
        ("Use --as CODE.", "Use code=CODE.", "Use as: CODE."),
        ("See onemap check --help.", "See help(onemap.Library.check).", "See onemap check --help."),
        ("Three---dashes and a-b--c stay.", "Three---dashes and a-b--c stay.", "Three---dashes and a-b--c stay."),
    ],
)
def test_options_have_the_names_of_the_door(text: str, in_python: str, in_json: str):
    assert (as_arguments(text, {"sure"}), as_inputs(text)) == (in_python, in_json)
