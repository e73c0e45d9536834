"""The plugin is fully in Chinese: every sentence is translated, and the compiled file matches its source."""

import ast
import re
from pathlib import Path
from xml.etree import ElementTree

import pytest
from qgis.PyQt.QtCore import QTranslator

from onemap.plugin.profile import settings
from onemap.plugin.words.translation import CONTEXT, Count

ROOT = Path(__file__).resolve().parents[3]
SOURCE = ROOT / "resources" / "translations" / "onemap_zh.ts"


def sentences():
    """Every literal given to tr() in the plugin."""
    for path in sorted((ROOT / "plugin").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "tr":
                assert isinstance(node.args[0], ast.Constant), f"{path.name}:{node.lineno}: tr() takes a literal"
                yield node.args[0].value


def translations():
    """Source and translation of every message in the .ts file."""
    return {
        message.findtext("source"): message.find("translation") for message in ElementTree.parse(SOURCE).iter("message")
    }


def test_every_sentence_is_translated_and_none_is_left_over():
    assert set(translations()) == set(sentences())


def test_no_translation_is_empty_or_unfinished():
    assert [
        source for source, target in translations().items() if not target.text or target.get("type") == "unfinished"
    ] == []


def test_a_translation_names_the_same_facts():
    def facts(text):
        return set(re.findall(r"{(\w+)", text))

    assert [source for source, target in translations().items() if facts(source) != facts(target.text)] == []


def test_a_count_of_one_takes_the_form_for_one():
    text = "{n:# of {all} rules asks|# of {all} rules ask} for {days:# day|# days}"
    assert text.format(n=Count(1), all=Count(2000), days=Count(0)) == "1 of 2,000 rules asks for 0 days"
    assert text.format(n=Count(2), all=Count(3), days=Count(0.9)) == "2 of 3 rules ask for 1 day"


def test_every_count_has_a_form_for_one_where_it_may_be_one():
    larger = {  # what they count is shown for two or more only
        "One of {count} spots of cluster {cluster}",
        "Show all {count} warnings",
        "{count} features",
        "{count} parcels have changed. Press Check to check them.",
        "{count} parcels have another verdict.",
        "“{layer}” has a new version, {version}, of {count} features.",
    }
    counted = re.compile(r"{(count|days|total|all|parcels|expected)} [a-z ]*s\b")
    assert {source for source in sentences() if counted.search(source)} == larger


def test_a_translation_has_no_forms_for_one_and_for_more():
    assert [source for source, target in translations().items() if "|" in target.text] == []


def test_the_compiled_file_says_what_its_source_says():
    compiled = SOURCE.with_suffix(".qm")
    if not compiled.exists():
        pytest.skip("the translation is not compiled: python3 build.py translate")
    translator = QTranslator()
    assert translator.load(str(compiled))
    wrong = [
        source
        for source, target in translations().items()
        if translator.translate(CONTEXT, source.encode()) != target.text
    ]
    assert wrong == []


@pytest.mark.parametrize(
    ("locale", "language"),
    [("zh_CN", "zh"), ("zh-Hans", "zh"), ("zh_TW", "zh"), ("en_GB", "en"), ("de", "en"), ("C", "en")],
)
def test_the_language_is_that_of_qgis(monkeypatch, locale, language):
    monkeypatch.setattr("onemap.plugin.profile.settings.QgsApplication.locale", staticmethod(lambda: locale))
    assert settings.language() == language


def test_the_language_of_the_settings_wins():
    settings.put("language", "zh")
    assert settings.language() == "zh"


def test_a_remark_behind_a_code_stands_in_the_brackets_of_its_language():
    assert translations()["{title} ({code})"].text == "{title}（{code}）"
