"""The verbs of the review, declared as every verb is; `rules/verbs/work/review_work.py` does them."""

from onemap.layers.catalogue.schema import DEPARTMENTS
from onemap.rules.contract.check_parameters import (
    AGAINST,
    BY,
    CHECK_PARAMETERS,
    LIBRARY,
    OVERWRITE,
    PARCELS,
    REASON,
    REMEDY_PARAMETERS,
    TARGET,
    WORKERS,
)
from onemap.rules.contract.declaration import Parameter, Verb, declare_verb, to_count, to_date, to_days
from onemap.rules.contract.output_forms import CHECK_FORMS, out_parameter
from onemap.rules.contract.verdict import VERDICTS
from onemap.rules.display.letterhead.annex_names import ANNEXES, to_annexes
from onemap.rules.review.cases.case import CASE_STATES, CONCLUSIONS
from onemap.rules.review.cases.project_data import WITHHELD

_WORK = "review_work"
_CASE = Parameter("case", "CASE", positional=True)
_DEPARTMENT = Parameter("department", "DEPARTMENT", positional=True)
_REASON = Parameter("reason", "R")
_NOTICE = Parameter("notice", "N", convert=to_count)
_COMMENT = Parameter("comment", "COMMENT", positional=True, convert=to_count)
_CONCLUSION = Parameter("conclusion", choices=CONCLUSIONS)
_OVERALL = Parameter("conclusion", choices=tuple(word for word in CONCLUSIONS if word != "not_involved"))
_ON = Parameter("on", "DATE", convert=to_date)
# Every step takes these: who, on which day, and the revision of the case that was looked at before.
_STEP = (BY, _ON, Parameter("expect", "REVISION", convert=to_count))
_INPUT = (
    *CHECK_PARAMETERS,
    out_parameter(CHECK_FORMS),
    OVERWRITE,
    WORKERS,
    Parameter("fail_on", "V", choices=VERDICTS),
)


def _review(name: str, *parameters: Parameter) -> Verb:
    return declare_verb(f"review {name}", LIBRARY, *parameters, work=_WORK)


REVIEW_VERBS: tuple[Verb, ...] = (
    _review(
        "open",
        PARCELS,
        Parameter("project", "NAME", required=True),
        Parameter("attach", "FILE", repeated=True),
        *_INPUT,
        AGAINST,
        *_STEP[:2],
    ),
    _review(
        "list",
        Parameter("state", choices=CASE_STATES),
        _ON,
        Parameter("find", "TEXT"),
        Parameter("waiting", "D", choices=DEPARTMENTS),
        Parameter("most", "N", convert=to_count),
        Parameter("page", "N", convert=to_count),
    ),
    _review(
        "show",
        _CASE,
        _ON,
        _STEP[0],
        Parameter("round", "N", convert=to_count),
        Parameter("findings", "D", choices=DEPARTMENTS),
        Parameter("ground", flag=True),
        out_parameter(CHECK_FORMS, repeated=False),
        OVERWRITE,
    ),
    _review("circulate", _CASE, _REASON, *_STEP),
    _review(
        "opine",
        _CASE,
        _DEPARTMENT,
        _CONCLUSION,
        Parameter("text", "T"),
        Parameter("basis", "B"),
        Parameter("answer", "ITEM=ANSWER", repeated=True),
        Parameter("reply", "FILE"),
        Parameter("attach", "FILE", repeated=True),
        *_STEP,
    ),
    _review("sign", _CASE, _DEPARTMENT, _REASON, Parameter("unanswered", "REASON"), *_STEP),
    _review("return", _CASE, _DEPARTMENT, _REASON, *_STEP),
    _review(
        "override",
        _CASE,
        Parameter("parcel", "PARCEL", positional=True),
        Parameter("rule", "RULE", positional=True),
        Parameter("verdict", required=True, choices=VERDICTS),
        REASON,
        Parameter("before", choices=VERDICTS),
        Parameter("department", "D", choices=DEPARTMENTS),
        *_STEP,
    ),
    _review(
        "extend",
        _CASE,
        Parameter("department", "DEPARTMENT", positional=True, optional=True),
        Parameter("days", "N", required=True, convert=to_days),
        REASON,
        *_STEP,
    ),
    _review("revise", _CASE, PARCELS, _REASON, *_INPUT, *_STEP),
    _review("recheck", _CASE, WORKERS, *_STEP[:2]),
    _review("remedy", _CASE, *REMEDY_PARAMETERS, *_STEP),
    _review("consolidate", _CASE, _OVERALL, _REASON, *_STEP),
    _review("issue", _CASE, _OVERALL, _REASON, *_STEP),
    _review("withdraw", _CASE, _REASON, *_STEP),
    _review(
        "notice",
        _CASE,
        Parameter("days", "N", required=True, convert=to_days),
        Parameter("withhold", "WHAT", repeated=True, choices=WITHHELD),
        _REASON,
        *_STEP,
    ),
    _review("comments", _CASE, _NOTICE),
    _review("respond", _CASE, _COMMENT, Parameter("text", "T", required=True), _NOTICE, *_STEP),
    _review("close", _CASE, _REASON, _NOTICE, *_STEP),
    _review("erase", _CASE, _COMMENT, REASON, _NOTICE, *_STEP),
    _review("publish", *_STEP[:2]),
    _review(
        "export",
        _CASE,
        TARGET,
        Parameter("department", "D"),
        Parameter("document", choices=("report", "statement", "opinion", "reply")),
        Parameter("templates", "FOLDER"),
        Parameter("annexes", "all|none|A,A", words=ANNEXES, convert=to_annexes),
        OVERWRITE,
    ),
    declare_verb("review sheet", LIBRARY, _CASE, TARGET, OVERWRITE, WORKERS, work="sheet_work"),
    _review("attachment", _CASE, Parameter("file", "FILE", positional=True), TARGET, OVERWRITE),
    declare_verb(
        "history",
        LIBRARY,
        Parameter("code", "CODE|CASE", positional=True, optional=True),
        Parameter("case", "CASE"),
        Parameter("out", "FILE"),
        OVERWRITE,
        work="history_work",
    ),
)
