"""Classes of projects: defined once in a pack, by use codes and kinds of the register, and used by its rules."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from functools import cached_property
from typing import Any

from onemap.layers.catalogue.code_systems import CODE_SYSTEMS, LAND_SEA, SURVEY, TABLES, URBAN, known_use, system_of
from onemap.layers.catalogue.code_tables import code_table, plain_code
from onemap.layers.messages import is_title
from onemap.layers.records import Record
from onemap.rules.judge.kinds.kind import FLAG, LIST, TITLE, TITLE_FORM, Key
from onemap.rules.judge.packs.kind_register import KindRegister, are_texts, shipped_register

CLASS_KEYS: Mapping[str, Key] = {
    "title": TITLE,
    "use": Key(
        LIST,
        {
            "zh": "用途代码的开头：数字为用地用海分类（2023），字母为城市用地分类（GB 50137）；"
            "一个值有多个代码（0101/1001）时，任一属于本类即适用 only 的规则，全部属于本类才由 unless 免除",
            "en": "Beginnings of use codes: digits are of the land and sea classes of 2023, letters of GB 50137. Of "
            "several codes in one value (0101/1001) any brings `only` rules on, and all must be of the class for "
            "`unless`.",
        },
    ),
    "survey": Key(
        LIST,
        {
            "zh": "地块代码属国土调查分类时的开头",
            "en": "Beginnings of use codes where the parcel's code is of the land survey.",
        },
    ),
    "kinds": Key(
        LIST,
        {
            "zh": "属于本类别的项目类型，取自类型目录（resources/projects/kinds.toml）或规则包自己的 [kind.…]",
            "en": "The kinds of projects that belong to it, of the register (resources/projects/kinds.toml) or of the "
            "pack's own [kind.…].",
        },
        required=True,
    ),
    "danger": Key(
        FLAG,
        {
            "zh": "危害类：名称任何位置出现其类型的词即适用 only 的规则，有效用途代码另有说明的除外",
            "en": "A word of its kinds anywhere in a text brings its `only` rules on, unless a valid use code says "
            "otherwise.",
        },
        default="false",
    ),
}


@dataclass(frozen=True)
class ProjectClass:
    """A class of projects, by the beginnings of their use codes and by their kinds.

    use: beginnings of codes of LAND_SEA (digits) and URBAN (letters); survey: of SURVEY. kinds: names in the register.
    is_danger: any word of its kinds in a text makes the project one of this class. system: of codes that begin with a
    digit, where the parcel names none.
    """

    name: str
    title: Mapping[str, str]
    use: tuple[str, ...] = ()
    survey: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    is_danger: bool = False
    system: str = LAND_SEA
    register: KindRegister = field(default_factory=shipped_register, compare=False)

    @property
    def content(self) -> Record:
        """The class as plain values, part of a rule's hash."""
        plain = {item.name: getattr(self, item.name) for item in fields(self) if item.name != "register"}
        return {**plain, "register": self.register.hash}

    @property
    def asks_use(self) -> bool:
        """Whether it depends on the parcel's use code."""
        return bool(self.use or self.survey)

    @cached_property
    def words(self) -> tuple[str, ...]:
        """The words that name its kinds, in the form in which texts are compared."""
        return tuple(plain_code(word) for name in self.kinds for word in self.register.kinds[name].words)

    def beginnings(self, code: str, system: str | None) -> tuple[str, ...]:
        """The beginnings with which a code is compared, by the code's system. system: as its parcel names it."""
        code_system = system_of(code, system, self.system)
        if code_system is None or code_system == SURVEY:
            return self.survey if code_system else ()
        return tuple(start for start in self.use if start[:1].isalpha() == (code_system == URBAN))


def class_problems(item: Any, needs_kinds: bool) -> list[tuple[str, str]]:
    """The problems of one [class.NAME]: key and form. needs_kinds: it must name kinds of the register."""
    if not isinstance(item, dict):
        return [("", f'[class.NAME] title = {TITLE_FORM}, kinds = ["highway"], use = ["1202"]')]
    wrong = [(key, ", ".join(CLASS_KEYS)) for key in item if key not in CLASS_KEYS and key != "words"]
    for key in ("use", "survey", "kinds"):
        if key in item and not are_texts(item[key]):
            wrong.append((key, f'{key} = ["…"]'))
    if not isinstance(item.get("danger", False), bool):
        wrong.append(("danger", "danger = true"))
    if not is_title(item.get("title")):
        wrong.append(("title", f"title = {TITLE_FORM}"))
    if not wrong and needs_kinds and not item.get("kinds") and "words" not in item:
        wrong.append(("kinds", 'kinds = ["highway"]'))
    for key in () if wrong else ("use", "survey"):
        wrong += [(key, f"{code}: {', '.join(CODE_SYSTEMS)}") for code in item.get(key, ()) if not _is_code(code, key)]
    return wrong


def _is_code(code: str, key: str) -> bool:
    """Whether a text is the code of a class, or the beginning of one, in the systems for which the key is."""
    systems = (SURVEY,) if key == "survey" else (URBAN if code[:1].isalpha() else LAND_SEA,)
    tables = [code_table(name) for system in systems for name in TABLES[system]]
    return any(class_code.startswith(code) for table in tables for class_code in (*table.classes, *table.first)) or any(
        known_use(code, system, system) for system in systems
    )


def unknown_kinds(item: Mapping[str, Any], register: KindRegister) -> list[str]:
    """The kinds in a class's table that the register lacks."""
    return [name for name in item.get("kinds", ()) if name not in register.kinds]


def project_class(name: str, item: Mapping[str, Any], system: str, register: KindRegister) -> ProjectClass:
    """A class from its table, which must be free of problems. system: of the pack's codes."""
    use, survey, kinds = (tuple(item.get(key, ())) for key in ("use", "survey", "kinds"))
    return ProjectClass(name, item["title"], use, survey, kinds, item.get("danger", False), system, register)
