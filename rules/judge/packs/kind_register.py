"""The register of kinds of projects, and the kinds that a text names by its head.

A Chinese name ends with what the thing is: 铁路新村住宅 is housing, 水库管理所办公楼 an office. So a text
names the kind whose longest trade word ends it, after words that only say how it is built (扩建, 工程, 二期)
are removed from its end.
"""

import difflib
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import cached_property, lru_cache
from itertools import chain
from typing import Any

from onemap.layers.catalogue.code_systems import GROUND, LAND_SEA, SURVEY, URBAN, system_of
from onemap.layers.catalogue.code_tables import plain_code
from onemap.layers.catalogue.toml_text import toml_content
from onemap.layers.library.library import sha256
from onemap.layers.messages import is_title
from onemap.layers.shipped_files import RESOURCES
from onemap.rules.judge.kinds.kind import FLAG, LIST, TABLE, TITLE, TITLE_FORM, Key

KIND_FIELD = "XMLX"  # what a parcel's own text calls its project

KIND_KEYS: Mapping[str, Key] = {
    "title": TITLE,
    "words": Key(
        LIST,
        {
            "zh": "名称以这些词结尾的项目属于本类型；取整个目录中最长的",
            "en": "Words that end the text of such a project; the longest of the whole register decides.",
        },
        required=True,
    ),
    "use": Key(
        LIST,
        {
            "zh": "此类项目可以使用的用途代码的开头：数字为用地用海分类（2023），字母为城市用地分类（GB 50137）",
            "en": "Beginnings of the use codes in which it stands: digits are of the land and sea classes of 2023, "
            "letters of GB 50137. Another code beside such a text is a contradiction.",
        },
        default="[]",
    ),
    "survey": Key(
        LIST,
        {"zh": "国土调查分类中的同类代码", "en": "The same where the code is of the land survey."},
        default="[]",
    ),
    "tends": Key(
        FLAG,
        {
            "zh": "整治、修复、绿化、育苗一类，或者本身即为该地类（如坑塘）：耕地、林地、水域等地类代码即可说明其用途。"
            "其他类型的项目不因所在土地的地类代码而免除",
            "en": "It tends or restores the ground, or is such ground itself (a pond): a code of fields, forest or "
            "water says enough. What is built there is not excused by such a code.",
        },
        default="false",
    ),
    "fact": Key(
        FLAG,
        {
            "zh": "只有由人作为事实填报才算数（如临时用地），并可与 use 中的任何代码并存；use 为空即任何代码",
            "en": "It counts only where a person has stated it as a fact, such as temporary land; without `use` it "
            "stands in any code.",
        },
        default="false",
    ),
    "needs": Key(
        TABLE,
        {
            "zh": '填报本类型时必须一并填报的事实及其形式，date 或 words，如 { LSYDQX = "date" }',
            "en": 'The facts that must be stated with it, each "date" or "words": { LSYDQX = "date" }.',
        },
        default="{}",
    ),
}
NEED_FORMS = ("date", "words")

_BRACKETS = re.compile(r"[(\[{【〔〈《「]([^)\]}】〕〉》」]*)[)\]}】〕〉》」]")
_INCLUDING = r"(?<![不未非])(?:另|内|其中)?(?:含(?!山)|包括|包含)有?"  # 含山 is a county
_IN_BRACKETS = re.compile(rf"{_INCLUDING}|^(?:以?及|兼|暨|附(?!属|近)[带设有建]?|配建|内设)")  # before a further thing
_ALSO = re.compile(rf"{_INCLUDING}|[暨兼·•・]")  # the same behind a thing; 诸暨 and 含油 are words of their own
_SEVERAL = re.compile(r"[,、;，；/+&|]|以及|和|及|与")
_BETWEEN = re.compile(r"( |并(?:配套|同步)?(?:新?建设?|实施)?|连同|同步(?:建设|实施))")  # what may part two things
_NUMBER = r"(?:第?[0-9一二三四五六七八九十ⅠⅡⅢIVX]+)"
_AT = r"[A-Z]{0,3}[0-9]+\+[0-9]+(?:\.[0-9]+)?"  # K12+300, along a road
# 和, 与, + and 、 that part no two things: in the names of bodies and papers, in places along a road, in stages. And
# 互联互通, which is no interchange (互通).
_JOINS_NOTHING = re.compile(
    r"(?:住房和城乡建设|人力资源和社会保障|自然资源和规划|规划和自然资源|文化和旅游|粮食和物资储备|发展和改革|"
    r"工业和信息化|经济和信息化|林业和草原|机关事务和|退役军人和|应急和|科学技术和|"
    rf"用地预审(?:[与和及暨、](?:规划)?选址)?(?:意见书?)?|{_AT}(?:[-~—–至到]+{_AT})?段?|"
    rf"{_NUMBER}[、,和及与](?={_NUMBER}(?:期|标段|标))|互联互通)"
)
_NEUTRAL = re.compile(r"(?:其|相关)?(?:配套|附属|附属配套|连接线)(?:设施|工程|用房)?")  # what goes with anything
_WAYS = (
    r"新建|改建|扩建|改扩建|迁建|改迁|改线|改移|重建|续建|复建|拓宽|延伸|新增|加固|除险|除险加固|改造|升级改造|提升|提升改造|提质|"
    r"修缮|维修|维护|整修|搬迁|整体搬迁|技改|扩能|技改扩能|扩容|增容|提标|异地|工程|项目|建设|建设项目|建设工程"
)
_HOW = re.compile(rf"(?:{_WAYS}|{_NUMBER}(?:期|标段|标))*")  # names no thing, beside one that does
_BESIDE = re.compile(r"用房|地块|号地")  # at an end: it need not be the thing itself
_BUILDING = re.compile(
    rf"(?:{_WAYS}|线路|[东南西北中]段|选址|用地|用海|地块|设施|用房|"
    rf"{_NUMBER}(?:期|标段|标|号地块|号地|号线|线|号)|[0-9A-Z]+|[.,。\-—_·:：]+)$"
)


@dataclass(frozen=True, eq=False)
class ProjectKind:
    """One kind of project: the words by which texts name it, and the use codes in which it may stand.

    use: beginnings of codes of the guide of 2023 (digits) and of GB 50137 (letters); survey: of the land survey.
    tends_ground: a code of the ground describes it sufficiently; is_fact: it counts only if a person has stated it;
    needs: the facts to be stated with it, each with its form.
    """

    name: str
    title: Mapping[str, str]
    words: tuple[str, ...]
    use: tuple[str, ...] = ()
    survey: tuple[str, ...] = ()
    tends_ground: bool = False
    is_fact: bool = False
    needs: Mapping[str, str] = field(default_factory=dict)

    @cached_property
    def is_built(self) -> bool:
        """Whether it is built on the ground: it may stand in a code of a built use, and does not tend the ground."""
        digits = tuple(start for start in self.use if not start[:1].isalpha())
        letters = tuple(start for start in self.use if start[:1].isalpha())
        by_system = {LAND_SEA: digits, URBAN: letters, SURVEY: self.survey}
        stands_elsewhere = (not at.startswith(GROUND[system]) for system, own in by_system.items() for at in own)
        return not self.tends_ground and any(stands_elsewhere)

    @cached_property
    def is_of_fields(self) -> bool:
        """Whether it tends cropland, orchards, forest or grass, by the first of its codes."""
        return not self.is_built and bool(self.use) and self.use[0].startswith(("01", "02", "03", "04"))

    def stands_in(self, code: str, system: str | None, usual: str) -> bool | None:
        """Whether it may stand in a use code; None where the register has no codes of that system for it.

        system, usual: as of `system_of`.
        """
        code_system = system_of(code, system, usual)
        if self.is_fact and not self.use and not self.survey:
            return True
        own = (
            self.survey
            if code_system == SURVEY
            else [at for at in self.use if at[:1].isalpha() == (code_system == URBAN)]
        )
        return any(code.startswith(start) or start.startswith(code) for start in own) if own else None


@dataclass(frozen=True, eq=False)
class KindRegister:
    """All kinds that texts can name, by their names in packs. text: of the file, without a pack's own kinds."""

    kinds: Mapping[str, ProjectKind]
    text: str = ""

    @cached_property
    def heads(self) -> Mapping[str, ProjectKind]:
        """The kinds by their words, in the form in which words are compared."""
        return {plain_code(word): kind for kind in self.kinds.values() for word in kind.words}

    @cached_property
    def hash(self) -> str:
        """SHA-256 of its content."""
        return sha256(repr([asdict(kind) for kind in self.kinds.values()]))

    @cached_property
    def _longest(self) -> int:
        return max(map(len, self.heads), default=0)

    def kind_of(self, text: str) -> ProjectKind | None:
        """The kind of the single thing that a text names, None where the text ends with no word of the register."""
        head = self._head_of(plain_code(text))
        return self.heads[head[0]] if head else None

    def kinds_of(self, text: str) -> tuple[ProjectKind | None, ...]:
        """The kind of each item that a text names, in order; None for an item that is not recognised."""
        narrow = _comparable_text(text)
        inner = [_IN_BRACKETS.split(content, maxsplit=1)[1:] for content in _BRACKETS.findall(narrow.replace(" ", ""))]
        plain = self._separate_things(_JOINS_NOTHING.sub("", _BRACKETS.sub("", narrow)))
        last: tuple[ProjectKind | None, ...] = ()
        if (last_head := self._head_of(plain)) and _SEVERAL.search(last_head[0]):  # 湿地保护和修复 is one thing
            plain, last = _before_last_thing(last_head[1]), (self.heads[last_head[0]],)
        parts = [
            thing for some in (plain, *chain(*inner)) for part in _SEVERAL.split(some) for thing in self._things(part)
        ]
        on_fields = any(kind is not None and kind.is_of_fields for kind in map(self.kind_of, parts))
        naming_parts = [part for part in parts if not _names_nothing(part, on_fields)]
        return (*chain.from_iterable(map(self._kinds_of_part, naming_parts or parts)), *last) or (None,)

    def _kinds_of_part(self, part: str) -> tuple[ProjectKind | None, ...]:
        """The kinds of one part; an unknown kind is added for rooms, or for a plot that only bears the thing's name."""
        if (head_and_rest := self._head_of(part)) is None:
            return (None,)
        head, before = head_and_rest
        is_beside = _BESIDE.search(part[len(before) + len(head) :])
        return (self.heads[head], None) if is_beside else (self.heads[head],)

    def kinds_outside_brackets(self, text: str) -> tuple[ProjectKind | None, ...]:
        """The kinds of `kinds_of` without those that brackets list as included."""
        return self.kinds_of(_BRACKETS.sub("", _comparable_text(text)))

    def _separate_things(self, narrow: str) -> str:
        """Remove blanks from a text, and put a comma for each blank, 并建 or 连同 that stands between two things."""
        plain, *rest = _BETWEEN.split(narrow)
        for sign, part in zip(rest[::2], rest[1::2], strict=True):
            plain += ("," if self._head_of(plain) and self._head_of(part) else sign.strip()) + part
        return plain

    def _things(self, part: str) -> list[str]:
        """The things in a part without separators: text after 含 or 暨 is a further thing if a thing precedes it."""
        match = _ALSO.search(part)
        if match and self._head_of(part[: match.start()]):
            return [part[: match.start()], *self._things(part[match.end() :])]
        return [part] if part else []

    def holds_word_of(self, kinds: Collection[str], text: str) -> bool:
        """Whether a text contains a word of some kinds that is not part of a longer word of another kind.

        水产养殖场 is not a livestock farm, although 养殖场 is.
        """
        plain = plain_code(text)
        spans = [
            (start, end, plain[start:end])
            for start in range(len(plain))
            for end in range(start + 1, min(start + self._longest, len(plain)) + 1)
            if plain[start:end] in self.heads
        ]
        others = [(start, end) for start, end, word in spans if self.heads[word].name not in kinds]
        return any(
            not any(first <= start and end <= last and last - first > end - start for first, last in others)
            for start, end, word in spans
            if self.heads[word].name in kinds
        )

    def _head_of(self, plain: str) -> tuple[str, str] | None:
        """The word that ends a text and the text before it, after words about construction are removed from the end."""
        left = plain
        while left:
            for at in range(max(len(left) - self._longest, 0), len(left)):
                if left[at:] in self.heads:
                    return left[at:], left[:at]
            if not (building := _BUILDING.search(left)):
                return None
            left = left[: building.start()]
        return None

    def nearest(self, text: str, most: int = 3) -> list[ProjectKind]:
        """The kinds with the words most similar to a text that is not recognised, the nearest first."""
        plain = _without_building(_BRACKETS.sub("", plain_code(text)))
        words = difflib.get_close_matches(plain, self.heads, n=4 * most, cutoff=0.3)
        return list({self.heads[word].name: self.heads[word] for word in words}.values())[:most]

    def extended(self, own: Mapping[str, Any]) -> "KindRegister":
        """The register with further kinds, free of problems; a kind replaces one of the same name."""
        return KindRegister({**self.kinds, **_kinds_from(own)}, self.text) if own else self


def _before_last_thing(text: str) -> str:
    """A text up to its last separator; the rest belongs to the thing whose head was removed."""
    ends = [match.start() for match in _SEVERAL.finditer(text)]
    return text[: ends[-1]] if ends else ""


def _comparable_text(text: str) -> str:
    """A text in the form in which words are compared; line ends become commas, single blanks stay."""
    return ",".join(" ".join(map(plain_code, line.split())) for line in text.splitlines())


def _names_nothing(part: str, on_fields: bool) -> bool:
    """Whether a part only says how something is built, or names an accessory; on fields a house is no accessory."""
    if "用房" in part and on_fields:
        return False
    return bool(_HOW.fullmatch(part) or _NEUTRAL.fullmatch(_without_building(part)))


def _without_building(text: str) -> str:
    """A text without the words at its end about how a thing is built."""
    while building := _BUILDING.search(text):
        text = text[: building.start()]
    return text


def _kinds_from(tables: Mapping[str, Any]) -> dict[str, ProjectKind]:
    return {
        name: ProjectKind(
            name,
            item["title"],
            tuple(item["words"]),
            tuple(item.get("use", ())),
            tuple(item.get("survey", ())),
            item.get("tends", False),
            item.get("fact", False),
            item.get("needs", {}),
        )
        for name, item in tables.items()
    }


@lru_cache(maxsize=1)
def shipped_register() -> KindRegister:
    """The register that comes with One Map, resources/projects/kinds.toml."""
    return register_from((RESOURCES / "projects" / "kinds.toml").read_text(encoding="utf-8"))


@lru_cache(maxsize=2)
def register_from(text: str) -> KindRegister:
    """A register from the text of its file, free of problems: the runs of a library keep theirs."""
    return KindRegister(_kinds_from(toml_content(text)["kind"]), text)


NO_REGISTER = KindRegister({})  # of runs that were kept before there was one: their classes named words themselves


def kind_problems(tables: Any, register: KindRegister) -> Iterator[tuple[str, str]]:
    """The problems of a pack's tables [kind.NAME]: key, and the form that it should have.

    register: the register to which they are added; no word may name two kinds.
    """
    if not isinstance(tables, dict):
        yield "", f'[kind.NAME] title = {TITLE_FORM}, words = ["…"], use = ["1202"]'
        return
    heads = {word: kind.name for word, kind in register.heads.items() if kind.name not in tables}
    for name, item in tables.items():
        wrong = list(_form_problems(item))
        yield from ((f"{name}.{key}".strip("."), form) for key, form in wrong)
        for word in () if wrong else map(plain_code, item["words"]):
            other = heads.setdefault(word, name)
            if other != name or not word:
                yield f"{name}.words", f"{word}: [kind.{other}]"


def _form_problems(item: Any) -> Iterator[tuple[str, str]]:
    if not isinstance(item, dict):
        yield "", f'title = {TITLE_FORM}, words = ["…"]'
        return
    yield from ((key, ", ".join(KIND_KEYS)) for key in item if key not in KIND_KEYS)
    if not is_title(item.get("title")):
        yield "title", f"title = {TITLE_FORM}"
    for key in ("words", "use", "survey"):
        if not are_texts(item.get(key, [])) or (key == "words" and not item.get(key)):
            yield key, f'{key} = ["…"]'
    for key in ("tends", "fact"):
        if not isinstance(item.get(key, False), bool):
            yield key, f"{key} = true"
    needs = item.get("needs", {})
    if not isinstance(needs, dict) or not set(needs.values()) <= set(NEED_FORMS):
        yield "needs", 'needs = { LSYDQX = "date" }'


def are_texts(value: Any) -> bool:
    """Whether a value is a list of texts, none of them empty."""
    return isinstance(value, list) and all(isinstance(item, str) and item for item in value)


def titles_of(kinds: Sequence[ProjectKind], language: str) -> list[str]:
    """The names of some kinds."""
    return [kind.title.get(language) or next(iter(kind.title.values())) for kind in kinds]
