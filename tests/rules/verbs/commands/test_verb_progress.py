"""The progress of every verb: a share that never goes back and ends at one, and steps in the run's language."""

import contextlib
import io
import json
import re
import shutil
from pathlib import Path
from typing import Any

import geopandas as gpd
import pytest

from onemap.rules.verbs.commands.command_line import main
from onemap.rules.verbs.commands.verbs import VERBS

LAYERS = {"XZQ", "DLTB", "YJJBNTTB", "STBHHX", "TDGHDL", "KGDK", "GHDK", "WLWJD", "JCSJ", "DEM"}
# A walk through all verbs; {…}: the city, its library, another library, and what an answer before has named.
PARCELS = 40  # of the city: as many as say how far a check is
WALK = """
new {library} --crs EPSG:4547 --district {city}/district.gpkg
new {other} --crs EPSG:4547 --district {city}/district.gpkg
inspect {city}/国土/国土空间数据.gdb
add {library}
service {library} 影像 --type wms --url https://example.org/wms --layer dom --department land
layers {library}
check {library} {city}/parcels.gpkg --out {folder}/check.gpkg
check {library} {city}/parcels.gpkg --against {check}
check {library} {city}/parcels.gpkg --scheduler local --workers 2
explain {library} {check} {parcel} {rule}
runs {library}
compare {library} TDGHDL KGDK
comparison {library} {compare} {folder}/report.docx
atlas {library} {compare} {folder}/atlas.pdf --most 2
decide {library} {spot} discuss --reason 待议 --by 张三
spots {library} {compare}
contradictions {library} --only KGDK
remedy {library} {city}/redline.txt --move 20
sites {library} --area 5000 --project YDXZ=0701
identify {library} 540000 4213000
tile {library} YJJBNTTB 12 3381 1590
find {library} 清源
publish {library} {folder}/project.qgz
statistics {library} DLTB --by DLBM --within XZQ --page {folder}/statistics.html
transitions {library} DLTB@2020 DLTB@2023 --by DLBM
indicators {library} --unit XZQ
themes {library}
warnings {library} --keep
warning list {library}
warning step {library} {warning} notified --reason 已通知 --by 张三
readings {library} --at 2026-01-07T00:00:00
changes {library} STBHHX 2023 2025 --run {check}
ingest {other} {city}/林业 --covers district --each
answers {other}
deliver {library} {folder}/pack.zip --layers STBHHX --to 林业局
receive {other} {folder}/pack.zip
sheet {library} {city}/redline.txt {folder}/sheets.pdf
review open {library} {city}/redline.txt --project 试验 --attach {city}/district.gpkg --by 张三
review list {library}
review show {library} {case} --out {folder}/case.gpkg
review circulate {library} {case} --by 张三
review opine {library} {case} reform --conclusion agree --text 同意 --by 李四
review return {library} {case} reform --reason 重写 --by 张三
review opine {library} {case} reform --conclusion agree --text 同意 --by 李四
review sign {library} {case} reform --by 王五 --unanswered 另行核实
review override {library} {case} {case_parcel} {case_rule} --verdict notice --reason 已调整 --by 张三
review extend {library} {case} --days 2 --reason 假期 --by 张三
review notice {library} {case} --days 7 --by 张三
review comments {library} {case}
review close {library} {case} --reason 提前结束 --by 张三
review recheck {library} {case}
review remedy {library} {case} --by 张三
review export {library} {case} {folder}/report2.docx
review sheet {library} {case} {folder}/case_sheets.pdf
review attachment {library} {case} district.gpkg {folder}/attached.gpkg
review revise {library} {case} {city}/redline.txt --by 张三
review withdraw {library} {case} --reason 撤回 --by 张三
review publish {library}
recheck {library} --open --run {check} --warnings
retire {library} STBHHX 2025 --reason 误增 --by 张三
retire {library} STBHHX 2025 --undo --reason 无误 --by 张三
history {library}
verify {library} --run {check}
copy {library} {folder}/copy.gpkg
upgrade {folder}/copy.gpkg
keep {library} --head {folder}/head.json
profile {library}
calendar {library}
district {library}
facts {library}
laws
prove city-preliminary sample-ordinance
pack copy city-preliminary {folder}/own.toml --id own
pack show {folder}/own.toml
pack change {folder}/own.toml --set review:days=9
pack differences {folder}/own.toml
pack send {folder}/own.toml {folder}/own.zip
pack receive {folder}/own.zip {received}
pack enact {other} {folder}/own.toml --reason 试行 --by 张三
pack versions {other}
sample {folder}/sent --delivery
validate {folder}/sent --template municipal-plan
words
redline {city}/redline.txt {folder}/redline.gpkg
self-test
"""
# These need all ten signatures, or a comment of the public, and say nothing of progress.
BEYOND_THE_WALK = {"review consolidate", "review issue", "review respond", "review erase"}


class Walker:
    """Runs verbs one after the other, and remembers by what name later ones call what came of the earlier."""

    def __init__(self, folder: Path) -> None:
        self.names: dict[str, Any] = {
            "folder": folder,
            "city": folder / "city",
            "library": folder / "city.gpkg",
            "other": folder / "other.gpkg",
            "received": folder / "received",
        }

    def walk(self, line: str) -> list[tuple[float, str]]:
        """Run a line of the walk; return the reported shares and steps."""
        if line.startswith("add "):
            return self._add_layers()
        words = line.format(**self.names).split(" ")
        answer, shares_and_steps = self.run(*words)
        self._remember(words, answer)
        return shares_and_steps

    def run(self, *words: object) -> tuple[dict[str, Any], list[tuple[float, str]]]:
        out, err = io.TextIOWrapper(io.BytesIO(), encoding="utf-8"), io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            code = main([*map(str, words), "--json", "--lang", "zh", "--progress", "json"])
        out.flush()
        answer = json.loads(out.buffer.getvalue())
        assert code in (0, 4), (words, answer)  # a recheck may tell that something turned
        lines = map(json.loads, filter(None, err.getvalue().splitlines()))
        return answer, [(line["progress"], line["step"]) for line in lines]

    def _add_layers(self) -> list[tuple[float, str]]:
        city, shares_and_steps = self.names["city"], []
        for layer in json.loads((city / "layers.json").read_text(encoding="utf-8")):
            if layer["code"] not in LAYERS:
                continue
            options = []
            for name, value in layer.get("options", {}).items():
                text = ",".join(f"{a}={b}" for a, b in value.items()) if isinstance(value, dict) else value
                text = city / text if name == "covers" and text not in ("district", "extent") else text
                options.append(f"--{name.replace('_', '-')}" + ("" if value is True else f"={text}"))
            _, shares_and_steps = self.run(
                "add", self.names["library"], city / layer["file"], "--as", layer["code"], *options
            )
            assert_steady(layer["code"], shares_and_steps)
        return shares_and_steps

    def _remember(self, words: list[str], answer: dict[str, Any]) -> None:
        verb = words[0]
        if verb in ("check", "compare"):
            self.names.setdefault(verb, answer["run"]["id"])
        if verb == "check":
            self.names.setdefault("parcel", "DK00001")
            self.names.setdefault("rule", "farmland.permanent")
        if verb == "compare":
            self.names["spot"] = self._first_spot(answer["run"]["id"])
        if verb == "warnings":
            self.names["warning"] = answer["warnings"][0]["id"]
        if words[:2] == ["review", "open"]:
            self.names["case"] = answer["case"]
        if words[:2] == ["review", "show"]:
            finding = self._rows("case", "findings").iloc[0]
            self.names |= {"case_parcel": finding.parcel, "case_rule": finding.rule}

    def _first_spot(self, run: str) -> str:
        self.run("runs", self.names["library"], run, "--out", self.names["folder"] / "spots.gpkg")
        spots = self._rows("spots", "spots")
        return str(spots[spots.conflict.astype(bool)].spot.iloc[0])

    def _rows(self, file: str, table: str) -> Any:
        return gpd.read_file(self.names["folder"] / f"{file}.gpkg", layer=table)


def assert_steady(line: str, shares_and_steps: list[tuple[float, str]]) -> None:
    """Shares never go back and end at one; each step has words, in Chinese."""
    shares = [share for share, _ in shares_and_steps]
    assert shares == sorted(shares) and all(0 <= share <= 1 for share in shares)
    assert not shares or shares[-1] == 1.0
    steps = [step for share, step in shares_and_steps if share < 1]
    assert [step for step in steps if not re.search("[\u4e00-\u9fff]", step)] == [], line


@pytest.mark.slow(first=True)
def test_every_verb_says_how_far_it_is(sample_city, tmp_path, monkeypatch):
    lines = [line for line in WALK.splitlines() if line]
    named = {verb for verb in VERBS for line in lines if line.startswith(f"{verb} ") or line == verb}
    assert named | BEYOND_THE_WALK == set(VERBS)
    shutil.copytree(sample_city, tmp_path / "city")
    parcels = tmp_path / "city" / "parcels.gpkg"
    fewer = gpd.read_file(parcels, rows=PARCELS)
    parcels.unlink()
    fewer.to_file(parcels, layer="parcels")
    walker = Walker(tmp_path)
    walker.names["received"].mkdir()
    steps_of_line = {}
    for line in lines:
        with monkeypatch.context() as patch:
            if "--scheduler" in line:
                patch.setenv("ONEMAP_BLOCK", "7")
            shares_and_steps = walker.walk(line)
        assert_steady(line, shares_and_steps)
        steps_of_line[line] = [step for _, step in shares_and_steps]
    longest = [line for line in lines if line.startswith(("check", "compare", "remedy", "sites", "verify", "copy"))]
    assert [line for line in longest if not steps_of_line[line]] == []
    on_cluster = steps_of_line["check {library} {city}/parcels.gpkg --scheduler local --workers 2"]
    first, last = (on_cluster.index(step) for step in (on_cluster[0], "写入资料库"))
    assert set(on_cluster[last:-1]) == {"写入资料库"}  # once that is said, nobody says that parcels are judged
    assert any(step.startswith("集群判定地块：") and step.endswith(f"/{PARCELS}") for step in on_cluster[first:last])
