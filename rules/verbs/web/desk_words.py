"""The verbs' messages in the desk's words: names of buttons and fields instead of verbs and options."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from onemap.layers.messages import ProblemRecord, sentences
from onemap.rules.verbs.web.serve_child import VerbAnswer

_OPTIONS = {  # what a field of the desk is called, by the option that it sets
    "--answer": "answers",
    "--attach": "attach",
    "--basis": "law",
    "--conclusion": "conclusion",
    "--crs": "system",
    "--days": "more_days",
    "--id": "id_field",
    "--land-width": "land_width",
    "--layer": "layer",
    "--project": "project",
    "--reason": "reason",
    "--text": "text",
    "--unanswered": "unanswered",
    "--verdict": "new_verdict",
    "--withhold": "left_out",
}
_NAMED = re.compile(r"(\s?)(?:(?:onemap )?review ([a-z]+)|(--[a-z]+(?:-[a-z]+)*))(?![\w-])(\s?)")


def in_words_of_desk(text: str, language: str) -> str:
    """A sentence of a verb, with verbs and options replaced by the quoted names of buttons and fields."""
    texts = sentences(language)
    site, steps = texts["site"], texts["review_step"]
    pages = {"list": site["all_cases"], "show": site["case"], "comments": site["comments"]}

    def name(match: re.Match[str]) -> str:
        before, step, option, after = match.groups(default="")
        title = pages.get(step) or steps.get(step) or site.get(_OPTIONS.get(option, ""))
        if title is None:
            return match[0]
        return f"“{title}”" if language == "zh" else f"{before}“{title}”{after}"

    return _NAMED.sub(name, text)


def refusal_in_words_of_desk(answer: VerbAnswer, language: str) -> VerbAnswer:
    """A refusal with messages and mends in the desk's words."""
    return replace(answer, problems=problems_in_words_of_desk(answer.problems, language))


def problems_in_words_of_desk(problems: Sequence[ProblemRecord], language: str) -> list[ProblemRecord]:
    """Problems with messages and mends in the desk's words."""
    problems_in_words: list[ProblemRecord] = []
    for problem in problems:
        message, mend = (in_words_of_desk(problem[part], language) for part in ("message", "mend"))
        problems_in_words.append({**problem, "message": message, "mend": mend})
    return problems_in_words


def steps_in_words_of_desk(result: Mapping[str, Any], language: str) -> dict[str, Any]:
    """An answer with the reasons why steps are not allowed, of a case and its opinions, in the desk's words."""
    answer = _with_named_steps(result, language)
    if "opinions" in answer:
        answer["opinions"] = [_with_named_steps(opinion, language) for opinion in answer["opinions"]]
    return answer


def _with_named_steps(holder: Mapping[str, Any], language: str) -> dict[str, Any]:
    if "steps" not in holder:
        return dict(holder)
    steps = {step: why and in_words_of_desk(why, language) for step, why in holder["steps"].items()}
    return {**holder, "steps": steps}
