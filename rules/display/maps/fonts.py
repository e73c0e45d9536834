"""The fonts of a document: those of GB/T 9704 if they are installed, else a free Chinese font."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache

from onemap.layers.errors import OneMapError
from onemap.layers.records import Record

# By role: the standard's own, then others that are near to them.
_STANDARD = {
    "title": ("FZXiaoBiaoSong-B05S", "FZXiaoBiaoSong-B05", "方正小标宋简体", "方正小标宋_GBK"),
    "body": ("FangSong_GB2312", "仿宋_GB2312", "FangSong", "仿宋", "STFangsong", "华文仿宋"),
    "heading": ("SimHei", "黑体", "STHeiti", "华文黑体"),
    "subheading": ("KaiTi_GB2312", "楷体_GB2312", "KaiTi", "楷体", "STKaiti", "华文楷体"),
    "song": ("SimSun", "宋体", "STSong", "华文宋体"),
}
_CALLED = {"title": "方正小标宋", "body": "仿宋", "heading": "黑体", "subheading": "楷体", "song": "宋体"}
_SERIF = (
    "Source Han Serif SC",
    "Source Han Serif CN",
    "Noto Serif CJK SC",
    "Noto Serif SC",
    "Songti SC",
    "SimSun",
    "NSimSun",
    "AR PL UMing CN",
)
_SANS = (
    "Source Han Sans SC",
    "Source Han Sans CN",
    "Noto Sans CJK SC",
    "Noto Sans SC",
    "Microsoft YaHei",
    "PingFang SC",
    "SimHei",
    "WenQuanYi Zen Hei",
    "WenQuanYi Micro Hei",
    "Droid Sans Fallback",
)
FONTS = ", ".join((*_SANS, "sans-serif"))  # of pictures: the first that is there is used
_FREE = {"title": (*_SERIF, *_SANS), "body": (*_SERIF, *_SANS), "song": (*_SERIF, *_SANS)}
_FREE |= {"heading": (*_SANS, *_SERIF), "subheading": (*_SERIF, *_SANS)}


@dataclass(frozen=True)
class FontChoice:
    """The font family of each role; heavy: the title's family has to be made bold, as free fonts have to."""

    families: dict[str, str]
    heavy: bool
    instead: dict[str, str] = field(default_factory=dict)  # the standard's family → the one that stands for it

    def record(self) -> Record:
        """The families as the template reads them."""
        return {**self.families, "heavy": self.heavy}


@lru_cache(maxsize=1)
def installed_families() -> tuple[str, ...]:
    """The families that typst finds on this machine."""
    import typst

    return tuple(typst.Fonts(include_system_fonts=True, include_embedded_fonts=False).families())


def chosen_fonts(families: Iterable[str] | None = None, bureau_families: Mapping[str, str] | None = None) -> FontChoice:
    """A family for each role. families: those installed, None asks the machine; bureau_families: a bureau's own, by
    role.

    Raises OneMapError statement.font if none of them can write Chinese.
    """
    known_families = set(installed_families() if families is None else families)
    family_by_role, instead, own = {}, {}, bureau_families or {}
    for role, standard in _STANDARD.items():
        first = (own[role], *standard) if role in own else standard
        family = next((name for name in (*first, *_FREE[role]) if name in known_families), None)
        if family is None:
            raise OneMapError(
                "statement.font", known=[*_STANDARD["body"][:2], "Noto Serif CJK SC", "Source Han Serif SC"]
            )
        family_by_role[role] = family
        if family not in first:
            instead[_CALLED[role]] = family
        elif role in own and family != own[role]:
            instead[own[role]] = family
    return FontChoice(family_by_role, family_by_role["title"] not in (*_STANDARD["title"], own.get("title")), instead)
