"""How a text cites laws: the title in its marks 《》 (GB/T 15834), then number and articles.

In English the official English name stands before the title where the law has one; other titles stay as they are.
"""

import re
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from onemap.layers.messages import phrase
from onemap.layers.shipped_files import shipped_table
from onemap.rules.judge.packs.legal_basis import articles_by_law

_OFFICIAL = "通知|意见|决定|公告|批复|函"  # of these a title says what they are about
_NORMATIVE = "法|法典|条例|办法|规定|细则|规则|规范|标准|规程|导则|指南|通则|准则|名录|目录"
_TITLE = re.compile(rf"[^，。：]*(?:{_NORMATIVE}|关于[^。：]+(?:{_OFFICIAL}))")
_TRIAL = r"（(?:试行|暂行|\d{4}年本)）"  # belongs to the title, other brackets are the document's number
_MARKED = re.compile(r"(?P<law>.*》(?:（[^（）]*）)*) ?(?P<article>.*)")
_MARKED_TITLE = re.compile(r"《(?P<title>[^》]+)》")
_NAME = re.compile(rf"(?P<title>.+?(?:{_TRIAL})?)(?P<number>(?:（[^（）]*）)*)")


def cited_law(law: str, language: str) -> str:
    """The name of a law in its marks; a name that is already marked, or is not a title, is returned unchanged."""
    law = plain_basis(law)
    if language == "en":
        return _english(law)
    match = _NAME.fullmatch(law)
    if language != "zh" or match is None or "《" in law or law in _law_file()["descriptions"]:
        return law
    title = match["title"]
    if not _TITLE.fullmatch(re.sub(_TRIAL, "", title)):
        return law
    return f"《{title}》{match['number']}"


def _english(law: str) -> str:
    """A law with its official English name before it, if it has one."""
    match = _MARKED_TITLE.fullmatch(law)
    title = match["title"] if match else law
    name = _law_file()["english"].get(title)
    return law if name is None else f"{name} ({match[0] if match else f'《{title}》'})"


def plain_basis(text: str) -> str:
    """A text without the English names of laws, as it is stored: a Chinese reader sees none."""
    return _english_citation().sub(r"\1", text)


@cache
def _english_citation() -> re.Pattern[str]:
    names = "|".join(map(re.escape, sorted(_law_file()["english"].values(), key=len, reverse=True)))
    return re.compile(rf"(?:{names}) \((《[^》]+》(?:（[^（）]*）)*)\) ?")


def citation(law: str, articles: Sequence[str], language: str) -> str:
    """A law with its articles; after a marked title they follow without a space."""
    cited, comma = cited_law(law, language), phrase("said.comma", language)
    space = "" if cited.endswith(("》", "）")) and (cited != law or law.startswith("《")) else " "
    return f"{cited}{space}{comma.join(articles)}".strip()


def law_and_article(part: str) -> tuple[str, str]:
    """The law and the article in a part of a basis; the article is empty if none is named."""
    if any(part == law["title"] for law in _law_file()["law"]):
        return part, ""
    if match := _MARKED.fullmatch(part):
        return match["law"], match["article"]
    law, _, article = part.rpartition(" ")
    return (law, article) if law else (article, "")


def cited_basis(basis: str, language: str) -> str:
    """A basis, `law article；…` on one line or more, as a text cites it: each law once per line, then its articles.

    Laws and articles keep the order in which they are first named.
    """
    lines, semicolon = [], phrase("said.semicolon", language)
    for line in plain_basis(basis).splitlines():
        parts = filter(None, (part.strip() for part in re.split("[；;]", line)))
        articles = articles_by_law(map(law_and_article, parts))
        lines.append(semicolon.join(citation(law, article_names, language) for law, article_names in articles.items()))
    return "\n".join(lines)


def basis_citations(rules: Sequence[Any], language: str) -> Mapping[str, str]:
    """The citation of each rule's basis, by the basis as tables write it."""
    return {basis: cited_basis(basis, language) for basis in dict.fromkeys(rule.basis_text for rule in rules)}


def _law_file() -> Mapping[str, Any]:
    """`law`: every edition; `english`: official names by title; `descriptions`: texts that stand for a law.

    A description has no title, or another one in every town.
    """
    return shipped_table("laws.toml")
