"""Processing's log ends with the result of a run, and a refusal uses the dialog's names of fields."""

import processing
import pytest
from qgis.core import QgsProcessingException, QgsProcessingFeedback, QgsVectorLayer

from onemap.plugin.connection.refusals import CANCELLED_CODE, refusal_from_answer
from onemap.tests.plugin.small_town import CRS, box, write_layer


def log_of(verb, **parameters):
    """The results of an algorithm, and its log."""
    feedback = QgsProcessingFeedback(False)
    results = processing.run(f"onemap:{verb}", parameters, feedback=feedback)
    return results, feedback.textLog()


def refusal_of(verb, **parameters):
    with pytest.raises(QgsProcessingException) as found:
        processing.run(f"onemap:{verb}", parameters)
    return str(found.value)


@pytest.mark.slow
def test_the_log_ends_with_the_counts_and_names_no_file_that_nobody_asked_for(library, town):
    parcels = str(town / "parcels.gpkg")
    results, log = log_of("check", LIBRARY=library, PARCELS=parcels, FINDINGS="TEMPORARY_OUTPUT")
    counts = [line.split() for line in log.splitlines() if line[:3] in ("  ■", "  ?", "  ✓")]
    assert counts == [["■", "prohibited", "1"], ["?", "unknown", "2"], ["✓", "clear", "0"]]
    assert "run.gpkg" not in log and "OUT" not in results


@pytest.mark.slow
def test_a_file_that_was_asked_for_is_a_result_and_named_in_the_log(library, town, tmp_path):
    out = str(tmp_path / "out.xlsx")
    parcels = str(town / "parcels.gpkg")
    results, log = log_of("check", LIBRARY=library, PARCELS=parcels, FINDINGS="TEMPORARY_OUTPUT", OUT=out)
    assert results["OUT"] == out and f"Results in {out}\n" in log


@pytest.mark.slow
def test_a_refusal_names_fields_whose_words_have_no_dashes(library, town, tmp_path):
    (tmp_path / "there.pdf").write_bytes(b"x")
    parcels = str(town / "parcels.gpkg")
    text = refusal_of("sheet", LIBRARY=library, PARCELS=parcels, TARGET=str(tmp_path / "there.pdf"))
    assert text.startswith(f"“Sheets (.pdf, .docx, .html or .json)”: {tmp_path / 'there.pdf'} exists already.")
    text = refusal_of("decide", LIBRARY=library, TARGET="none", DECISION="keep-a", REASON="x")
    assert "“Spot or cluster (its name)”" in text and "SPOT|CLUSTER" not in text
    text = refusal_of("comparison", LIBRARY=library, RUN="none", TARGET=str(tmp_path / "a.docx"))
    assert text.startswith("“Comparison (the id of its run)”")


@pytest.mark.slow
def test_a_filter_is_honoured_and_what_is_no_polygon_is_refused(library, town, tmp_path):
    layer = QgsVectorLayer(str(town / "parcels.gpkg"), "parcels", "ogr")
    assert layer.setSubsetString("DKBH = 'A'")
    checked = log_of("check", LIBRARY=library, PARCELS=layer, CHECKED="TEMPORARY_OUTPUT")[0]["CHECKED"]
    assert [feature["parcel"] for feature in checked.getFeatures()] == ["A"]
    points = QgsVectorLayer(f"Point?crs={CRS}&field=DKBH:string", "points", "memory")
    assert "points" in refusal_of("check", LIBRARY=library, PARCELS=points)
    empty = tmp_path / "empty.gpkg"
    write_layer(empty, ["DKBH"], [(box(0, 0, 1, 1), "A")])
    nothing = QgsVectorLayer(str(empty), "empty", "ogr")
    assert nothing.setSubsetString("DKBH = 'none'")
    assert "Traceback" not in refusal_of("check", LIBRARY=library, PARCELS=nothing)


def test_a_run_that_was_broken_off_in_the_terminal_says_so():
    refusal = refusal_from_answer({"problems": [], "cancelled": True}, CANCELLED_CODE)
    assert (str(refusal), refusal.is_cancel) == ("Cancelled.", True)
