"""One project of the demo from its opening to the issued statement: ten departments answer, sign, and are joined."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

PROJECT = "清源市槐荫片区商业设施新建工程"
CLERK, CHIEF = "经办人（演示）", "负责人（演示）"
# Facts of the project, as a planner types them; all invented.
PROJECT_DATA = """
developer = "清源市城市建设投资有限公司"
project_code = "2026-130102-51-01-000001"
content = "新建商业服务设施，三宗用地"
approval_type = "备案"
supply = "出让"
"""
# Whose head the documents bear; the bureau is invented like the city.
PROFILE = """
authority = "清源市自然资源和规划局"
code = "清自然资预审"
addressees = ["清源市人民政府"]
copies = ["清源市发展和改革委员会"]
contact = "刘某，0311-00000000"
"""
UNANSWERED = "演示项目：机器未检测的事项未另行核实"
AGREED = "演示：已检图层中无冲突，原则同意，未检事项由本部门另行核实。"
APART = "演示：经核对，本项目用地不涉及本部门管理事项。"
Ask = Callable[[str, dict], dict]


def write_sheets(ask: Ask, library: Path, parcels: Path, folder: Path) -> list[tuple[Path, str]]:
    """Write the parcels' query sheets before the case is opened; later they would list the case's own site, too."""
    sheets = folder / "sheets.pdf"
    ask("sheet", {"library": str(library), "parcels": str(parcels), "target": str(sheets)})
    return [(sheets, "the parcels' query sheets")]


def issue_case(ask: Ask, library: Path, parcels: Path, data: Path, pack: Path) -> dict:
    """Take one case from its opening to its end, and return it.

    ask: runs a verb with its parameters; pack: the file for one department's part, to be read and answered offline.
    """
    case = ask(
        "review open",
        {"library": str(library), "parcels": str(parcels), "project": PROJECT, "data": str(data), "by": CLERK},
    )
    step = {"library": str(library), "case": case["case"]}
    case = ask("review circulate", {**step, "by": CLERK})
    ask("review export", {**step, "target": str(pack), "department": "planning"})
    for opinion in case["opinions"]:
        opinion_step = {**step, "department": opinion["department"]}
        if opinion["conclusion"] == "open":  # the machine leaves to a person what it could not check
            ask("review opine", {**opinion_step, "conclusion": "agree", "text": AGREED, "by": CLERK})
        elif not opinion["routed"]:  # nothing asks it, and it says so itself
            ask("review opine", {**opinion_step, "conclusion": "not_involved", "text": APART, "by": CLERK})
        ask("review sign", {**opinion_step, "unanswered": UNANSWERED, "by": CHIEF})
    ask("review consolidate", {**step, "by": CLERK})
    return ask("review issue", {**step, "by": CHIEF})


def write_papers(ask: Ask, library: Path, case: str, folder: Path) -> list[tuple[Path, str]]:
    """Write the documents that are sent out, for paper and for screens: return each file and its title."""
    folder.mkdir(exist_ok=True)
    papers = []
    for suffix, what in ((".pdf", "the issued statement"), (".docx", "for Word"), (".html", "as a page with a map")):
        target = folder / f"statement{suffix}"
        ask("review export", {"library": str(library), "case": case, "target": str(target), "document": "statement"})
        papers.append((target, what))
    opinion = folder / "opinion-environment.pdf"
    ask("review export", {"library": str(library), "case": case, "target": str(opinion), "department": "environment"})
    indicators = folder / "indicators.pdf"
    ask("indicators", {"library": str(library), "page": str(indicators)})
    project = folder / "published.qgz"
    ask("publish", {"library": str(library), "project": str(project)})
    return [
        *papers,
        (opinion, "one department's signed opinion"),
        (indicators, "the city's indicators"),
        (project, "the one map as a project for any QGIS and for QGIS Server"),
    ]
