"""The sentences of a document, made of its printed content, and the lines of its record."""

from datetime import date
from typing import Any

from onemap.rules.statement.document_words import words

_CHOICES = ("agree", "conditional", "disagree", "not_involved", "supplement")


def sentences(content: dict[str, Any]) -> dict[str, Any]:
    """Sentences by the place where they stand; content: as `printed` gives it."""
    said = words(content["language"])
    totals = content["totals"]
    return {
        "area": said["area_sentence"].format(**totals),
        "land": _land(content, said),
        "conclusion": _conclusion(content, said),
        "stale": [
            said["note_stale"].format(department=row["department_title"], layers=", ".join(row["stale_because"]))
            for row in content["opinions"]
            if row["stale"]
        ],
        "date": _date(content["document"]["date"], content["language"]),
        "choices": [said[f"conclusion_{choice}"] for choice in _CHOICES],
        "record": _record(content, said),
        "remedy": _remedy(content["remedy"], said) if content["remedy"] else [],
    }


def _land(content: dict[str, Any], said: dict[str, str]) -> str:
    if not content["land"]:
        return said["note_no_survey"]
    total = content["land"]["total"]
    text = said["land_sentence"].format(**total)
    return text if float(total["unknown"]) == 0 else text + said["land_sentence_unknown"].format(**total)


def _conclusion(content: dict[str, Any], said: dict[str, str]) -> list[str]:
    found = content["conclusion"]
    lines = [said["conclusion_machine"].format(title=found["machine_title"])]
    if content["document"]["kind"] != "statement":
        return lines
    if found["decided"]:
        lines = [said["conclusion_decided"].format(title=found["decided_title"])]
        if found["proposed"] and found["proposed"] != found["decided"]:
            lines.insert(0, said["conclusion_proposed"].format(title=found["proposed_title"]))
        if found["reason"]:
            lines.append(said["conclusion_reason"].format(reason=found["reason"]))
    elif found["proposed"]:
        lines.append(said["conclusion_proposed"].format(title=found["proposed_title"]))
    else:
        lines.append(said["conclusion_open"])
    return lines


def _remedy(found: dict[str, Any], said: dict[str, str]) -> list[str]:
    """By what the alternatives were found, and how far was searched."""
    lines = [said["note_remedy"].format(verdict=found["keep_verdict_title"], **found)]
    lines += [said["note_remedy_overridden"]] if found["overridden"] else []
    return [*lines, *([found["search"]] if found["search"] else []), said["note_departments"]]


def _date(text: str, language: str) -> str:
    """A day as documents write it: 2026年11月20日, without leading zeros."""
    day = date.fromisoformat(text)
    return f"{day.year}年{day.month}月{day.day}日" if language == "zh" else text


def _record(content: dict[str, Any], said: dict[str, str]) -> list[dict[str, str]]:
    """What lets a reader repeat the check and hold the paper against the library."""
    run, audit = content["run"], content["audit"]
    lines = [
        ("record_case", f"{content['case']['id']} · {content['case']['state_title']}"),
        ("record_round", content["case"]["round"]),
        ("record_run", run["id"]),
        ("record_started", run["started"]),
        ("record_as_of", run["as_of"]),
        ("record_who", run["who"]),
        ("record_library", f"{content['library']['name']} ({content['library']['id']})"),
        ("record_crs", content["library"]["crs"]),
        ("record_software", ", ".join(f"{name} {version}" for name, version in run["software"].items())),
    ]
    rows = [{"title": said[name], "value": value} for name, value in lines]
    rows += [
        {"title": said["record_packs"], "value": f"{pack['title']} · {pack['pack']} {pack['version']} · {pack['hash']}"}
        for pack in content["packs"]
    ]
    chain = said["record_chain" if audit["at"] else "record_chain_head"]
    return [*rows, {"title": chain.format(**audit), "value": audit["hash"]}]
