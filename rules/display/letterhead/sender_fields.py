"""Sender and addressee of a document, from the bureau's profile; missing fields are null and not printed."""

from typing import TypedDict

from onemap.layers.catalogue.bureau_profile import Names, Profile, Sender
from onemap.layers.messages import list_text

OF_DEPARTMENT = ("opinion", "reply")


def sender_of(profile: Profile, kind: str, department: str | None) -> Sender:
    """The department that gives an opinion, else the lead bureau; an empty sender if the profile has none."""
    if kind in OF_DEPARTMENT and department is not None:
        return profile.departments.get(department, Sender())
    return profile.lead


class SenderFields(TypedDict):
    """The printed fields of a document's sender. head: the form of the head; seal: whether there is room for one."""

    unit: str | None
    head: str | None
    head_mark: str | None
    number_form: str | None
    addressed: str | None
    copies: str | None
    contact: str | None
    signatory: str | None
    printed_by: str | None
    seal: bool


def sender_fields(
    profile: Profile, kind: str, department: str | None, unit: str | None, year: int, language: str
) -> SenderFields:
    """Head, addressees, copies, signatory and the like of a document, each a text or null.

    unit: the signatory if the profile names none; number_form: the document's sign, with room to fill in a number by
    hand.
    """
    sender = sender_of(profile, kind, department)
    addressees = list(sender.addressees)
    lead = profile.lead.unit
    if kind == "reply":  # a form speaks to who fills it in; its own text names them
        addressees = []
    elif not addressees and lead and kind in OF_DEPARTMENT and lead != sender.unit:
        addressees = [lead]
    names = list_text((name[language] for name in addressees), language)
    return {
        "unit": _text(sender.unit, language) or unit,
        "head": sender.head,
        "head_mark": _text(sender.mark, language),
        "number_form": f"{sender.code}〔{year}〕　　号" if sender.code else None,
        "addressed": f"{names}{'：' if language == 'zh' else ':'}" if names else None,
        "copies": list_text((name[language] for name in sender.copies), language) or None,
        "contact": _text(sender.contact, language),
        "signatory": _text(sender.signatory, language),
        "printed_by": _text(sender.printed_by, language),
        "seal": sender.seal,
    }


def _text(names: Names, language: str) -> str | None:
    return names.get(language)
