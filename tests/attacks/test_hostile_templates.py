"""Templates that would run programs, read files, never end or fill the memory: each is named with its place."""

import socket
import threading
import zipfile
from pathlib import Path

import pytest
from docx import Document

from onemap.rules.maps import typst_pages
from onemap.rules.statement import template_environment
from onemap.tests.rules.command import command
from onemap.tests.rules.statement.bureau import Bureau, bureau_in

PROGRAMS = (
    "{{ ''.__class__.__mro__ }}",
    "{{ ''['__class__']['__mro__'][1]['__subclasses__']() }}",
    "{{ project.name.__class__.__base__.__subclasses__() }}",
    "{{ project|attr('__class__') }}",
    "{{ (project.name ~ '{0.__class__}').format(1) }}",
    "{{ [project]|map(attribute='__class__')|list }}",
    "{{ parcels.append(1) }}",
    "{{ figures[0].image.tpl.save('stolen.docx') }}",
    "{{ lipsum.__globals__.os.system('touch stolen') }}",
    "{{ cycler.__init__.__globals__ }}",
    "{{ self.__init__.__globals__ }}",
    "{% include 'report.docx' %}",
    "{% import 'x' as x %}",
    "{% extends 'x' %}",
    "{% macro a() %}{{ a() }}{% endmacro %}",
    "{% set x = project.name %}",
    "{% for a in parcels recursive %}{{ loop(parcels) }}{% endfor %}",
)
BOMBS = (
    "{% for i in range(10**9) %}x{% endfor %}",
    "{% for i in range(99999) %}{% for j in range(99999) %}{% endfor %}{% endfor %}",
    "{% for i in range(1000000000) %}{% endfor %}",
    "{{ 'a' * 10**10 }}",
    "{{ 'a' * 10000000000 }}",
    "{{ '%1000000000d' % 1 }}",
    "{{ 'a'|center(1000000000) }}",
    "{{ 'aaaaaaaaaa'" + "|replace('a', 'aaaaaaaaaa')" * 9 + " }}",
    "{% for a in 'aaaaaaaaaa' %}" * 9 + "{{ project.name }}" + "{% endfor %}" * 9,
    "{{ lipsum(1000000) }}",
)
CODES = {"statement.template_forbidden", "statement.template_large", "statement.template_field"}


@pytest.fixture(scope="module")
def bureau(tmp_path_factory: pytest.TempPathFactory) -> Bureau:
    return bureau_in(tmp_path_factory.mktemp("bureau"))


@pytest.fixture
def own(tmp_path: Path) -> Path:
    folder = tmp_path / "templates"
    folder.mkdir()
    return folder


def refusal_of(bureau, own: Path, target: Path) -> dict:
    answer = command("review", "export", bureau.library, bureau.one, target, "--templates", own)
    assert answer.code == 3, answer.json
    assert not target.exists()
    return answer.json["problems"][0]


@pytest.mark.slow
@pytest.mark.parametrize("text", [*PROGRAMS, *BOMBS])
def test_a_template_runs_no_program_and_comes_to_an_end(bureau, own, tmp_path, monkeypatch, text):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(template_environment, "MOST_S", 2.0)
    document = Document()
    document.add_paragraph("{{ project.name }}")
    document.add_paragraph(text)
    document.save(str(own / "report.docx"))
    problem = refusal_of(bureau, own, tmp_path / "a.docx")
    assert problem["code"] in {*CODES, "statement.template_syntax"}
    assert problem["file"] == "report.docx"
    assert "paragraph 2" in problem["message"]
    assert {path.name for path in tmp_path.iterdir()} == {"templates"}


def test_what_fails_while_it_is_filled_in_is_named_with_its_place(bureau, own, tmp_path):
    document = Document()
    document.add_paragraph("{{ project.name }}")
    document.add_paragraph("{{ 1 / 0 }}")
    document.save(str(own / "report.docx"))
    problem = refusal_of(bureau, own, tmp_path / "a.docx")
    assert problem["code"] == "statement.template_syntax"
    assert "paragraph 2" in problem["message"]
    assert "division" in problem["message"]


def test_a_program_outside_the_text_is_refused_too(bureau, own, tmp_path):
    document = Document()
    document.add_paragraph("{{ project.name }}")
    document.core_properties.title = "{{ ''.__class__.__mro__ }}"
    document.save(str(own / "report.docx"))
    assert refusal_of(bureau, own, tmp_path / "a.docx")["code"] == "statement.template_forbidden"


def test_a_program_in_an_attribute_is_refused_too(bureau, own, tmp_path):
    document = Document()
    paragraph = document.add_paragraph("{{ project.name }}")
    paragraph._element.set("x", "{{ ''.__class__.__mro__ }}")
    document.save(str(own / "report.docx"))
    assert refusal_of(bureau, own, tmp_path / "a.docx")["code"] == "statement.template_forbidden"


def test_a_packed_bomb_is_refused_before_it_is_unpacked(bureau, own, tmp_path):
    Document().save(str(own / "report.docx"))
    with zipfile.ZipFile(own / "report.docx", "a", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("word/media/bomb.bin", b"\0" * 300_000_000)
    assert refusal_of(bureau, own, tmp_path / "a.docx")["code"] == "statement.template"


def test_filters_conditions_and_loops_still_work(bureau, own):
    document = Document()
    text = "{% for row in parcels %}{{ loop.index }}{{ ',' if not loop.last }}{% endfor %}"
    document.add_paragraph(text + "{{ ['a', 'b']|join('-') }}{{ 'x'|replace('x', 'y') }}{{ 2 * 3 }}{{ 7 % 4 }}")
    document.save(str(own / "report.docx"))
    written = Document(str(bureau.export("good.docx", bureau.one, templates=own)))
    assert written.paragraphs[0].text == "1a-by63"


# --- typst


@pytest.mark.slow
@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("#for a in range(100000) { for b in range(100000) { let x = a } }", None),
        ('#let a = "a" * 100000000\n#for i in range(1000) { a = a + a }\n#a', None),
        ('#read("/etc/passwd")', "statement.typ:2:6"),
        ('#read("../../../../../../etc/passwd")', "statement.typ:2:6"),
        ('#let f(x) = x + 1\n#f("a")', "statement.typ:2:12"),
    ],
)
def test_a_template_for_pdf_ends_and_reads_nothing_else(bureau, own, tmp_path, monkeypatch, text, place):
    if place is None:  # a mistake is told however slow the machine is
        monkeypatch.setattr(typst_pages, "MOST_S", 3.0)
    monkeypatch.setattr(typst_pages, "MOST_BYTES", 1 << 30)
    (own / "statement.typ").write_text(f"// our own\n{text}", encoding="utf-8")
    problem = refusal_of(bureau, own, tmp_path / "a.pdf")
    assert problem["code"] == ("statement.template" if place else "statement.template_large")
    assert (place or "statement.typ") in problem["message"]


def test_a_template_for_pdf_gets_no_package(bureau, own, tmp_path, monkeypatch):
    calls = []
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(20)

        def listen() -> None:
            try:
                connection, _ = server.accept()
            except OSError:
                return
            calls.append(connection.recv(100))
            connection.close()

        threading.Thread(target=listen, daemon=True).start()
        for name in ("https_proxy", "HTTPS_PROXY", "all_proxy"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{server.getsockname()[1]}")
        for name in ("@preview/cetz:0.2.2", "@local/bureau:1.0.0"):
            (own / "statement.typ").write_text(f'#import "{name}": *', encoding="utf-8")
            assert refusal_of(bureau, own, tmp_path / "a.pdf")["code"] == "statement.template"
    assert calls == []


def test_a_bureau_s_own_template_for_pdf_is_set(bureau, own):
    (own / "statement.typ").write_text('#let d = json("content.json")\n#d.project.name', encoding="utf-8")
    assert bureau.export("own.pdf", bureau.one, templates=own).read_bytes().startswith(b"%PDF")
