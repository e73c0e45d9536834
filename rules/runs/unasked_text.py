"""The rules that were not asked, as lines of text: how many, and the reasons by department."""

from collections import Counter
from collections.abc import Mapping, Sequence

from onemap.layers.messages import phrase


def unasked_lines(rules: int, unasked: Sequence[Mapping[str, str]], language: str) -> list[str]:
    """How many rules were not asked, and why by department; none where all were asked."""
    if not unasked:
        return []
    lines = [phrase("said.skipped", language, rules=rules, count=len(unasked))]
    for department in dict.fromkeys(row["department_title"] for row in unasked):
        counts = Counter(row["said"] for row in unasked if row["department_title"] == department)
        reasons = phrase("said.comma", language).join(f"{reason} {count}" for reason, count in counts.items())
        facts = {"department": department, "count": counts.total(), "reasons": reasons}
        lines.append(phrase("said.skipped_of", language, **facts))
    return lines
