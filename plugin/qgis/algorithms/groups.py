"""The toolbox group of each algorithm, and further words by which it is found, in both languages."""

from __future__ import annotations

from onemap.plugin.words.translation import tr

_GROUPS = {
    "library": "new add inspect ingest publish",
    "parcels": "check remedy sites sheet identify prove",
    "review": "review_open review_notice review_export",
    "plans": "compare contradictions decide spots atlas comparison",
    "exchange": "validate changes deliver receive redline",
    "numbers": "statistics transitions indicators warnings readings",
}
# Beside its name: what somebody types who knows the matter and not the tool.
_TAGS = {
    "library": "library,version,catalogue,资料库,入库,版本,一张图",
    "parcels": "parcel,conflict,rule,site,地块,冲突,规则,选址,用地预审",
    "review": "case,opinion,statement,notice,预审,意见,会审,并联,公示",
    "plans": "plan,difference,compare,规划,比对,差异图斑,两规,多规合一",
    "exchange": "package,delivery,coordinates,汇交,数据包,红线,界址点",
    "numbers": "indicator,area,sensor,指标,统计,面积,传感器,预警",
}


def group_id(algorithm: str) -> str:
    """The group's name for scripts."""
    return next(group for group, names in _GROUPS.items() if algorithm in names.split())


def group_title(algorithm: str) -> str:
    """The group's name for people."""
    titles = {
        "library": tr("Library"),
        "parcels": tr("Parcels"),
        "review": tr("Review"),
        "plans": tr("Compare"),
        "exchange": tr("Exchange"),
        "numbers": tr("Numbers"),
    }
    return titles[group_id(algorithm)]


def tags(algorithm: str) -> list[str]:
    """The words of its group."""
    return ["one map", *_TAGS[group_id(algorithm)].split(",")]
