"""The desk in a browser: the list of cases, one case, one opinion; its steps are the verbs of the review."""

import hmac
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial
from typing import Any
from urllib.parse import quote, urlencode

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from onemap.layers.catalogue.catalogue import named_groups
from onemap.layers.catalogue.schema import DEPARTMENTS
from onemap.layers.errors import OneMapError
from onemap.layers.finite_json import read_json
from onemap.layers.messages import phrase, sentences
from onemap.rules.contract.verdict import VERDICTS
from onemap.rules.display.documents.html_printer import render
from onemap.rules.display.maps.verdict_words import verdict_words
from onemap.rules.review.cases.case import CASE_STATES, CONCLUSIONS
from onemap.rules.review.statement.document_words import withheld_titles
from onemap.rules.verbs.web.core_pool import CorePool
from onemap.rules.verbs.web.desk_rows import finding_choices, finding_parts, other_parts, parts_about, shown_parts
from onemap.rules.verbs.web.desk_steps import (
    CASE_STEPS,
    COMMENT_STEPS,
    DECIDING,
    ITEM,
    LEFT_OUT,
    OPINION_STEPS,
    WITH_PARCELS,
    SentForm,
    says_what_was_shown,
    sent_form,
    step_values,
    written_files,
)
from onemap.rules.verbs.web.desk_words import (
    problems_in_words_of_desk,
    refusal_in_words_of_desk,
    steps_in_words_of_desk,
)
from onemap.rules.verbs.web.map_pages import MapPages
from onemap.rules.verbs.web.media_types import MEDIA_TYPES
from onemap.rules.verbs.web.serve_child import VerbAnswer, refusal_of
from onemap.rules.verbs.web.session_table import Session, session_of
from onemap.rules.verbs.web.sign_in_pages import page_and_fields
from onemap.rules.verbs.web.verb_question import room_of_answer

WAITING, ALL = "waiting", "all"  # lists of cases beside those of their states
CASES_ON_A_PAGE = 50
_LISTS = ("opinions", "entries", "facts", "bodies")
_DOCUMENTS = ("pdf", "docx", "html")
_NO_OVERALL = "not_involved"  # which a case as a whole never is
_FEW_FIELDS = 5
_PLACE = ("x", "y", "crs", "radius", "as_of")
_NO_RIGHT = {"library.no_right", "review.foreign", "review.lead_only", "review.not_yours"}
_ABSENT = {"web.no_page", "review.case", "notice.none", "review.no_attachment"}
_LOST = {"account.signed_out", "library.connection_lost", "web.core_ended"}
Act = Callable[[Request, Session], Response]
AskAgain = Callable[[Request, Mapping[str, str], str, Session], Response]


class VerbRefusal(Exception):
    """A verb's refusal, with its problems in words."""

    def __init__(self, answer: VerbAnswer) -> None:
        super().__init__(answer.problems)
        self.answer = answer


class DeskPages:
    """The pages of cases.

    pool: answers for everyone without a core of their own; as a form brings back what was shown, any core can take it.
    ask_again: asks a person whose connection was lost to sign in again, keeping what was typed.
    """

    def __init__(self, library: str, pool: CorePool, ask_again: AskAgain) -> None:
        self._library, self._pool, self._ask_again = library, pool, ask_again

    def routes(self) -> list[Route]:
        """The routes of all pages except the first, whose address the service shares."""
        case = "/cases/{case}"
        return [
            Route("/department", self._choose_department, methods=["POST"]),
            *MapPages(self).routes(),
            Route("/here", self.page_of(self._place)),
            Route("/open", self.page_of(self._opening_page)),
            Route("/open", self._open, methods=["POST"]),
            Route(case, self.page_of(self._case)),
            Route(f"{case}/map.svg", self.page_of(self._map)),
            Route(f"{case}/sheets.{{form}}", self.page_of(self._sheets)),
            Route(f"{case}/files/{{hash}}", self.page_of(self._attachment)),
            Route(f"{case}/recheck", self.page_of(self._recheck)),
            Route(f"{case}/statement.{{form}}", self.page_of(self._export_document)),
            self._route_of_steps(f"{case}/steps/{{step}}", CASE_STEPS, self._case),
            Route(f"{case}/comments", self.page_of(self._comments)),
            self._route_of_steps(f"{case}/comments/{{step}}", COMMENT_STEPS, self._comments),
            self._route_of_steps(f"{case}/bodies/{{body}}", ("opine",), self._case),
            Route(f"{case}/opinions/{{department}}", self.page_of(self._opinion)),
            Route(f"{case}/opinions/{{department}}/map.svg", self.page_of(self._map)),
            Route(f"{case}/opinions/{{department}}/opinion.{{form}}", self.page_of(self._export_document)),
            self._route_of_steps(f"{case}/opinions/{{department}}/{{step}}", OPINION_STEPS, self._opinion),
        ]

    async def first_page(self, request: Request) -> Response:
        """The list of cases; those that wait for the reader's department come first."""
        return await run_in_threadpool(self._respond, request, self._list)

    def page_of(self, act: Act) -> Callable[[Request], Awaitable[Response]]:
        """The handler for a page, which waits for the core in a thread."""

        async def answer(request: Request) -> Response:
            return await run_in_threadpool(self._respond, request, act)

        return answer

    def _respond(self, request: Request, act: Act, form_text: Mapping[str, str] | None = None) -> Response:
        """The answer of a page; if an account's connection was lost, the sign-in page, with what was typed.

        If the page of a form cannot be shown either, what was typed stands in it when it is opened next.
        """
        session = session_of(request)
        try:
            return act(request, session)
        except VerbRefusal as refusal:
            if _is_lost(session, refusal):
                return self._ask_again(request, form_text or {}, session.language, session)
            page, fields = page_and_fields(request.url.path, form_text or {})
            if fields:
                session.shown[f"typed {page}"] = fields
            return self._refusal_page(session, refusal.answer, kept_at=page if fields else "")

    def print_page(self, template: str, session: Session, **facts: Any) -> Response:
        """A page from its template, in the reader's language."""
        return _page(template, session, **facts)

    def answer(self, session: Session, verb: str, **values: Any) -> dict[str, Any]:
        """The answer of a verb with its rows. Raises VerbRefusal."""
        question = {"library": self._library, "lang": session.language, **values}
        answer = (session.core or self._pool).ask(verb, question, lambda fraction, step: None, lambda stop: None)
        if answer.result is None:
            raise VerbRefusal(refusal_in_words_of_desk(answer, session.language))
        return steps_in_words_of_desk(answer.result, session.language)

    def _list(self, request: Request, session: Session) -> Response:
        """One page of a list of cases: those that wait for the reader's department, those in a state, or all."""
        own, query = session.shown.get("department", ""), request.query_params
        titles = _list_titles(own, session.language)
        list_name = query.get("list") if query.get("list") in titles else next(iter(titles))
        page = int(query["page"]) if re.fullmatch("[1-9][0-9]{0,5}", query.get("page", "")) else 1
        text = query.get("find", "").strip()
        conditions = {"waiting": own} if list_name == WAITING else {"state": list_name} if list_name != ALL else {}
        of_text = {"find": text} if text else {}
        answer = self.answer(
            session, "review list", view=True, most=CASES_ON_A_PAGE, page=page, **conditions, **of_text
        )
        pages = -(-answer["total"] // CASES_ON_A_PAGE)
        if page > pages > 0:  # the list became shorter: an empty page would say that nothing waits
            return RedirectResponse(f"/?{urlencode({'list': list_name, 'find': text, 'page': pages})}", 303)
        facts = {
            "rows": shown_parts(answer["view"], session.language) if answer["cases"] else [],
            "own": own,
            "lists": titles,
            "chosen": list_name,
            "find": text,
            "total": answer["total"],
            "page": page,
            "pages": pages,
            "departments": _departments(session.language),
            "problems": answer["problems"],
        }
        return _page("desk.html", session, **facts)

    def _case(
        self, request: Request, session: Session, form_text: Mapping[str, Any] | None = None, why: Sequence[Any] = ()
    ) -> Response:
        """One case. form_text: the fields of a step that was refused; why: the reasons."""
        answer = self.answer(session, "review show", case=request.path_params["case"], by=session.person, view=True)
        kept_text = _kept_fields(request, session)
        parts = shown_parts(answer["view"], session.language)
        names = {one["department"]: one["department_title"] for one in answer["opinions"]}
        facts = {
            "bodies": answer["bodies"],
            "files": answer["files"],
            "opinions": parts_about(parts, "opinions"),
            "entries": parts_about(parts, "entries"),
            "others": other_parts(parts, _LISTS),
            "verdicts": _verdicts(answer["verdicts"], session.language),
            "steps": _titled_steps(CASE_STEPS, session.language),
            "left_out": [(LEFT_OUT + code, title) for code, title in withheld_titles(names, session.language).items()],
            "deciding": DECIDING,
            "written": form_text
            or kept_text
            or ({"step": "revise", **parcels} if (parcels := _drawn_parcels(request)) else {}),
            "is_kept": bool(kept_text),
            "remarks": session.shown.pop(f"remarks {answer['case']}", ()),
            "with_parcels": WITH_PARCELS,
            "conclusions": [(one, _conclusion(one, session.language)) for one in CONCLUSIONS if one != _NO_OVERALL],
            "why": why,
            "state": phrase(f"review_state.{answer['state']}", session.language),
        }
        return _page("case.html", session, _step_status(why), case=answer, **facts)

    def _opinion(
        self, request: Request, session: Session, form_text: Mapping[str, Any] | None = None, why: Sequence[Any] = ()
    ) -> Response:
        """One department's opinion. form_text: text that was refused, which is not lost; why: the reasons."""
        department = request.path_params["department"]
        if department not in DEPARTMENTS:
            raise _site_refusal("web.no_page", session)
        case_and_person = {"case": request.path_params["case"], "by": session.person, "findings": department}
        answer = self.answer(session, "review show", **case_and_person)
        kept_text = _kept_fields(request, session)
        choices = finding_choices(answer["findings"], session.language)
        opinion = next((one for one in answer["opinions"] if one["department"] == department), None)
        if opinion is None:
            raise _site_refusal("web.no_page", session)
        items = [item for item in answer["checklist"] if item["department"] == department]
        opinion_text = {name: opinion[name] for name in ("conclusion", "text", "basis")} | (
            kept_text or dict(form_text or {})
        )
        facts = {
            "opinion": opinion,
            "state": phrase(f"opinion_state.{opinion['state']}", session.language),
            "concluded": _conclusion(opinion["conclusion"], session.language),
            "findings": finding_parts(answer["findings"], _words(session), session.language),
            "choices": choices,
            "verdicts": [(one, verdict_words(one, session.language)) for one in VERDICTS],
            "overrides": _overrides(answer, choices, session.language),
            "items": [
                {**item, "written": opinion_text.get(f"{ITEM}{item['item']}", item["answer"] or "")} for item in items
            ],
            "written": opinion_text,
            "is_kept": bool(kept_text),
            "conclusions": [(one, _conclusion(one, session.language)) for one in CONCLUSIONS],
            "why": why,
            "revision": answer["revision"],  # whoever was told of another's step sees it, and may go on
        }
        return _page("opinion.html", session, _step_status(why), case=answer, **facts)

    def _comments(
        self, request: Request, session: Session, form_text: Mapping[str, Any] | None = None, why: Sequence[Any] = ()
    ) -> Response:
        """The comments on a public notice, by default the last.

        form_text: fields of a refused step; why: the reasons.
        """
        case = request.path_params["case"]
        case_record = self.answer(session, "review show", case=case, by=session.person)
        kept_text = _kept_fields(request, session)
        query = form_text or kept_text or request.query_params
        number = {"notice": query["notice"]} if query.get("notice", "") else {}
        answer = self.answer(session, "review comments", case=case, view=True, **number)
        facts = {
            "head": shown_parts(answer["view"], session.language)[0]["name"],
            "comments": answer["comments"],
            "notice": answer["notice"]["notice"],
            "steps": _titled_steps(COMMENT_STEPS, session.language),
            "written": form_text or kept_text or {},
            "is_kept": bool(kept_text),
            "why": why,
        }
        return _page("comments.html", session, _step_status(why), case=case_record, **facts)

    def _route_of_steps(self, path: str, steps: Sequence[str], again: Callable[..., Response]) -> Route:
        """The route of a form that takes one of some steps. again: the form's page, for a refused step."""
        return Route(path, partial(self._stepped, steps=steps, again=again), methods=["POST"])

    async def _stepped(self, request: Request, steps: Sequence[str], again: Callable[..., Response]) -> Response:
        """Take the step of a form and show its page; if it is refused, show the form's page again, with the reasons."""
        form = await sent_form(request)
        session, step = session_of(request), request.path_params.get("step", "opine")
        if not _is_of(session, form.typed) or not says_what_was_shown(form.typed) or step not in steps:
            return self._refusal_page(session, _site_refusal("web.form", session).answer, 403)

        def act(request: Request, session: Session) -> Response:
            case, department = request.path_params["case"], request.path_params.get("department")
            body = request.path_params.get("body")
            try:
                self._take(session, step, form, case, department or body)
            except VerbRefusal as refusal:
                if _is_lost(session, refusal):
                    raise
                step_path = f"bodies/{body}" if body else step
                return again(request, session, {**form.typed, "step": step_path}, refusal.answer.problems)
            of_notice = f"/comments?{urlencode({'notice': form.typed.get('notice', '')})}"
            below = f"/opinions/{department}" if department else of_notice if step in COMMENT_STEPS else ""
            return RedirectResponse(f"/cases/{case}{below}", 303)

        return await run_in_threadpool(self._respond, request, act, form.typed)

    def _take(self, session: Session, step: str, form: SentForm, case: str, department: str | None) -> str:
        """Take a step with the sent form; return the id of its case. Raises VerbRefusal.

        The verb's remarks, such as on parcels, are shown with the case, which is the next page.
        """
        if not session.name:
            raise _site_refusal("web.no_name", session)
        of_one = {"department": department} if department else {}
        of_case = {"case": case} if case else {}
        with room_of_answer() as folder:
            try:
                values = {**step_values(step, form.typed), **written_files(step, form, folder)}
            except OneMapError as error:
                raise VerbRefusal(refusal_of(error, session.language)) from None
            answer = self.answer(session, f"review {step}", **of_case, by=session.name, **of_one, **values)
        if remarks := problems_in_words_of_desk(answer.get("problems", ()), session.language):
            session.shown[f"remarks {answer['case']}"] = remarks
        return str(answer["case"])

    def _recheck(self, request: Request, session: Session) -> Response:
        """The changes by today's layers and packs; nothing is written, except to the log that somebody looked."""
        case_and_person = {"case": request.path_params["case"], "by": session.person}
        answer = self.answer(session, "review recheck", view=True, **case_and_person)
        changes = [
            part for part in shown_parts(answer["view"], session.language) if part["about"].get("list") == "changes"
        ]
        count = phrase("review_said.changes", session.language, count=sum(map(len, answer["changes"].values())))
        return _page("recheck.html", session, case=answer, rows=changes, count=count)

    def _place(self, request: Request, session: Session) -> Response:
        """The features at a point in every layer; on a phone, at the phone's position."""
        place = {name: request.query_params.get(name, "").strip() for name in _PLACE}
        rows: list[dict[str, Any]] = []
        why: Sequence[Any] = ()
        if place["x"] and place["y"]:
            values = {name: value for name, value in place.items() if value}
            try:
                rows = shown_parts(self.answer(session, "identify", view=True, **values)["view"], session.language)
            except VerbRefusal as refusal:
                if _is_lost(session, refusal):
                    raise
                why = refusal.answer.problems
        return _page("here.html", session, 400 if why else 200, asked=place, rows=rows, why=why)

    def _opening_page(self, request: Request, session: Session) -> Response:
        kept_text = _kept_fields(request, session)
        return _page("open.html", session, typed=kept_text or _drawn_parcels(request), why=(), is_kept=bool(kept_text))

    async def _open(self, request: Request) -> Response:
        """Open a case on uploaded parcels, in any format that departments send."""
        form, session = await sent_form(request), session_of(request)
        if not _is_of(session, form.typed):
            return self._refusal_page(session, _site_refusal("web.form", session).answer, 403)

        def act(_: Request, session: Session) -> Response:
            try:
                case = self._take(session, "open", form, "", None)
            except VerbRefusal as refusal:
                if _is_lost(session, refusal):
                    raise
                why = refusal.answer.problems
                return _page("open.html", session, 400, typed=form.typed, why=why, is_kept=False)
            return RedirectResponse(f"/cases/{case}", 303)

        return await run_in_threadpool(self._respond, request, act, form.typed)

    async def _choose_department(self, request: Request) -> Response:
        form_text = (await sent_form(request, _FEW_FIELDS)).typed
        session = session_of(request)
        codes = {code for code, _ in _departments(session.language)} | {""}
        if not _is_of(session, form_text) or form_text.get("department") not in codes:
            return self._refusal_page(session, _site_refusal("web.form", session).answer, 403)
        session.shown["department"] = form_text["department"]
        return RedirectResponse("/", 303)

    def _export_document(self, request: Request, session: Session) -> Response:
        """Download a document of a case; it is not shown in this site, whose pages contain nothing foreign."""
        case, form = request.path_params["case"], request.path_params["form"]
        department = request.path_params.get("department")
        if form not in _DOCUMENTS:
            raise _site_refusal("web.no_page", session)
        name = f"{'opinion' if department else 'statement'}.{form}"
        of_one = {"department": department, "document": "opinion"} if department else {}
        body = self._exported_file(session, name, case=case, **of_one)
        return _download(body, name, MEDIA_TYPES[f".{form}"])

    def _sheets(self, request: Request, session: Session) -> Response:
        """The query sheets of a case's parcels."""
        form = request.path_params["form"]
        if form not in _DOCUMENTS:
            raise _site_refusal("web.no_page", session)
        with room_of_answer() as folder:
            target = folder / f"sheets.{form}"
            self.answer(session, "review sheet", case=request.path_params["case"], target=str(target))
            return _download(target.read_bytes(), target.name, MEDIA_TYPES[target.suffix])

    def _attachment(self, request: Request, session: Session) -> Response:
        """Download a file that was attached to a case; nothing in it is shown or run here."""
        with room_of_answer() as folder:
            attachment = {"case": request.path_params["case"], "file": request.path_params["hash"]}
            answer = self.answer(session, "review attachment", target=str(folder / "attachment"), **attachment)
            body = (folder / "attachment").read_bytes()
        return _download(body, answer["name"], "application/octet-stream")

    def _map(self, request: Request, session: Session) -> Response:
        """The parcels with their conflicts, drawn by the core as a picture that neither runs nor fetches anything."""
        department = request.path_params.get("department")
        of_one = {"department": department} if department else {}
        body = self._exported_file(session, "map.svg", case=request.path_params["case"], **of_one)
        return Response(body, media_type=MEDIA_TYPES[".svg"])

    def _exported_file(self, session: Session, name: str, **values: Any) -> bytes:
        """The file that `review export` writes under a name."""
        with room_of_answer() as folder:
            self.answer(session, "review export", target=str(folder / name), **values)
            return (folder / name).read_bytes()

    def _refusal_page(self, session: Session, answer: VerbAnswer, status: int = 0, kept_at: str = "") -> Response:
        code = answer.problems[0]["code"] if answer.problems else ""
        status = status or _refusal_status(code, answer.exit_code)
        return _page("refusal.html", session, status, why=answer.problems, kept_at=kept_at)


def _download(body: bytes, name: str, media_type: str) -> Response:
    """A file as a download under its own name."""
    disposition = f"attachment; filename*=UTF-8''{quote(name, safe='')}"
    return Response(body, media_type=media_type, headers={"Content-Disposition": disposition})


def _site_refusal(code: str, session: Session) -> VerbRefusal:
    """A refusal of the site itself, as one of a verb."""
    return VerbRefusal(refusal_of(OneMapError(code), session.language))


def _is_lost(session: Session, refusal: VerbRefusal) -> bool:
    """Whether an account's connection is gone, so that its password is needed again."""
    return session.is_account and refusal.answer.problems[0]["code"] in _LOST


def _refusal_status(code: str, exit_code: int) -> int:
    """The HTTP status of a page that cannot be shown. code: of its first problem."""
    if code in _NO_RIGHT:
        return 403
    return 404 if code in _ABSENT else 400 if exit_code < 70 else 500


def _step_status(why: Sequence[Mapping[str, Any]]) -> int:
    """The HTTP status of the page shown after a step. why: the reasons if the step was refused."""
    if not why:
        return 200
    return 403 if any(problem["code"] in _NO_RIGHT for problem in why) else 409


def _kept_fields(request: Request, session: Session) -> dict[str, str]:
    """The text that was typed into this page before it could not be taken, returned once."""
    fields: dict[str, str] = session.shown.pop(f"typed {request.url.path}", {})
    return fields


def _drawn_parcels(request: Request) -> dict[str, str]:
    """The corners of a parcel drawn on the map, and their coordinate system; empty if none was drawn."""
    corners = request.query_params.get("corners", "")
    return {"corners": corners, "crs": request.query_params.get("crs", "")} if corners else {}


def _is_of(session: Session, form_text: Mapping[str, str]) -> bool:
    """Whether a form was printed for this session."""
    return hmac.compare_digest(form_text.get("form_key", "").encode(), session.form_key.encode())


def _words(session: Session) -> dict[str, Any]:
    words: dict[str, Any] = sentences(session.language)["site"]
    return words


def _page(template: str, session: Session, status: int = 200, **facts: Any) -> Response:
    frame = {"words": _words(session), "language": session.language, "session": session}
    return HTMLResponse(str(render(template, **frame, **facts)), status)


def _titled_steps(steps: Sequence[str], language: str) -> list[tuple[str, str]]:
    return [(step, phrase(f"review_step.{step}", language)) for step in steps]


def _list_titles(own: str, language: str) -> dict[str, str]:
    """The titles of the desk's lists of cases, the initial one first. own: the reader's department; empty for none."""
    words = sentences(language)["site"]
    of_own = {WAITING: words["waiting"]} if own else {}
    return {**of_own, ALL: words["all_cases"], **{one: phrase(f"review_state.{one}", language) for one in CASE_STATES}}


def _departments(language: str) -> list[tuple[str, str]]:
    return [(code, titles[language]) for code, titles in named_groups()["departments"].items()]


def _overrides(case: Mapping[str, Any], choices: Sequence[tuple[str, str]], language: str) -> list[dict[str, Any]]:
    """The overridden findings among the given ones, with both verdicts in words."""
    own = {tuple(read_json(key)[:2]) for key, _ in choices}
    return [
        {**one, "was": verdict_words(one["before"], language), "is": verdict_words(one["verdict"], language)}
        for one in case["overrides"]
        if (one["parcel"], one["rule"]) in own
    ]


def _conclusion(code: str, language: str) -> str:
    return phrase(f"conclusion.{code}", language)


def _verdicts(counts: Mapping[str, int], language: str) -> list[tuple[str, str, int]]:
    """For each verdict that some parcel has: its code, its words, and the number of parcels."""
    return [(code, verdict_words(code, language), count) for code, count in counts.items() if count]
