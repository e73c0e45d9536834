"""A name with marks of direction is readable in the dock, and the core recognises it in a question."""

import re
import shutil

import pytest

from onemap.plugin.connection.core_session import Core
from onemap.tests.plugin.small_town import box, wait_for, write_layer

NAME = "DK\u202e\u20671"


@pytest.fixture
def core():
    session = Core()
    yield session
    session.stop()


def answer_of(core, verb, **params):
    answers, refusals = [], []
    request = core.ask(verb, params)
    request.answered.connect(answers.append)
    request.refused.connect(refusals.append)
    wait_for(lambda: answers or refusals)
    assert [str(one) for one in refusals] == []
    return answers[0]


def test_a_turned_name_is_shown_and_asked_about(core, library, town, tmp_path):
    path = shutil.copy(library, tmp_path / "library.gpkg")
    parcels = write_layer(tmp_path / "turned.gpkg", ["DKBH"], [(box(0, 0, 20, 20), NAME)])
    source = answer_of(core, "inspect", source=parcels)
    assert source["layers"][0]["fields"][0]["samples"] == ["DK⟨U+202E⟩⟨U+2067⟩1"]
    run = answer_of(core, "check", library=str(path), parcels=[parcels], id="DKBH")["run"]["id"]
    rule = re.search(r'\[\[rule\]\]\s*id = "([^"]+)"', (town / "pack.toml").read_text(encoding="utf-8"))[1]
    explained = answer_of(core, "explain", library=str(path), run=run, parcel="DK⟨U+202E⟩⟨U+2067⟩1", rule=rule)
    assert "⟨U+202E⟩" in str(explained)
    assert "\u202e" not in str(explained)
