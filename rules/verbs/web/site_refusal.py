"""A refusal by the site itself: for a browser a page in the reader's language, for programs a problem as JSON."""

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from onemap.layers.errors import OneMapError
from onemap.layers.messages import LANGUAGES, sentences
from onemap.rules.display.documents.html_printer import render
from onemap.rules.verbs.web.ogc_processes import problem_response
from onemap.rules.verbs.web.serve_child import refusal_of
from onemap.rules.verbs.web.session_table import Session


def is_browser(request: Request) -> bool:
    """Whether a person reads the answer, rather than a program."""
    return "text/html" in request.headers.get("accept", "")


def preferred_language(request: Request, own: str) -> str:
    """The language that a browser prefers, among those that exist. own: the language if it prefers none of them."""
    wishes = (wish.strip()[:2].lower() for wish in request.headers.get("accept-language", "").split(","))
    return next((wish for wish in wishes if wish in LANGUAGES), own)


def refusal_response(request: Request, error: OneMapError, status: int, own: str) -> Response:
    """The answer to a refused request. own: the language for those who prefer none."""
    session: Session | None = request.scope.get("onemap_session")
    language = session.language if session is not None else preferred_language(request, own)
    answer = refusal_of(error, language)
    if not is_browser(request):
        return problem_response(answer, status)
    facts = {"words": sentences(language)["site"], "language": language, "session": session, "why": answer.problems}
    return HTMLResponse(str(render("refusal.html", **facts)), status)
