"""The steps of a case: ask the user where input is needed, and send the step to the core, which decides."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from qgis.PyQt.QtCore import QObject, pyqtSignal
from qgis.PyQt.QtWidgets import QWidget

from onemap.plugin.connection.asking import Asking
from onemap.plugin.connection.core_session import Request
from onemap.plugin.connection.refusals import Refusal
from onemap.plugin.desk.library.open_library import OpenLibrary
from onemap.plugin.desk.results.results import Finding
from onemap.plugin.rooms.review.review_cases import CONCLUSIONS, OVERALL_CONCLUSIONS, Case
from onemap.plugin.rooms.review.review_person import PersonButton
from onemap.plugin.rooms.review.review_step_dialog import StepDialog, StepQuestion
from onemap.plugin.rooms.review.review_words import conclusion_word, name_buttons, state_word, step_word
from onemap.plugin.widgets.questions import UnsentReasons
from onemap.plugin.words.core_words import all_words, word
from onemap.plugin.words.translation import Count, tr
from onemap.plugin.words.verdicts import SEVERITY

NOTICE_DAYS = 10  # that are proposed


class CaseSteps(QObject):
    """One step at a time."""

    answered = pyqtSignal(str, dict)  # the step, and the case after it
    changes_found = pyqtSignal(list)  # the core's rows of what would change
    refused = pyqtSignal(object)  # Refusal
    reload_requested = pyqtSignal()  # read the case again

    def __init__(self, library: OpenLibrary, person: PersonButton, parent: QWidget) -> None:
        super().__init__(parent)
        self._library, self._person, self._parent = library, person, parent
        self.case: Case | None = None
        self.dialog: StepDialog | None = None
        self.step = ""  # that is being taken, or was taken last
        self.asking = Asking(library.core, self, lambda: library.path, is_writing=True)
        self.asking.refused.connect(self._refuse)
        self._unsent_reasons = UnsentReasons()

    def circulate(self) -> None:
        """Send the case to its departments."""
        routed = [opinion for opinion in self.case.opinions if opinion.routed]
        text = tr(
            "“{project}” goes to {count:# department, and its clock starts|# departments, and their clocks start}."
        )
        self._ask("circulate", text.format(project=self.case.project, count=Count(len(routed))))

    def extend(self, department: str = "") -> None:
        """Give one department more time, or all whose clock is running."""
        name = word("departments", department) if department else tr("all departments with a deadline")
        text = tr("More working days for: {departments}. A deadline is never shortened.").format(departments=name)
        self._ask("extend", text, {"department": department}, days=2, needs="always")

    def consolidate(self) -> None:
        """Consolidate the opinions; a conclusion other than the proposed one needs a reason."""
        proposed = str(self.case.answer.get("proposal") or "")
        text = tr("From the opinions follows: {conclusion}. Another conclusion needs a reason.")
        self._decide("consolidate", proposed, text.format(conclusion=conclusion_word(proposed)))

    def issue(self) -> None:
        """Issue the statement."""
        decided = str(self.case.answer.get("conclusion") or "")
        text = tr("The statement of “{project}” gets its number, and the case is closed. This cannot be undone.")
        self._decide("issue", decided, text.format(project=self.case.project))

    def withdraw(self) -> None:
        """End the case without a statement."""
        text = tr("“{project}” ends without a statement. This cannot be undone; the case stays readable.")
        self._ask("withdraw", text.format(project=self.case.project))

    def notice(self) -> None:
        """Show the case to the public for some days."""
        text = tr(
            "“{project}” is shown to the public with its parcels and, once consolidated, its opinions. "
            "Until the notice is closed the case cannot be issued, revised or withdrawn."
        )
        markable = tuple(all_words("withheld").items())
        days: dict[str, Any] = {"days": NOTICE_DAYS, "days_label": tr("Days")}
        question = {**days, "marks": tr("Leave out"), "markable": markable}
        self._ask("notice", text.format(project=self.case.project), ticks_name="withhold", **question)

    def close(self) -> None:
        """Close the public notice; closing it before its last day is over needs a reason."""
        notice = self.case.notices[-1]
        text = tr(
            "The notice takes no more comments. It was to last until {until}; {count:# comment|# comments} came in."
        )
        text = text.format(until=notice["until"], count=Count(int(notice["comments"])))
        self._ask("close", text, needs="" if notice["over"] else "always")

    def respond(self, comment: int) -> None:
        """Reply to a comment of the public."""
        text = tr("The reply to comment {number} is printed with it in an annex of the documents.")
        params = {"comment": comment, "notice": self.case.notices[-1]["notice"]}
        self._ask("respond", text.format(number=comment), params, "text", reason=tr("Reply"), needs="always")

    def erase(self, comment: int) -> None:
        """Erase the name and place of a comment's author."""
        text = tr("Name and place of comment {number} are erased for good; its text stays.")
        params = {"comment": comment, "notice": self.case.notices[-1]["notice"]}
        self._ask("erase", text.format(number=comment), params, needs="always")

    def recheck(self) -> None:
        """Ask which changes today's layers and rules would make."""
        self._send("recheck", {}, tr("Recheck a case"))

    def remedy(self, asking: Asking, limits: dict[str, Any], **waiting: Any) -> bool:
        """Ask for the remedy of the parcels, which is stored with the case; False if the user gives no name.

        asking, waiting: another follower of the request, and its callbacks.
        """
        request = self._send("remedy", limits, tr("What would pass?"))
        if request is not None:
            asking.follow(request, **waiting)
        return request is not None

    def sign(self, department: str) -> None:
        """Sign a department's saved draft; if items have no answer, a reason is asked for."""
        left = [str(item["title"]) for item in self.case.open_items(department)]
        if not left:
            self._send("sign", {"department": department})
            return
        text = tr("Items of {department} without an answer, which are printed as open: {count}")
        head = text.format(count=len(left), department=word("departments", department))
        text = "\n".join([head, *(f"– {title}" for title in left)])
        reason = tr("Why they stay open")
        self._ask("sign", text, {"department": department}, "unanswered", reason=reason, needs="always")

    def give_back(self, department: str) -> None:
        """Return an opinion to be written again."""
        text = tr("The opinion of {department} has to be written again; the one before stays readable.")
        text = text.format(department=word("departments", department))
        self._ask("return", text, {"department": department}, needs="always")

    def opine(self, department: str, words: dict[str, Any]) -> None:
        """Save a department's draft."""
        self._send("opine", {"department": department, **words})

    def take_reply(self, path: str, department: str) -> None:
        """Read a reply file of the offline review pack. department: used where the file names none."""
        self._send("opine", {"department": department_of_reply(path) or department, "reply": path})

    def answer(self, body: str, title: str) -> None:
        """Enter the answer that a body outside the departments has given on paper."""
        text = tr("What this body has answered on paper, with its letter: {body}. The last answer holds.")
        names = {"title": tr("Answer on paper"), "button": tr("Enter the answer"), "reason": tr("Answer")}
        question = {**names, **_conclusion_choice(CONCLUSIONS), "takes_files": True, "needs": "always"}
        self._ask("opine", text.format(body=title), {"department": body}, "text", "conclusion", **question)

    def override(self, finding: Finding) -> None:
        """Override a finding; both verdicts are stored."""
        earlier = self.case.override_of(finding)
        current_verdict = earlier["verdict"] if earlier is not None else finding.verdict
        text = tr("{parcel}: {title}. The machine says: {verdict}. Both verdicts and your reason stay in the case.")
        text = text.format(parcel=finding.parcel, title=finding.title, verdict=word("verdicts", finding.verdict))
        choices = tuple((verdict, word("verdicts", verdict)) for verdict in SEVERITY)
        question: dict[str, Any] = {"choice": tr("Verdict instead"), "choices": choices, "chosen_code": current_verdict}
        params = {"parcel": finding.parcel, "rule": finding.rule, "before": finding.verdict}
        self._ask("override", text, params, choice_name="verdict", needs="always", **question)

    def _decide(self, step: str, decided: str, text: str) -> None:
        warnings = [f"! {line}" for line in self.case.answer.get("warnings") or []]
        question = {**_conclusion_choice(OVERALL_CONCLUSIONS), "chosen_code": decided, "needs": "other"}
        self._ask(step, "\n".join([text, *warnings]), choice_name="conclusion", **question)

    def _ask(
        self,
        step: str,
        text: str,
        more_params: dict[str, Any] | None = None,
        reasoned: str = "reason",
        choice_name: str = "",
        ticks_name: str = "",
        **question: Any,
    ) -> None:
        """Ask before a step. question: fields of a StepQuestion, which has the step's name unless they give another.

        reasoned, choice_name, ticks_name: the parameters that take the dialog's reason, choice and ticks.
        """
        if self.asking.is_busy:
            return
        case = self.case  # others may change it while somebody thinks: the step is taken on what was asked about
        key = (case.id, step, *map(str, (more_params or {}).values()))
        usual_texts = {"title": step_word(step), "button": step_word(step), "by": self._person.acting_text}
        step_question = StepQuestion(text=text, **{**usual_texts, **question})
        dialog = self.dialog = StepDialog(step_question, self._parent)
        dialog.reason.setPlainText(self._unsent_reasons.of(key))

        def send() -> None:
            self._unsent_reasons.keep(key, dialog.reason_text)
            params = {reasoned: dialog.reason_text, **(more_params or {})}
            if step_question.days:
                params["days"] = dialog.days.value()
            if choice_name:
                params[choice_name] = dialog.chosen_code
            if ticks_name:
                params[ticks_name] = dialog.marked_codes
            if dialog.files:
                params["attach"] = dialog.files
            self._send(step, params, of=case, reason_key=key)

        dialog.accepted.connect(send)
        dialog.open()

    def _send(
        self,
        step: str,
        params: dict[str, Any],
        title: str = "",
        of: Case | None = None,
        reason_key: tuple[str, ...] = (),
    ) -> Request | None:
        """Send a step with the displayed revision, so that steps of others since are reported, not overwritten.

        of: the case as it was when its dialog opened; by default as it is displayed.
        reason_key: the key of the typed reason, which is forgotten once the step is taken.
        """
        user = "" if self.asking.is_busy else self._person.name()
        if not user:
            return None
        case = of or self.case
        step_params = {
            "library": self._library.path,
            "case": case.id,
            "by": user,
            "on": self._library.step_day,
            "view": True,
            **params,
        }
        if step != "recheck":
            step_params["expect"] = case.revision
        self.step = step
        return self.asking.ask(
            f"review {step}",
            step_params,
            lambda answer: self._take_answer(step, answer, reason_key),
            title,
            discard=lambda: self._unsent_reasons.drop(reason_key),
        )

    def _take_answer(self, step: str, answer: dict[str, Any], reason_key: tuple[str, ...]) -> None:
        self._unsent_reasons.drop(reason_key)
        if step == "recheck":
            self.changes_found.emit([part for part in answer["view"] if part["about"]["list"] == "changes"])
        self.answered.emit(step, answer)

    def _refuse(self, refusal: Refusal) -> None:
        if refusal.is_about("review.conflict"):
            refusal.mend = (tr("Read again (what is typed stays)"), self.reload_requested.emit)
        elif refusal.is_about("review.stale"):
            refusal.mend = (step_word("recheck"), self.recheck)
        elif refusal.is_about("review.by") and not self._library.rights.account:
            refusal.mend = (tr("Your name…"), self._person.ask)
        self.refused.emit(refusal_in_buttons(refusal))


def _conclusion_choice(codes: tuple[str, ...]) -> dict[str, Any]:
    return {"choice": tr("Conclusion"), "choices": tuple((code, conclusion_word(code)) for code in codes)}


def refusal_in_buttons(refusal: Refusal) -> Refusal:
    """A refusal of the review that names buttons instead of verbs."""
    for problem in refusal.problems:
        for part in ("message", "mend"):
            if problem.get(part):
                problem[part] = name_buttons(str(problem[part]))
        problem.pop("field", None)  # an option of the command line
    return refusal


def department_of_reply(path: str) -> str:
    """The department in a reply file; empty if it names none, which the core then refuses."""
    try:
        reply = json.loads(Path(path).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return ""
    return str(reply.get("department") or "") if isinstance(reply, dict) else ""


def state_line(case: Case) -> str:
    """A case's state and round, its conclusion, and its numbers."""
    parts = [state_word(case.state), tr("round {round}").format(round=case.round)]
    if case.answer.get("conclusion"):
        parts.append(conclusion_word(str(case.answer["conclusion"])))
    if case.answer.get("document"):
        parts.append(str(case.answer["document"]))
    return " · ".join([*parts, case.id])
