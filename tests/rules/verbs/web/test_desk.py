"""The officer's desk over HTTP: the rows and events of the command line, in both languages."""

import hashlib
import html
import json
import re
import urllib.parse
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pyproj
import pytest
import shapely

from onemap.layers.library.library import open_library
from onemap.rules.review.public_comments import WrittenComment, write_comment
from onemap.tests.conftest import write_layer
from onemap.tests.rules.command import done
from onemap.tests.rules.verbs.web.asked_town import X, Y, geojson, ground
from onemap.tests.rules.verbs.web.web_client import Officer, WebServer, upload

ATTACK = "<script>alert(1)</script>同意"


def officer(server: WebServer, name: str, lang: str = "zh") -> Officer:
    """A person who signed in with the present one-time code."""
    one = Officer(server, code=server.code, name=name, lang=lang)
    server.read_code()
    return one


@pytest.fixture(scope="module")
def officers(server: WebServer) -> tuple[Officer, Officer]:
    return officer(server, "甲"), officer(server, "乙", "en")


@pytest.fixture
def case(library: Path, tmp_path: Path) -> str:
    parcels = write_layer(tmp_path / "p.gpkg", [ground(80, 20, 110, 50)], {"DKBH": ["P"]})
    opened = done("review", "open", library, parcels, "--project", "<b>厂</b>", "--by", "丙").json
    return str(opened["case"])


def opinion_of(library: Path, case: str, department: str = "land") -> dict[str, Any]:
    shown = done("review", "show", library, case).json
    return next(one for one in shown["opinions"] if one["department"] == department)


@pytest.mark.slow
def test_a_case_goes_from_the_desk_to_its_signature(library: Path, officers: Any, case: str):
    first, second = officers
    at, land = f"/cases/{case}", f"/cases/{case}/opinions/land"
    assert first.submit(at, f"{at}/steps/circulate").status == 303
    assert first.submit("/", "/department", department="land").status == 303
    front = first.page("/")
    assert front.index("待本部门办理") < front.index(case) and "&lt;b&gt;厂&lt;/b&gt;" in front and "<b>厂" not in front
    page = first.page(land)
    assert "prohibited" in second.page(land) and "禁止" in page and "600 m²" in page and "第一条" in page
    # A verdict has its colour besides its sign and its word, in the findings as in the list of cases.
    assert '<span class="verdict prohibited">■ 禁止</span>' in page
    assert '<span class="verdict prohibited" title="禁止">■</span>' in first.page("/")
    assert re.search(r"\.prohibited { color: #\w{6}; }", first.page("/site.css"))
    words = {"conclusion": "disagree", "text": ATTACK, "basis": "土地管理法 第四十四条"}
    assert first.submit(land, f"{land}/opine", **words).status == 303
    written = opinion_of(library, case)
    assert (written["drafted_by"], written["text"], written["conclusion"]) == ("甲", ATTACK, "disagree")
    assert html.escape(ATTACK) in second.page(land)
    own = first.submit(land, f"{land}/sign", unanswered="无")
    assert own.status == 409 and 'role="alert"' in own.body.decode()  # whoever wrote it does not sign it
    assert second.submit(land, f"{land}/sign", unanswered="none needed").status == 303
    signed = opinion_of(library, case)
    assert (signed["state"], signed["signed_by"]) == ("signed", "乙")
    history = second.page(at)
    assert all(name in history for name in ("甲", "乙", "丙"))
    assert second.submit(land, f"{land}/return", reason="again").status == 303
    assert opinion_of(library, case)["state"] == "returned"
    assert done("verify", library).json["ok"]


@pytest.mark.slow
def test_who_writes_upon_what_another_changed_is_told_and_loses_no_word(library: Path, officers: Any, case: str):
    first, second = officers
    at, land = f"/cases/{case}", f"/cases/{case}/opinions/land"
    first.submit(at, f"{at}/steps/circulate")
    seen = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', second.page(land)))
    basis = {"conclusion": "disagree", "basis": "法 第一条"}
    assert first.submit(land, f"{land}/opine", text="甲写的", **basis).status == 303
    late = second.ask("POST", f"{land}/opine", **{**seen, **basis, "text": "乙写的"})
    text = late.body.decode()
    assert late.status == 409 and "乙写的</textarea>" in text and "甲写的" in text
    assert opinion_of(library, case)["text"] == "甲写的"


def test_what_was_typed_outlives_a_library_that_is_away(library: Path, officers: Any, case: str, tmp_path: Path):
    one, at, land = officers[0], f"/cases/{case}", f"/cases/{case}/opinions/land"
    one.submit(at, f"{at}/steps/circulate")
    hidden = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', one.page(land)))
    library.rename(tmp_path / "away.gpkg")
    try:
        typed = {"conclusion": "disagree", "basis": "法 第一条", "text": "写了半天"}
        refused = one.ask("POST", f"{land}/opine", **{**hidden, **typed})
        assert refused.status >= 400 and f'<a href="{land}">' in refused.body.decode()
        assert one.ask("GET", land).status >= 400  # looked at once more while it is away
    finally:
        (tmp_path / "away.gpkg").rename(library)
    assert "写了半天</textarea>" in one.page(land) and "写了半天" not in one.page(land)


def test_a_form_of_another_session_is_refused(library: Path, officers: Any, case: str):
    first, second = officers
    at = f"/cases/{case}"
    key = re.search(r'form_key" value="([^"]*)', first.page(at))[1]
    for fields in ({"form_key": key}, {"form_key": ""}, {}):
        assert second.ask("POST", f"{at}/steps/circulate", **fields).status == 403
        assert second.ask("POST", f"{at}/opinions/land/sign", **fields).status == 403
        assert second.ask("POST", "/department", department="land", **fields).status == 403
    assert first.submit(at, f"{at}/steps/issue-all").status == 403
    assert done("review", "show", library, case).json["state"] == "draft"


def test_a_form_that_does_not_say_what_was_shown_is_refused(library: Path, officers: Any, case: str):
    one, at = officers[0], f"/cases/{case}"
    key = re.search(r'form_key" value="([^"]*)', one.page(at))[1]
    for fields in ({}, {"expect": ""}, {"expect": "x"}, {"expect": "-1"}):
        assert one.ask("POST", f"{at}/steps/circulate", form_key=key, **fields).status == 403
    assert done("review", "show", library, case).json["state"] == "draft"


def test_a_step_needs_a_name(server: WebServer, library: Path, case: str):
    nobody, at = officer(server, " "), f"/cases/{case}"
    assert nobody.submit(at, f"{at}/steps/circulate").status == 409
    assert done("review", "show", library, case).json["state"] == "draft"


@pytest.mark.parametrize("name", ["地块.geojson", "【定稿】（公示）地块.geojson"])
def test_a_case_is_opened_on_an_uploaded_file(library: Path, officers: Any, name: str):
    first, _ = officers
    body = json.dumps(geojson({"P": ground(80, 20, 110, 50)})).encode()
    reply = upload(first, name, body, project="新项目")
    assert reply.status == 303, reply.body.decode()
    shown = done("review", "show", library, reply.headers["location"].removeprefix("/cases/")).json
    assert (shown["project"], shown["opened_by"], shown["verdicts"]["prohibited"]) == ("新项目", "甲", 1)


def test_a_case_is_opened_on_a_route_of_a_stated_width(library: Path, officers: Any):
    first, _ = officers
    line = shapely.LineString([(X + 80, Y + 30), (X + 110, Y + 30)])
    degrees = shapely.transform(
        line, pyproj.Transformer.from_crs(4547, 4326, always_xy=True).transform, interleaved=False
    )
    feature = {"type": "Feature", "properties": {}, "geometry": shapely.geometry.mapping(degrees)}
    body = json.dumps({"type": "FeatureCollection", "features": [feature]}).encode()
    refused = upload(first, "线路.geojson", body, project="线路")
    assert refused.status == 400 and "“线、点的用地宽度" in refused.body.decode()
    reply = upload(first, "线路.geojson", body, project="线路", land_width="20")
    assert reply.status == 303, reply.body.decode()
    shown = done("review", "show", library, reply.headers["location"].removeprefix("/cases/"), "--ground").json
    assert shown["verdicts"]["prohibited"] == 1


def corners_of(shape: shapely.Polygon) -> str:
    return "\n".join(f"{x} {y}" for x, y in list(shape.exterior.coords)[:-1])


def test_a_case_is_opened_on_corners_and_its_next_round_too(library: Path, officers: Any):
    first, _ = officers
    both = f"{corners_of(ground(80, 20, 110, 50))}\n\n{corners_of(ground(300, 300, 310, 320)).replace(' ', '，')}\n"
    reply = first.submit("/open", "/open", project="界址点", corners=both, crs="EPSG:4547")
    assert reply.status == 303, reply.body.decode()
    at = reply.headers["location"]
    shown = done("review", "show", library, at.removeprefix("/cases/"), "--ground").json
    assert (shown["verdicts"]["prohibited"], len(shown["ground"]["parcels"])) == (1, 2)
    remark = "每行前一个数读作东坐标"  # of the step, as on the command line, and so told once
    assert remark in first.page(at) and remark not in first.page(at)
    to_degrees = pyproj.Transformer.from_crs(4547, 4326, always_xy=True)
    drawn = "\n".join(
        "{:.9f}° {:.9f}°".format(*to_degrees.transform(x, y)) for x, y in ground(110, 20, 140, 50).exterior.coords[:-1]
    )
    page = first.page(f"{at}?{urllib.parse.urlencode({'corners': drawn, 'crs': 'EPSG:4326'})}")
    assert html.escape(drawn.splitlines()[0]) in page and 'value="EPSG:4326"' in page
    reply = first.submit(at, f"{at}/steps/revise", corners=drawn, crs="EPSG:4326", reason="避让")
    assert reply.status == 303, reply.body.decode()
    shown = done("review", "show", library, at.removeprefix("/cases/"), "--ground").json
    assert (shown["round"], shown["verdicts"]["prohibited"]) == (2, 0)
    box = shapely.from_geojson(json.dumps(shown["ground"]["parcels"][0]["geometry"])).bounds
    assert box[:2] == pytest.approx(to_degrees.transform(X + 110, Y + 20), abs=1e-7)


def test_the_desk_lists_cases_by_state_and_text(library: Path, officers: Any, case: str):
    first, second = officers
    found = first.page(f"/?{urllib.parse.urlencode({'list': 'draft', 'find': case})}")
    assert f'href="/cases/{case}"' in found and "草稿 (1)" in found and f'value="{case}"' in found
    assert f'href="/cases/{case}"' not in first.page("/?list=issued")
    nothing = second.page(f"/?{urllib.parse.urlencode({'list': 'nix', 'find': '<i>nowhere', 'page': '9'})}")
    assert "All cases (0)" in nothing and "There is no case." in nothing and "&lt;i&gt;nowhere" in nothing
    assert first.ask("GET", "/?page=-1").status == 200
    beyond = first.ask("GET", f"/?{urllib.parse.urlencode({'list': 'draft', 'find': case, 'page': '9'})}")
    assert beyond.status == 303  # and not a page that says that there is no case
    assert f'href="/cases/{case}"' in first.page(beyond.headers["location"])


def test_the_facts_of_a_project_stand_on_its_pages(library: Path, officers: Any, tmp_path: Path):
    data = tmp_path / "data.toml"
    data.write_text('developer = "<b>某局</b>"\ncontent = "厂房一座"\n', encoding="utf-8")
    parcels = write_layer(tmp_path / "p.gpkg", [ground(80, 20, 110, 50)], {"DKBH": ["P"]})
    opened = done("review", "open", library, parcels, "--project", "厂", "--by", "丙", "--data", data).json
    first, second = officers
    for page in (first.page(f"/cases/{opened['case']}"), first.page(f"/cases/{opened['case']}/opinions/land")):
        assert "<dt>建设单位</dt><dd>&lt;b&gt;某局&lt;/b&gt;</dd><dt>建设内容及规模</dt><dd>厂房一座</dd>" in page
    assert "<dt>Developer</dt>" in second.page(f"/cases/{opened['case']}")


@pytest.mark.parametrize(
    ("corners", "crs", "refusal"),
    [
        ("500000 4200000\n500010 4200000", "EPSG:4547", "地块 1 只有 2 个界址点"),
        ("500000 4200000\n500010 4200000\n<1>", "EPSG:4547", "第 3 行“&lt;1&gt;”不是界址点"),
        ("1e5 2\n3 4\n5 6", "EPSG:4547", "第 1 行“1e5 2”不是界址点"),
        ("114.1° 38.1°\n114.2° 38.1°\n114.2° 38.2°", "", "没有坐标系"),
        ("114.1 38.1\n114.2 38.1\n114.2 38.2", "EPSG:4490", "也可能是度.分秒"),
        ("500000 4200000\n500010 4200010\n500010 4200000\n500000 4200010", "EPSG:4547", "图形无效"),
    ],
)
def test_corners_that_are_no_parcel_are_refused_in_words(
    library: Path, officers: Any, corners: str, crs: str, refusal: str
):
    first, _ = officers
    before = len(done("review", "list", library).json["cases"])
    reply = first.submit("/open", "/open", project="界址点", corners=corners, crs=crs)
    text = reply.body.decode()
    assert reply.status == 400 and refusal in text and html.escape(corners.splitlines()[0]) in text
    body = json.dumps(geojson({"P": ground(80, 20, 110, 50)})).encode()
    twice = upload(first, "p.geojson", body, project="两种", corners=corners)
    assert twice.status == 400 and "同时给出了地块文件和界址点坐标" in twice.body.decode()
    assert len(done("review", "list", library).json["cases"]) == before


@pytest.mark.parametrize(
    ("name", "body"),
    [
        ("../../etc/passwd", b"x"),
        (".hidden", b"x"),
        ("地" * 100 + ".geojson", b"x"),
        ("p.geojson", b""),
        ("p.geojson", b"{"),
        ("p.gpkg", b"SQLite format 3\x00" + b"\xff" * 500),
        ("p.vrt", b"<OGRVRTDataSource><OGRVRTLayer name='x'><SrcDataSource>/etc/passwd</SrcDataSource></OGRVRTLayer>"),
    ],
)
def test_a_file_that_is_none_is_refused_in_words(library: Path, officers: Any, name: str, body: bytes):
    first, _ = officers
    before = len(done("review", "list", library).json["cases"])
    reply = upload(first, name, body, project="<i>坏</i>")
    text = reply.body.decode()
    assert reply.status == 400 and 'role="alert"' in text and "&lt;i&gt;坏" in text and "onemap-answer-" not in text
    assert len(done("review", "list", library).json["cases"]) == before


def test_what_lies_here_is_told_as_rows(officers: Any):
    _, second = officers
    page = second.page(f"/here?x={X + 50}&y={Y + 50}")
    assert "f1" in page and "2024" in page
    assert 'role="alert"' in second.ask("GET", "/here?x=far&y=1").body.decode()


def test_what_is_not_there_is_told_in_the_reader_s_language(officers: Any, case: str):
    first, second = officers
    of_case = ("opinions/none", "statement.exe", "comments", f"files/{'0' * 64}")
    for path in ("/cases/none", *(f"/cases/{case}/{what}" for what in of_case)):
        assert first.ask("GET", path).status == 404
        assert "Refused" in second.ask("GET", path).body.decode()
    for path, status in (("/nowhere", 404), (f"/cases/{case}/steps/circulate", 405)):
        reply = second.ask("GET", path)
        assert reply.status == status and "There is no such page" in reply.body.decode()
    large = upload(second, "p.gpkg", bytes(5_000_001), project="x")
    assert large.status == 413 and "at most 5 MB are taken at once" in large.body.decode()
    many = upload(second, "p.gpkg", b"x", more=[("attach", f"{number}.txt", b"x") for number in range(11)], project="x")
    assert many.status == 400 and "at most 11 files" in many.body.decode()


def test_the_map_shows_the_parcels_and_what_was_found_and_runs_nothing(officers: Any, case: str):
    first, _ = officers
    texts = {}
    for path in ("", "/opinions/land", "/opinions/water"):
        reply = first.ask("GET", f"/cases/{case}{path}/map.svg")
        assert reply.status == 200 and reply.headers["content-type"] == "image/svg+xml"
        texts[path] = reply.body.decode()
        names = {element.tag.rpartition("}")[2] for element in ElementTree.fromstring(texts[path]).iter()}
        assert not names & {"script", "foreignObject", "image", "a"}
    assert all("&lt;b&gt;厂&lt;/b&gt;" in text for text in texts.values())
    assert "禁止" in texts[""] and "禁止" in texts["/opinions/land"] and "禁止" not in texts["/opinions/water"]
    page = first.page(f"/cases/{case}/opinions/land")
    assert f'src="/cases/{case}/opinions/land/map.svg"' in page
    assert first.ask("GET", "/cases/none/map.svg").status == 404


@pytest.mark.slow
def test_every_page_of_a_rehearsal_s_library_says_so(officers: Any, case: str, tmp_path: Path):
    rehearsed = tmp_path / "rehearsed.gpkg"
    done("new", rehearsed, "--crs", "EPSG:4547", "--rehearsal")
    server = WebServer(rehearsed)
    try:
        one = officer(server, "甲")
        assert "演练：此库仅供演练预审" in one.page("/open"), "also before anything was asked of the library"
        assert all("演练：此库仅供演练预审" in one.page(path) for path in ("/", "/map", "/here"))
    finally:
        server.end()
    assert all("演练" not in officers[0].page(path) for path in ("/", "/map", f"/cases/{case}"))


@pytest.mark.slow
def test_documents_are_those_of_the_command_line_and_are_kept_rather_than_shown(officers: Any, case: str):
    first, _ = officers
    for path, begins in (("opinions/land/opinion.docx", b"PK"), ("opinions/land/opinion.html", b"<!DOCTYPE html>")):
        reply = first.ask("GET", f"/cases/{case}/{path}")
        assert reply.status == 200 and reply.body.startswith(begins)
        assert reply.headers["content-disposition"].startswith("attachment")


def test_a_department_judges_otherwise_and_the_lead_gives_more_days(library: Path, officers: Any, case: str):
    first, second = officers
    at, land = f"/cases/{case}", f"/cases/{case}/opinions/land"
    first.submit(at, f"{at}/steps/circulate")
    finding = html.unescape(re.search(r'<option value="([^"]*)"', first.page(land).partition('name="finding"')[2])[1])
    assert json.loads(finding) == ["P", "zone", "prohibited"]
    judged = {"finding": finding, "verdict": "consult"}
    refused = first.submit(land, f"{land}/override", **judged, reason=" ")
    assert refused.status == 409 and 'role="alert"' in refused.body.decode()
    assert first.submit(land, f"{land}/override", **judged, reason="<i>实测</i>").status == 303
    shown = done("review", "show", library, case).json
    assert [(one["before"], one["verdict"], one["by"]) for one in shown["overrides"]] == [
        ("prohibited", "consult", "甲")
    ]
    drawn = json.loads(first.ask("GET", f"{at}/map.geojson").body)["features"]
    verdicts = {one["properties"]["verdict"] for one in drawn}
    assert "consult" in verdicts and "prohibited" not in verdicts  # the map shows what people judged
    page = second.page(land)
    assert re.search("prohibited → . consult", page) and "&lt;i&gt;实测" in page
    water = f"{at}/opinions/water"
    assert first.submit(water, f"{water}/override", **judged, reason="x").status == 403  # not this department's rule
    due = opinion_of(library, case)["due"]
    assert first.submit(land, f"{land}/extend", days="3", reason="补充调查").status == 303
    assert opinion_of(library, case)["due"] > due
    assert first.submit(at, f"{at}/steps/extend", days="-1", reason="x").status == 409
    for text, shown in ((first.page(at), "“汇总”"), (second.page(at), "“Consolidate”")):  # why it is no time to issue
        words = re.sub(r'(name="form_key" value)="[^"]*"', r"\1", text)  # which may hold -- by chance
        assert shown in text and not re.search(r"review (consolidate|show|sign)|--[a-z]+", words)
    page = second.page(f"{at}/recheck")
    assert "0 changes" in page and "实测" not in page  # the changes alone, and not the whole case
    logged = done("history", library).json["rows"][-1]
    assert (logged["action"], logged["subject"], logged["who"]) == ("review.recheck", case, "乙")
    assert first.submit(at, f"{at}/steps/withdraw", reason="撤回").status == 303
    assert done("review", "show", library, case).json["state"] == "withdrawn"


def test_a_new_round_and_attachments_are_sent_as_files(library: Path, officers: Any):
    first, _ = officers
    body = json.dumps(geojson({"P": ground(80, 20, 110, 50)})).encode()
    paper = ("attach", "说明.pdf", b"%PDF-1.4 x")
    reply = upload(first, "p.geojson", body, more=(paper,), project="附件")
    assert reply.status == 303, reply.body.decode()
    at = reply.headers["location"]
    shown = done("review", "show", library, at.removeprefix("/cases/")).json
    assert shown["files"] == [{"name": "说明.pdf", "hash": hashlib.sha256(paper[2]).hexdigest()}]
    assert shown["files"][0]["hash"] in first.page(at)
    kept = first.ask("GET", f"{at}/files/{shown['files'][0]['hash']}")
    assert (kept.status, kept.body, kept.headers["content-type"]) == (200, paper[2], "application/octet-stream")
    named = f"attachment; filename*=UTF-8''{urllib.parse.quote('说明.pdf')}"
    assert (kept.headers["content-disposition"], kept.headers["x-content-type-options"]) == (named, "nosniff")
    sheets = first.ask("GET", f"{at}/sheets.html")
    assert sheets.status == 200 and "用地查询表" in sheets.body.decode() and f"{at}/sheets.pdf" in first.page(at)
    assert first.ask("GET", f"{at}/sheets.json").status == 404
    moved = json.dumps(geojson({"P": ground(110, 20, 140, 50)})).encode()
    reply = upload(first, "p.geojson", moved, to=f"{at}/steps/revise", page=at, reason="避让")
    assert reply.status == 303, reply.body.decode()
    shown = done("review", "show", library, at.removeprefix("/cases/")).json
    assert shown["round"] == 2 and shown["verdicts"]["prohibited"] == 0


def test_a_notice_is_opened_answered_and_closed(library: Path, officers: Any, case: str):
    first, second = officers
    at = f"/cases/{case}"
    first.submit(at, f"{at}/steps/circulate")
    page = second.page(at)
    assert 'name="withhold.location"' in page and "Opinion of Land" in page and f"{at}/comments" not in page
    left_out = {"withhold.location": "yes", "withhold.land": "yes"}
    refused = second.submit(at, f"{at}/steps/notice", days="0", **left_out)
    text = refused.body.decode()
    assert refused.status == 409 and 'name="withhold.land" value="yes" checked' in text
    assert second.submit(at, f"{at}/steps/notice", days="7", **left_out).status == 303
    notice = done("review", "show", library, case).json["notices"][-1]
    assert notice["open"] and notice["withheld"] == ["land", "location"]
    assert "尚无意见" in first.page(f"{at}/comments")
    with open_library(str(library)) as opened:
        write_comment(opened, case, 1, WrittenComment("<b>太吵</b>", "张三", "城北"))
    shown = first.page(f"{at}/comments")
    assert "&lt;b&gt;太吵" in shown and "张三 · 城北" in shown and f"{at}/comments" in first.page(at)
    of_it = {"comment": "1", "notice": "1"}
    empty = first.submit(f"{at}/comments", f"{at}/comments/respond", **of_it, text=" ")
    assert empty.status == 409 and 'role="alert"' in empty.body.decode()
    reply = first.submit(f"{at}/comments", f"{at}/comments/respond", **of_it, text="已<i>采纳</i>")
    assert (reply.status, reply.headers["location"]) == (303, f"{at}/comments?notice=1")
    assert "已&lt;i&gt;采纳" in second.page(f"{at}/comments")
    assert first.submit(f"{at}/comments", f"{at}/comments/erase", **of_it, reason="本人要求").status == 303
    assert "张三" not in first.page(f"{at}/comments")
    assert first.submit(at, f"{at}/steps/close").status == 409  # before its last day is over only with a reason
    assert first.submit(at, f"{at}/steps/close", reason="提前").status == 303
    closed = done("review", "show", library, case).json["notices"][-1]
    assert (closed["open"], closed["comments"], closed["replied"]) == (False, 1, 1)
    assert second.submit(at, f"{at}/steps/notice", days="7").status == 303
    assert "太吵" not in first.page(f"{at}/comments") and f"{at}/comments?notice=1" in first.page(at)
    assert "太吵" in first.page(f"{at}/comments?notice=1")
    assert first.ask("GET", f"{at}/comments?notice=3").status == 404
    assert done("verify", library).json["ok"]
