"""The page of a public notice, stored exactly as it was shown: project, parcels on a map, the decision.

It never shows the applicant's contact, telephone, credit code and investment, names of officers, findings and what they
lie on, nor what the lead withholds.
"""

from collections.abc import Collection, Mapping
from typing import Any

from onemap.layers.area_units import hectares_text, mu_text
from onemap.layers.library.library import Library
from onemap.layers.library.own_files import profile_of
from onemap.layers.messages import LANGUAGES, phrase
from onemap.rules.display.maps.map_sheet import draw_map
from onemap.rules.display.maps.map_source import MapSource
from onemap.rules.display.maps.sheets_needed import MapPage
from onemap.rules.judge.runs.run_store import stored_rows
from onemap.rules.review.cases.case import SPOKEN, Case, CaseState, Opinion, OpinionState
from onemap.rules.review.cases.project_data import PUBLIC_FACTS

Labels = Mapping[str, Mapping[str, str]]  # the documents' words by language
_DECIDED = (CaseState.CONSOLIDATED, CaseState.ISSUED)


def page_content(library: Library, case: Case, kind: str, withheld: Collection[str], labels: Labels) -> dict[str, Any]:
    """The page of a notice by language. kind: before or after the statement; withheld: departments and facts."""
    return {language: _page_in(library, case, kind, withheld, labels[language], language) for language in LANGUAGES}


def _page_in(
    library: Library, case: Case, kind: str, withheld: Collection[str], labels: Mapping[str, str], language: str
) -> dict[str, Any]:
    profile = profile_of(library)
    facts = [
        (labels[f"field_{key}"], _value_text(case.data[key]))
        for key in PUBLIC_FACTS
        if key not in withheld and case.data.get(key) is not None
    ]
    is_decided = case.state in _DECIDED
    shown_opinions = [
        one for one in case.opinions if is_decided and one.state in SPOKEN and one.department not in withheld
    ]
    return {
        "project": case.project,
        "kind": kind,
        "bureau": (profile.lead.unit or profile.lead.mark).get(language) or profile.lead.code or library.name,
        "rehearsal": library.is_rehearsal,
        "document": case.document if case.state == CaseState.ISSUED else None,
        "facts": facts,
        "parcels": _parcel_rows(library, case),
        "conclusion": labels[f"overall_{case.conclusion}"] if is_decided and case.conclusion else None,
        "opinions": [
            {"department": profile.department_title(one.department, language), **_words_of(one, labels, language)}
            for one in shown_opinions
        ],
        "withheld": is_decided and bool(withheld),
        "maps": _maps_of(library, case, language),
    }


def _words_of(opinion: Opinion, labels: Mapping[str, str], language: str) -> dict[str, str]:
    """Conclusion, text and basis of a department, or a statement that it did not answer."""
    if opinion.state == OpinionState.DEEMED:
        due = opinion.due.isoformat() if opinion.due else ""
        return {"conclusion": labels["opinion_deemed"], "text": labels["opinion_silent"].format(due=due), "basis": ""}
    conclusion = phrase(f"conclusion.{opinion.conclusion}", language)
    return {"conclusion": conclusion, "text": opinion.text_in(language), "basis": opinion.basis}


def _value_text(value: Any) -> str:
    return f"{value:,}" if isinstance(value, int | float) else str(value)


def _parcel_rows(library: Library, case: Case) -> list[dict[str, str]]:
    """The parcels with their ellipsoidal areas."""
    rows = [row.values for row in stored_rows(library, case.current.run, "parcels")]
    return [
        {
            "parcel": str(row["parcel"]),
            "hectares": hectares_text(row["area_ellipsoidal_m2"]),
            "mu": mu_text(row["area_ellipsoidal_m2"]),
        }
        for row in rows
    ]


def _maps_of(library: Library, case: Case, language: str) -> list[str]:
    """Maps of where the parcels lie and of their boundaries, without any findings."""
    source = MapSource(library, case.current.run, language)
    source.pieces, source.findings = [], []
    return [draw_map(source, MapPage(theme), project=case.project).svg for theme in ("location", "boundary")]
