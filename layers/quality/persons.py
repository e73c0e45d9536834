"""Tables that seem to hold personal data: a library keeps only aggregates, no identity numbers or telephones."""

import re
from collections.abc import Sequence
from datetime import date
from typing import Any

import numpy as np

from onemap.layers.catalogue.catalogue import LayerEntry
from onemap.layers.errors import Problem
from onemap.layers.frames.fields import text_value
from onemap.layers.frames.frame_blocks import FrameBlocks
from onemap.layers.quality.feature_problems import Flaws

_SHARE = 0.2  # of a column's values that look so
_NUMBER = re.compile(r"\d{6}((?:19|20)\d{2})(\d{2})(\d{2})\d{3}[\dXx]", re.ASCII)
_MOBILE = re.compile(r"(?:\+?86[- ]?)?1[3-9]\d{9}", re.ASCII)
_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)  # GB 11643
_CHECKS = "10X98765432"
_NUMBER_HEADS = ("身份证", "公民身份", "idcard", "sfzh", "gmsfhm", "identitynumber")
_PHONE_HEADS = ("手机", "联系电话", "移动电话", "mobile", "cellphone", "sjhm")
_NAME_HEADS = ("姓名", "户主", "xm", "fullname", "personname")
_BIRTH_HEADS = ("出生", "生日", "birth", "csrq")


def person_flaws(frame: FrameBlocks, entry: LayerEntry) -> list[Flaws]:
    """Return columns with identity or mobile numbers, by heading or value, and names beside birthdays.

    An identity number has a day of birth and a check digit (GB 11643), so no other long code is taken for one.
    """
    numeric = {field.name for field in entry.fields if field.type in ("number", "integer")}
    columns: list[tuple[str, str]] = []
    names, births = [], []
    for name in frame.columns:
        head = re.sub(r"[\s_()（）-]", "", name).lower()
        names += [name] if head in _NAME_HEADS else []
        births += [name] if any(word in head for word in _BIRTH_HEADS) else []
        if name in numeric:
            continue
        if any(word in head for word in _NUMBER_HEADS) or _most_are(frame, name, _is_identity_number):
            columns.append((name, "identity_number"))
        elif any(word in head for word in _PHONE_HEADS) or _most_are(frame, name, _is_mobile):
            columns.append((name, "telephone"))
    if names and births:
        columns.append((f"{names[0]}, {births[0]}", "birthday"))
    facts: Sequence[dict[str, Any]] = [{"field": name, "what": Problem(f"kind.{kind}")} for name, kind in columns]
    return [Flaws("person.data", np.full(len(facts), -1), facts)] if facts else []


def _most_are(frame: FrameBlocks, name: str, test: Any) -> bool:
    """Whether so many of a column's values pass a test that it cannot be chance."""
    text_count = hits = 0
    for block in frame.blocks():
        texts = [text for value in frame.values(name, block) if (text := text_value(value)) is not None]
        text_count += len(texts)
        hits += sum(map(test, texts))
    return hits > 0 and hits >= _SHARE * text_count


def _is_mobile(text: str) -> bool:
    return _MOBILE.fullmatch(text) is not None


def _is_identity_number(text: str) -> bool:
    parts = _NUMBER.fullmatch(text)
    if parts is None:
        return False
    try:
        date(*map(int, parts.groups()))
    except ValueError:
        return False
    total = sum(int(digit) * weight for digit, weight in zip(text, _WEIGHTS, strict=False))
    return text[-1].upper() == _CHECKS[total % 11]
