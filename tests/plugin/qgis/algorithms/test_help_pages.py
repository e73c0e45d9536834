"""Processing's Help button: the reference of the verb, in the user's language, without network."""

from pathlib import Path

from qgis.PyQt.QtCore import QUrl

from onemap.plugin.profile import settings
from onemap.plugin.qgis.algorithms.help_pages import help_url, reference_page


def test_every_algorithm_has_a_page_with_its_options(provider):
    for algorithm in provider.algorithms():
        url = QUrl(algorithm.helpUrl())
        page = Path(url.toLocalFile()).read_text(encoding="utf-8")
        start = page.index(f"id='{url.fragment()}'")
        part = page[start : page.index("<h3", start) if "<h3" in page[start:] else None]
        verb = algorithm.name().replace("review_", "review ")
        assert f"onemap {verb} " in part, algorithm.name()


def test_the_page_is_in_the_language_of_the_plugin_and_made_anew_when_the_reference_changes():
    settings.put("language", "zh")
    chinese = Path(QUrl(help_url("check")).toLocalFile())
    assert chinese.name == "reference.zh.html"
    chinese.write_text("of an earlier version", encoding="utf-8")
    help_url("check")
    assert "onemap check" in chinese.read_text(encoding="utf-8")


def test_the_reference_is_written_as_html_with_nothing_taken_for_a_tag():
    page = reference_page("### review open\n\n```\nonemap <x>\n```\n- `--a`: one & **two**\n| a | b |\n|---|---|\n")
    assert "<h3 id='review-open'>review open</h3>" in page
    assert "onemap &lt;x&gt;" in page
    assert "<li><code>--a</code>: one &amp; <b>two</b></li>" in page
    assert page.count("<tr>") == 1
