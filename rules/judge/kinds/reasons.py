"""The reasons of findings: why ground could not be judged, and why a finding does not count."""

from collections.abc import Mapping

from onemap.layers.messages import phrase, sentences
from onemap.layers.reason import Reason, reasons_in
from onemap.rules.judge.kinds import KINDS
from onemap.rules.judge.kinds.kind import KindReason, Words

# Their words stand in the messages under `reason`: of a layer they are reported outside findings too.
_OF_THE_LAYER: Mapping[str, Words] = {
    Reason.LAYER_MISSING: {
        "zh": "资料库从未有过该图层",
        "en": "The library has never held a version of the layer.",
    },
    Reason.NOT_IN_FORCE: {
        "zh": "检测所依的日期没有有效版本",
        "en": "No version of the layer is in force on the day of the check.",
    },
    Reason.UNREADABLE: {
        "zh": "有效版本损坏或无法读取",
        "en": "The version in force is damaged or cannot be read.",
    },
    Reason.OUTSIDE_COVERAGE: {
        "zh": "该处在版本的覆盖范围之外（或离边缘太近）",
        "en": "The ground lies outside the version's coverage, or too near its edge.",
    },
    Reason.NO_VALUE: {
        "zh": "规则所看的字段没有值，或其值不在取值表和代码表中，条件或分类无从判断",
        "en": "A field that the rule looks at has no value, or one that none of its lists and code tables has, so its "
        "condition or class cannot be told.",
    },
}
_OF_THE_ARITHMETIC: Mapping[str, Words] = {
    Reason.ARITHMETIC: {
        "zh": "叠加计算在更细的格网上仍失败，整个地块作无法判定",
        "en": "The overlay failed even on a finer grid; the whole parcel is unknown.",
    },
}
_OF_RULES: Mapping[str, Words] = {  # that apply for want of a fact, do not count, or were not run
    Reason.NO_FACT: {
        "zh": "地块没有说明规则所问的情况（如用途、类型），规则照样适用",
        "en": "The parcel does not say what the rule asks of it (its use, its kind), so the rule applies.",
    },
    Reason.EXCUSED: {
        "zh": "规则不适用于此类项目（excused_by 说明类别和依据）；照样量算、照列，不计入结论",
        "en": "The rule excuses such projects (`excused_by` names the class and by what); measured and shown all the "
        "same, it decides nothing.",
    },
    Reason.BELOW_AREA: {
        "zh": "计入的量小于规则的阈值；照列，不计入结论",
        "en": "What counts is below the rule's limit; the row is shown and decides nothing.",
    },
    Reason.SLIVER: {
        "zh": "比 min_width_m 窄，或只是公共边两侧坐标末位数字之差所夹；照列，不计入结论",
        "en": "Thinner than min_width_m, or only what the last digits of coordinates enclose along a common edge; the "
        "row is shown and decides nothing.",
    },
    Reason.LAW_NOT_IN_FORCE: {
        "zh": "检测所依的日期没有有效的法律依据，规则未运行",
        "en": "None of the rule's legal basis is in force on the day of the check; it was not run.",
    },
    Reason.ONLY: {
        "zh": "--only 没有点到该图层，规则未运行",
        "en": "The rule was not run, since --only names other layers.",
    },
}


def unknown_reasons(kind: str) -> list[str]:
    """The reasons for which a kind may leave ground without a judgement, in the order in which a row names them."""
    return [*_OF_THE_LAYER, *KINDS[kind].reasons, *_OF_THE_ARITHMETIC]


def reason_words(language: str) -> dict[str, str]:
    """The word for every reason, including the reasons for which a layer is not published."""
    common: dict[str, str] = sentences(language)["reason"]
    codes = dict.fromkeys([*_OF_THE_LAYER, *_reasons_of_kinds(), *common])
    return {code: reason_word(code, language) for code in codes}


def reason_word(code: str, language: str) -> str:
    """The words that people read for a reason."""
    own = _reasons_of_kinds().get(code)
    return own.word[language] if own else phrase(f"reason.{code}", language)


def reasons_text(codes: str | None, language: str) -> str:
    """The words for the reasons in a column; "" for none."""
    return phrase("said.comma", language).join(reason_word(code, language) for code in reasons_in(codes))


def reason_meanings(language: str) -> dict[str, str]:
    """Every reason of a finding, or of a rule that was not run, with its meaning for the reference."""
    own = {code: reason.meaning for code, reason in _reasons_of_kinds().items()}
    meanings = {**_OF_THE_LAYER, **own, **_OF_THE_ARITHMETIC, **_OF_RULES}
    return {code: meaning[language] for code, meaning in meanings.items()}


def _reasons_of_kinds() -> dict[str, KindReason]:
    return {code: reason for kind in KINDS.values() for code, reason in kind.reasons.items()}
