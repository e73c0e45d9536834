"""The facts of a project, from a TOML file: each checked, every problem named.

credit_code = "91130100MA07XXXX0X"      # or by its Chinese name, with or without quotes: 统一社会信用代码 = "…"
investment_wan = 12000
area_ha = 3.2
received_on = 2026-03-02
[parcels]                               # what rules ask of the parcels: rules/judge/question/given_facts.py
YDXZ = "0701"
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from onemap.layers.catalogue.schema import DEPARTMENTS
from onemap.layers.errors import OneMapError, Problem, ProblemPlace
from onemap.layers.records import Record

PARCEL_FACTS = (
    "parcels"  # beside a case's own facts: those that stand for its parcels (rules/judge/question/given_facts.py)
)
_MOST_CHARACTERS = 2000
_CREDIT_SIGNS = "0123456789ABCDEFGHJKLMNPQRTUWXY"  # GB 32100-2015: without I, O, S, V, Z  # pragma: allowlist secret
_PROJECT_CODE = re.compile(r"\d{4}-\d{6}-\d{2}-\d{2}-\d{6}")
_PHONE = re.compile(
    r"(\+?86[- ]?)?(1[3-9]\d{9}|0\d{2,3}[- ]?\d{7,8}([-转]\d{1,6})?|\d{7,8}|[48]00[- ]?\d{3}[- ]?\d{4})"
)
_REGION = re.compile(r"\d{6}(\d{3}){0,2}")


def credit_code_fits(code: str) -> bool:
    """Whether a unified social credit code has the form of GB 32100 and its 18th sign checks the others."""
    if len(code) != 18 or any(sign not in _CREDIT_SIGNS for sign in code):
        return False
    total = sum(_CREDIT_SIGNS.index(sign) * pow(3, place, 31) for place, sign in enumerate(code[:17]))
    return _CREDIT_SIGNS[-total % 31] == code[17]


def _text(value: Any) -> str:
    if not isinstance(value, str) or not value.strip() or len(value) > _MOST_CHARACTERS:
        raise ValueError
    if any(ord(sign) < 32 and sign not in "\n\t" for sign in value):
        raise ValueError
    return value.strip()


def _amount(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value < 1e9:
        raise ValueError
    return value


def _size(value: Any) -> float:
    if _amount(value) == 0:
        raise ValueError
    return float(value)


def _day(value: Any) -> str:
    if isinstance(value, datetime):
        raise ValueError
    day = value if isinstance(value, date) else date.fromisoformat(_text(value))
    if not 1990 <= day.year <= 2100:
        raise ValueError
    return day.isoformat()


def _text_like(pattern: re.Pattern[str]) -> Callable[[Any], str]:
    def check_text(value: Any) -> str:
        if not pattern.fullmatch(_text(value)):
            raise ValueError
        return _text(value)

    return check_text


def _one_of(*choices: str) -> Callable[[Any], str]:
    def check_choice(value: Any) -> str:
        if value not in choices:
            raise ValueError
        return str(value)

    return check_choice


def _credit_code(value: Any) -> str:
    code = _text(value).upper()
    if not credit_code_fits(code):
        raise ValueError
    return code


@dataclass(frozen=True)
class DataField:
    """One fact of a project: its key, its Chinese name, other names for it, its check, and its refusal.

    expected: what the refusal says its value must be; group: of the form that asks it: project, land or days.
    """

    key: str
    name: str
    check: Callable[[Any], Any]
    expected: str = "text"
    others: tuple[str, ...] = ()
    group: str = "project"


APPROVAL_TYPES = ("审批", "核准", "备案")
SUPPLIES = ("划拨", "出让", "租赁", "作价出资")
FIELDS: tuple[DataField, ...] = (
    DataField("project_code", "项目代码", _text_like(_PROJECT_CODE), "project_code", ("统一项目代码", "投资项目代码")),
    DataField("developer", "建设单位", _text, "text", ("申报单位", "项目单位")),
    DataField(
        "credit_code",
        "统一社会信用代码",
        _credit_code,
        "credit_code",
        ("unified_social_credit_code", "social_credit_code", "uscc", "信用代码"),
    ),
    DataField("contact", "联系人", _text),
    DataField("phone", "联系电话", _text_like(_PHONE), "phone", ("电话", "联系方式")),
    DataField("approval_type", "项目类型", _one_of(*APPROVAL_TYPES), "approval_type", ("立项类型",)),
    DataField("industry", "行业", _text, "text", ("所属行业", "行业类别")),
    DataField("location", "建设地点", _text, "text", ("项目地点", "坐落"), group="land"),
    DataField("region", "行政区代码", _text_like(_REGION), "region", ("行政区划代码", "XZQDM"), group="land"),
    DataField("content", "建设内容及规模", _text, "text", ("建设内容", "建设规模")),
    DataField("investment_wan", "总投资（万元）", _amount, "amount", ("总投资(万元)", "总投资", "investment")),
    DataField(
        "area_ha", "拟用地面积（公顷）", _size, "size", ("拟用地面积(公顷)", "拟用地面积", "用地面积"), group="land"
    ),
    DataField("land_use", "拟用地性质", _text, "text", ("用地性质",), group="land"),
    DataField("supply", "供地方式", _one_of(*SUPPLIES), "supply", group="land"),
    DataField("received_on", "收件日期", _day, "date", ("申请日期", "申报日期"), group="days"),
    DataField("start_on", "计划开工日期", _day, "date", ("开工日期",), group="days"),
    DataField("finish_on", "计划竣工日期", _day, "date", ("竣工日期",), group="days"),
)
# What a public notice may tell of a project. Its applicant's contact, telephone, credit code and money it never tells.
PUBLIC_FACTS = ("project_code", "developer", "industry", "location", "content", "area_ha", "land_use", "supply")
WITHHELD = (*DEPARTMENTS, *PUBLIC_FACTS)  # what a public notice may leave out: opinions, and facts of the project
_BY_NAME = {name: field for field in FIELDS for name in (field.key, field.name, *field.others)}


def may_hold(name: str, value: Any) -> bool:
    """Whether a stored fact has a type that `checked_data` gives; later versions may check values more strictly."""
    if name == PARCEL_FACTS:
        return isinstance(value, dict)
    field = next((one for one in FIELDS if one.key == name), None)
    is_number = field is not None and field.expected in ("amount", "size")
    sorts: tuple[type, ...] = (int, float) if is_number else (str,)
    return value is None or (isinstance(value, sorts) and value == value)  # NaN is no number


def checked_data(content: Mapping[str, Any], source: str) -> Record:
    """The facts of a file by their keys, in the order of `FIELDS`, dates as ISO text.

    source: the file's name. Raises OneMapError data.… with every problem: unknown or repeated fields, values.
    """
    problems, checked_values = [], {}
    for name, value in content.items():
        field = _BY_NAME.get(name)
        place = ProblemPlace(file=source, field=name)
        if field is None:
            field_names = [f"{item.key} ({item.name})" for item in FIELDS]
            problems.append(Problem("data.unknown", {**place, "known": field_names}))
        elif field.key in checked_values:
            problems.append(Problem("data.twice", {**place, "key": field.key}))
        else:
            try:
                checked_values[field.key] = field.check(value)
            except (ValueError, TypeError):
                problems.append(_wrong(field, value, place))
                checked_values[field.key] = None
    start, finish = checked_values.get("start_on"), checked_values.get("finish_on")
    if start and finish and finish < start:
        problems.append(Problem("data.order", {"file": source, "field": "finish_on", "start": start, "value": finish}))
    if problems:
        raise OneMapError.of(problems)
    return {field.key: checked_values[field.key] for field in FIELDS if field.key in checked_values}


def _wrong(field: DataField, value: Any, place: ProblemPlace) -> Problem:
    facts = {**place, "value": str(value)[:60]}
    problems = {
        "text": Problem("data.text", {**facts, "most": _MOST_CHARACTERS}),
        "project_code": Problem("data.project_code", facts),
        "credit_code": Problem("data.credit_code", facts),
        "phone": Problem("data.phone", facts),
        "region": Problem("data.region", facts),
        "approval_type": Problem("data.choice", {**facts, "allowed": list(APPROVAL_TYPES)}),
        "supply": Problem("data.choice", {**facts, "allowed": list(SUPPLIES)}),
        "amount": Problem("data.amount", facts),
        "size": Problem("data.size", facts),
        "date": Problem("data.date", facts),
    }
    return problems[field.expected]
