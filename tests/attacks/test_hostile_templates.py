"""Templates that would run programs, read files, never end or fill the memory are named with the place."""

import socket
import threading
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from docx import Document
from docx.oxml import OxmlElement
from docx.oxml.ns import qn

from onemap.rules.display.maps import typst_pages
from onemap.rules.review.statement import template_environment
from onemap.tests.rules.command import command
from onemap.tests.rules.review.statement.bureau import Bureau, bureau_in

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
    saved_template(own, text)
    problem = refusal_of(bureau, own, tmp_path / "a.docx")
    assert problem["code"] in {*CODES, "statement.template_syntax"}
    assert problem["file"] == "report.docx"
    assert "paragraph 2" in problem["message"]
    assert {path.name for path in tmp_path.iterdir()} == {"templates"}


@pytest.mark.parametrize(
    "text",
    [
        *("{{ blocks.imprint }}", "一{{p blocks.imprint }}", "{{p blocks.imprint|upper }}"),
        *("{{p blocks['imprint'] }}", "{% for one in [blocks.imprint] %}{{ one }}{% endfor %}"),
    ],
)
def test_a_block_that_does_not_stand_alone_is_refused(bureau, own, tmp_path, text):
    saved_template(own, text)
    problem = refusal_of(bureau, own, tmp_path / "a.docx")
    assert (problem["code"], "paragraph 2" in problem["message"]) == ("statement.template_block", True)


@pytest.mark.parametrize("place", ["cell", "footer"])
def test_a_block_in_a_table_or_a_foot_is_refused(bureau, own, tmp_path, place):
    document = Document()
    cell, foot = document.add_table(rows=1, cols=1).cell(0, 0), document.sections[0].footer
    (cell if place == "cell" else foot).paragraphs[0].text = "{{p blocks.imprint }}"
    document.save(str(own / "report.docx"))
    assert refusal_of(bureau, own, tmp_path / "a.docx")["code"] == "statement.template_block"


def test_what_fails_while_it_is_filled_in_is_named_with_its_place(bureau, own, tmp_path):
    saved_template(own, "{{ 1 / 0 }}")
    problem = refusal_of(bureau, own, tmp_path / "a.docx")
    assert problem["code"] == "statement.template_syntax"
    assert "paragraph 2" in problem["message"]
    assert "division" in problem["message"]


@pytest.mark.slow
@pytest.mark.parametrize("place", ["title", "attribute"])
def test_a_program_outside_the_text_is_refused_too(bureau, own, tmp_path, place):
    document, program = saved_template(own), "{{ ''.__class__.__mro__ }}"
    if place == "title":
        document.core_properties.title = program
    else:
        document.paragraphs[0]._element.set("x", program)
    document.save(str(own / "report.docx"))
    assert refusal_of(bureau, own, tmp_path / "a.docx")["code"] == "statement.template_forbidden"


@pytest.mark.slow
def test_a_packed_bomb_is_refused_before_it_is_unpacked(bureau, own, tmp_path):
    Document().save(str(own / "report.docx"))
    with zipfile.ZipFile(own / "report.docx", "a", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("word/media/bomb.bin", b"\0" * 300_000_000)
    assert refusal_of(bureau, own, tmp_path / "a.docx")["code"] == "statement.template"


RELATION = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
STRICT = "http://purl.oclc.org/ooxml/officeDocument/relationships"


def with_relation(path: Path, kind: str, target: str, part: str = "settings", mode: str = "External") -> None:
    """Give a part of a document a relation."""
    name, line = (
        f"word/_rels/{part}.xml.rels",
        f'<Relationship Id="rIdX" Type="{kind}" Target="{target}" TargetMode="{mode}"/>',
    )
    change_part(path, name, lambda text: text.replace("</Relationships>", f"{line}</Relationships>"))


def change_part(path: Path, name: str, change: Callable[[str], str]) -> None:
    """Change the text of a part, or make one of relations."""
    with zipfile.ZipFile(path) as packed:
        parts = {one: packed.read(one) for one in packed.namelist()}
    empty = '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"></Relationships>'
    parts[name] = change(parts.get(name, empty.encode()).decode()).encode()
    with zipfile.ZipFile(path, "w") as packed:
        for one, content in parts.items():
            packed.writestr(one, content)


def add_field(paragraph: Any, *codes: str, simple: bool = False) -> None:
    """A field at the end of a paragraph, its code split over several runs; a list of codes is a nested field."""
    if simple:
        field = OxmlElement("w:fldSimple")
        field.set(qn("w:instr"), codes[0])
        paragraph._p.append(field)
        return
    for kind in ("begin", *codes, "separate", "end"):
        run = paragraph.add_run()
        if isinstance(kind, list):
            add_field(paragraph, *kind)
        elif kind in ("begin", "separate", "end"):
            mark = OxmlElement("w:fldChar")
            mark.set(qn("w:fldCharType"), kind)
            run._r.append(mark)
        else:
            text = OxmlElement("w:instrText")
            text.text = kind
            run._r.append(text)


def saved_template(own: Path, *texts: str) -> Any:
    document = Document()
    for text in ("{{ project.name }}", *texts):
        document.add_paragraph(text)
    document.sections[0].footer.paragraphs[0].add_run("1")
    document.save(str(own / "report.docx"))
    return document


@pytest.mark.parametrize(
    ("kind", "target"),
    [
        (f"{RELATION}/attachedTemplate", "https://example.com/a.dotm"),
        (f"{STRICT}/attachedTemplate", "file:///C:/Users/a/a.dotx"),
        (f"{RELATION}/attachedTemplate", "\\\\host\\share\\a.dotm"),
        (f"{RELATION}/image", "https://example.com/seen.png"),
        (f"{RELATION}/oleObject", "file:///a.xlsx"),
        (f"{RELATION}/subDocument", "file:///a.docx"),
        (f"{RELATION}/mailMergeSource", "file:///a.mdb"),
        (f"{RELATION}/frame", "https://example.com/"),
        (f"{RELATION}/hyperlink", "file:////host/share/a.exe"),
        (f"{RELATION}/hyperlink", "ms-msdt:/id"),
    ],
)
@pytest.mark.parametrize("part", ["settings", "document", "footer1"])
def test_a_template_that_takes_something_from_outside_is_refused(bureau, own, tmp_path, kind, target, part):
    saved_template(own)
    with_relation(own / "report.docx", kind, target, part)
    problem = refusal_of(bureau, own, tmp_path / "a.docx")
    assert problem["code"] in ("statement.template_link", "statement.template_macro")
    assert f"word/_rels/{part}.xml.rels" in problem["message"]
    assert problem["mend"]
    assert "host" not in problem["message"] + problem["mend"]


@pytest.mark.slow
@pytest.mark.parametrize(
    "codes",
    [
        ('DDEAUTO excel "a" "b"',),
        ("dde c:\\\\windows\\\\system32\\\\cmd.exe",),
        ("DD", "EAUTO", " cmd"),
        (" INCLUDETEXT ", '"https://example.com/a.docx"'),
        ('INCLUDEPICTURE "https://example.com/a.png" \\d',),
        ("LINK Excel.Sheet a.xlsx",),
        ('DATABASE \\d "a.mdb"',),
        ("MACROBUTTON AutoOpen x",),
        ("RD a.docx",),
        ('HYPERLINK "file:////host/a.exe"',),
        (["QUOTE 68 68 69 65 85 84 79"], " cmd"),
        ("IF 1 = 1 ", ["DDEAUTO cmd"]),
        ("D", ["IF 1 = 1 DE"], " cmd"),
        ("{{ project.name }}",),
    ],
)
@pytest.mark.parametrize("simple", [False, True])
def test_a_field_that_acts_is_refused_wherever_it_stands(bureau, own, tmp_path, codes, simple):
    if simple and len(codes) > 1:
        pytest.skip("a simple field has one code")
    for place in ("body", "footer"):
        document = saved_template(own)
        foot = document.sections[0].footer.paragraphs[0]
        add_field(document.paragraphs[0] if place == "body" else foot, *codes, simple=simple)
        document.save(str(own / "report.docx"))
        problem = refusal_of(bureau, own, tmp_path / "a.docx")
        assert problem["code"] == "statement.template_action"
        assert ("word/document.xml" if place == "body" else "word/footer1.xml") in problem["message"]


@pytest.mark.parametrize("part", ["word/vbaProject.bin", "word/activeX/activeX1.xml", "word/embeddings/oleObject1.bin"])
def test_a_program_among_the_parts_is_refused(bureau, own, tmp_path, part):
    saved_template(own)
    with zipfile.ZipFile(own / "report.docx", "a") as packed:
        packed.writestr(part, b"x")
    problem = refusal_of(bureau, own, tmp_path / "a.docx")
    assert (problem["code"], part in problem["message"]) == ("statement.template_macro", True)


KIND = "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"
MACRO = "application/vnd.ms-word.document.macroEnabled.main+xml"
MERGE = '<w:mailMerge><w:query w:val="SELECT"/></w:mailMerge></w:settings>'


@pytest.mark.parametrize(
    ("part", "old", "new", "code"),
    [
        ("[Content_Types].xml", KIND, MACRO, "statement.template_macro"),
        ("word/settings.xml", "</w:settings>", MERGE, "statement.template_link"),
    ],
)
def test_macros_under_another_name_and_a_merge_with_data_are_refused(bureau, own, tmp_path, part, old, new, code):
    saved_template(own)
    change_part(own / "report.docx", part, lambda text: text.replace(old, new))
    assert refusal_of(bureau, own, tmp_path / "a.docx")["code"] == code


def test_a_part_that_stands_twice_is_refused(bureau, own, tmp_path):
    saved_template(own)
    with pytest.warns(UserWarning, match="Duplicate"), zipfile.ZipFile(own / "report.docx", "a") as packed:
        packed.writestr("word/document.xml", packed.read("word/document.xml"))
    assert refusal_of(bureau, own, tmp_path / "a.docx")["code"] == "statement.template"


@pytest.mark.slow
def test_page_numbers_dates_contents_and_links_to_pages_stay(bureau, own):
    document = saved_template(own)
    paragraph = document.add_paragraph()
    for codes in (("PAGE",), (" NUMPAGES \\* Arabic ",), ('TOC \\o "1-3" \\h',), ("DA", 'TE \\@ "yyyy-MM-dd"')):
        add_field(paragraph, *codes)
    add_field(paragraph, 'HYPERLINK "https://example.com/"')
    add_field(paragraph, "HYPERLINK \\l _Toc1")
    add_field(paragraph, "IF ", ["PAGE"], " = 1 a b")
    add_field(paragraph, "STYLEREF 1", simple=True)
    document.save(str(own / "report.docx"))
    with_relation(own / "report.docx", f"{RELATION}/hyperlink", "https://example.com/law", "document")
    made = bureau.export("own.docx", bureau.one, templates=own)
    with zipfile.ZipFile(made) as packed:
        text = packed.read("word/document.xml").decode()
    assert all(word in text for word in ("NUMPAGES", "TOC", "STYLEREF"))


@pytest.mark.slow
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
        monkeypatch.setattr(typst_pages, "MOST_S", 1.0 if "let x" in text else 3.0)
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
