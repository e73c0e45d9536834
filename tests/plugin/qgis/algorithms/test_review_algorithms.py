"""The review in the toolbox: a case opened with facts, its document written; groups and tags of all algorithms."""

import shutil

import processing
import pytest
from qgis.core import QgsApplication, QgsProcessingFeedback

from onemap.plugin.profile import settings
from onemap.tests.plugin.other_desk import core


class Log(QgsProcessingFeedback):
    def __init__(self):
        super().__init__(False)
        self.lines = []

    def pushFormattedMessage(self, html, text):
        self.lines += [" ".join(line.split()) for line in text.splitlines()]


@pytest.mark.slow
def test_a_case_is_opened_with_its_facts_and_its_document_written(rehearsal_library, town, tmp_path):
    path, facts, target = tmp_path / "city.gpkg", tmp_path / "facts.toml", tmp_path / "report.docx"
    shutil.copyfile(rehearsal_library, path)
    facts.write_text('建设单位 = "School board"\n', encoding="utf-8")
    log = Log()
    values = {"LIBRARY": str(path), "PARCELS": str(town / "parcels.gpkg"), "PROJECT": "School", "DATA": str(facts)}
    made = processing.run("onemap:review_open", {**values, "BY": "Wang"}, feedback=log)
    case = core("review", "show", path, made["CASE"])
    assert (case["project"], case["opened_by"], case["data"]) == ("School", "Wang", {"developer": "School board"})
    assert (made["STATE"], made["VERDICT"], "OUT" in made) == ("draft", "prohibited", False)
    assert [line for line in log.lines if line.endswith("School: round 1, draft")]
    assert "■ prohibited 1" in log.lines and len([line for line in log.lines if " · drafted · " in line]) == 10
    sent = core("review", "circulate", path, made["CASE"], "--by", "Wang")["revision"]
    shown = {"LIBRARY": str(path), "CASE": made["CASE"], "DAYS": 7, "WITHHOLD": "land; location", "EXPECT": sent}
    assert processing.run("onemap:review_notice", {**shown, "BY": "Wang"})["STATE"] == "circulating"
    assert core("review", "show", path, made["CASE"])["notices"][-1]["withheld"] == ["land", "location"]
    written = {"LIBRARY": str(path), "CASE": made["CASE"], "TARGET": str(target), "DOCUMENT": "report"}
    assert processing.run("onemap:review_export", written)["TARGET"] == str(target)
    assert target.read_bytes()[:2] == b"PK"


def test_the_panel_s_name_opens_the_case_where_none_is_given(provider):
    settings.put("review_name", "Li")
    algorithm = QgsApplication.processingRegistry().algorithmById("onemap:review_open").create()
    assert algorithm.parameterDefinition("BY").defaultValue() == "Li"


def test_every_algorithm_stands_in_a_group_and_is_found_by_words_of_both_languages(provider):
    algorithms = provider.algorithms()
    assert len({algorithm.groupId() for algorithm in algorithms}) == 6
    assert {algorithm.group() for algorithm in algorithms} == {
        *("Library", "Parcels", "Review", "Compare", "Exchange", "Numbers")
    }
    for algorithm in algorithms:
        assert {"one map"} < set(algorithm.tags())
        assert any(not tag.isascii() for tag in algorithm.tags())
        assert algorithm.helpUrl().endswith(algorithm.name().replace("_", "-")) or "#" in algorithm.helpUrl()
