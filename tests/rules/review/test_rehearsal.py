"""A library for rehearsals accepts any day, and all its results are marked as rehearsals."""

import json
import subprocess
import sys
import zipfile

import pytest

from onemap.layers.messages import LANGUAGES
from onemap.rules.verbs.commands.command_line import main
from onemap.tests.conftest import ROOT
from onemap.tests.rules.command import command, done

WORD = {"zh": "演练", "en": "rehearsal"}


def test_every_answer_about_a_rehearsal_says_so_and_no_other(town, real_town):
    case, real = town.open(on="2031-03-03"), real_town.open(on=None)
    for verb, *more in (("layers",), ("review", "list"), ("history",), ("verify",), ("review", "publish", "--by", "a")):
        words = [verb, *more]
        at = 2 if verb == "review" else 1
        assert command(*words[:at], town.library, *words[at:]).json["rehearsal"] is True, words
        assert "rehearsal" not in command(*words[:at], real_town.library, *words[at:]).json, words
    assert done("review", "show", town.library, case).json["rehearsal"] is True
    assert "rehearsal" not in done("review", "show", real_town.library, real).json
    assert done("inspect", town.folder / "FARM.gpkg").json.get("rehearsal") is None


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_text_of_every_verb_begins_with_the_word(town, language, capsys):
    town.open()
    capsys.readouterr()
    for words in (["layers"], ["review", "list"], ["verify"], ["history"]):
        assert main([*words, str(town.library), "--lang", language]) == 0
        assert WORD[language] in capsys.readouterr().out.splitlines()[0].lower()


@pytest.mark.slow
def test_a_session_that_goes_on_says_it_of_each_answer(town, real_town):
    core = [sys.executable, "-I", "-X", "utf8", str(ROOT / "__main__.py"), "serve", "--lang", "en"]
    asked = [town.library, real_town.library, town.library, real_town.library]
    lines = [
        json.dumps({"jsonrpc": "2.0", "id": number, "method": "layers", "params": {"library": str(library)}})
        for number, library in enumerate(asked)
    ]
    with subprocess.Popen(core, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8") as session:
        answers = {}
        for line in lines:
            session.stdin.write(line + "\n")
            session.stdin.flush()
        while len(answers) < len(asked):
            answer = json.loads(session.stdout.readline())
            if "result" in answer:
                answers[answer["id"]] = answer["result"]
        session.stdin.close()
    assert [answers[number].get("rehearsal") for number in range(4)] == [True, None, True, None]


@pytest.mark.slow
def test_a_rehearsal_has_no_real_number_and_its_documents_bear_the_word(town, walk):
    case = walk("issued")
    assert town.show(case, "2026-03-05")["document"] == "演练城预审〔2026〕1号"
    target = town.folder / "case.json"
    done("review", "export", town.library, case, target)
    content = json.loads(target.read_text(encoding="utf-8"))
    assert (content["rehearsal"], content["document"]["mark"]) == (True, "Rehearsal")
    for kind in ("report", "statement", "opinion", "reply"):
        department = ("--department", "land") if kind in ("opinion", "reply") else ()
        page, word = town.folder / f"{kind}.html", town.folder / f"{kind}.docx"
        for file in (page, word):
            done("review", "export", town.library, case, file, "--document", kind, *department)
        assert '<strong class="mark">Rehearsal' in page.read_text(encoding="utf-8"), kind
        with zipfile.ZipFile(word) as package:
            assert "Rehearsal" in package.read("word/document.xml").decode(), kind


def test_a_copy_of_a_rehearsal_is_one(town, tmp_path):
    copy = tmp_path / "copy.gpkg"
    assert done("copy", town.library, copy).json["rehearsal"] is True
    assert done("layers", copy).json["rehearsal"] is True


def test_a_new_library_is_real_unless_asked_otherwise(tmp_path):
    made = [
        done("new", tmp_path / f"{n}.gpkg", "--crs", "EPSG:4547", *more).json
        for n, more in enumerate(((), ("--rehearsal",)))
    ]
    assert [answer.get("rehearsal") for answer in made] == [None, True]


def test_a_run_and_a_published_project_of_a_rehearsal_bear_the_word(town):
    run = done("check", town.library, town.parcels(), "--pack", town.pack()).json["run"]
    assert "演练 rehearsal" in run["parameters"]["library"]
    project = town.folder / "city.qgz"
    assert done("publish", town.library, project).json["rehearsal"] is True
    with zipfile.ZipFile(project) as package:
        text = next(package.read(name).decode() for name in package.namelist() if name.endswith(".qgs"))
    assert "演练 rehearsal · town" in text
