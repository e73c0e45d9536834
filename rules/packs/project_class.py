"""Classes of projects: named once in a pack, by the parcel's use code and by words, and used by its rules."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from onemap.layers.catalogue.code_systems import LAND_SEA, SURVEY, URBAN, system_of
from onemap.rules.kinds.kind import LIST, TABLE, Key

CLASS_KEYS: Mapping[str, Key] = {
    "title": Key(
        TABLE, {"zh": '题目，{ zh = "…", en = "…" }', "en": 'Its title, { zh = "…", en = "…" }.'}, required=True
    ),
    "use": Key(
        LIST,
        {
            "zh": "用途代码的开头：数字为用地用海分类（2023），字母为城市用地分类（GB 50137）",
            "en": "Beginnings of use codes: digits are of the land and sea classes of 2023, letters of GB 50137.",
        },
    ),
    "survey": Key(
        LIST,
        {
            "zh": "地块代码属国土调查分类时的开头",
            "en": "Beginnings of use codes where the parcel's code is of the land survey.",
        },
    ),
    "words": Key(
        TABLE,
        {
            "zh": '{ 字段 = ["词", …] }：字段含有其中之一',
            "en": '{ FIELD = ["word", …] }: the field holds one of these words.',
        },
    ),
}


@dataclass(frozen=True)
class ProjectClass:
    """A kind of project, by the beginning of its use code or by words in its fields.

    use: beginnings of codes of LAND_SEA (digits) and URBAN (letters); survey: of SURVEY; words: by field.
    system: of codes that begin with a digit, where the parcel does not say it.
    """

    name: str
    title: Mapping[str, str]
    use: tuple[str, ...] = ()
    survey: tuple[str, ...] = ()
    words: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    system: str = LAND_SEA

    @property
    def asks_use(self) -> bool:
        """Whether it looks at the parcel's use code."""
        return bool(self.use or self.survey)

    def beginnings(self, code: str, system: str | None) -> tuple[str, ...]:
        """The beginnings that a code is held against, by the system that it is of; system: as its parcel names it."""
        found = system_of(code, system, self.system)
        if found is None or found == SURVEY:
            return self.survey if found else ()
        return tuple(start for start in self.use if start[:1].isalpha() == (found == URBAN))


def class_problems(item: Any) -> list[tuple[str, str]]:
    """What is wrong with one [class.NAME]: key and form."""
    if not isinstance(item, dict):
        return [("", '[class.NAME] title = { zh = "…", en = "…" }, use = ["1202"], words = { FIELD = ["…"] }')]
    wrong = [(key, ", ".join(CLASS_KEYS)) for key in item if key not in CLASS_KEYS]
    for key in ("use", "survey"):
        if key in item and not _are_texts(item[key]):
            wrong.append((key, f'{key} = ["1202", …]'))
    words = item.get("words", {})
    if not isinstance(words, dict) or not all(map(_are_texts, words.values())):
        wrong.append(("words", 'words = { FIELD = ["…"] }'))
    title = item.get("title")
    if not isinstance(title, dict) or not title or not all(isinstance(text, str) for text in title.values()):
        wrong.append(("title", 'title = { zh = "…", en = "…" }'))
    if not wrong and not (item.get("use") or item.get("survey") or words):
        wrong.append(("use", 'use = ["1202"], words = { FIELD = ["…"] }'))
    return wrong


def _are_texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) and item for item in value)


def project_class(name: str, item: Mapping[str, Any], system: str) -> ProjectClass:
    """A class from its table, which is right. system: of the pack's codes."""
    words = {key: tuple(texts) for key, texts in item.get("words", {}).items()}
    return ProjectClass(name, item["title"], tuple(item.get("use", ())), tuple(item.get("survey", ())), words, system)
