"""The details of a difference spot as lines of text, and the changes since an earlier comparison."""

from __future__ import annotations

import json
from typing import Any

from onemap.plugin.rooms.compare.compare_looks import difference_name
from onemap.plugin.rooms.compare.compare_results import Spot
from onemap.plugin.rooms.compare.compare_spots import MARK, state_name
from onemap.plugin.words.core_words import word
from onemap.plugin.words.number_format import (
    NOT_MEASURED,
    area_beside_text,
    area_text,
    length_text,
    moment_text,
    share_text,
)
from onemap.plugin.words.translation import name_list, tr, with_label


def details_of(spot: Spot, cluster_size: int, plans: tuple[str, str]) -> str:
    """The type, measures, decision and proposed cause of a spot.

    cluster_size: the number of spots in its cluster.
    plans: the titles of the two plans.
    """
    lines = [difference_name(spot.kind)]
    if spot.decision:
        lines.append(with_label(f"{MARK}{word('decisions', spot.decision)}", spot.reason))
        lines += [f"{spot.decided_by}, {moment_text(spot.decided_at)}"] if spot.decided_by else []
    lines.append(f"{area_text(spot.area_m2)} · {area_beside_text(spot.area_m2)}")
    sides = ((plans[0], spot.use_a, spot.class_a, spot.codes_a), (plans[1], spot.use_b, spot.class_b, spot.codes_b))
    for plan, use, main_class, codes in sides:
        line = with_label(plan, word("uses", use or "none"))
        if codes:
            mainly = [tr("mainly {code}").format(code=main_class)] if len(codes) > 1 else []
            line = tr("{title} ({code})").format(title=line, code=name_list([*codes, *mainly]))
        lines.append(line)
    measures = [tr("mean width {width}").format(width=length_text(spot.mean_width_m))]
    if spot.shift_m is not None:
        measures.append(tr("lines {shift} apart").format(shift=length_text(spot.shift_m)))
    if spot.line_distance_m is not None:
        measures.append(tr("up to {distance} from a line").format(distance=length_text(spot.line_distance_m)))
    lines.append(" · ".join(measures))
    if spot.cause:
        lines.append(tr("Proposed cause: {cause}").format(cause=word("causes", spot.cause)))
        lines += _evidence(spot)
    if cluster_size > 1:
        lines.append(
            tr("One of {count} spots of cluster {cluster}").format(count=f"{cluster_size:,}", cluster=spot.cluster)
        )
    if spot.state:
        lines.append(tr("Against the earlier comparison: {state}").format(state=state_name(spot.state)))
    lines.append(tr("Spot: {name}").format(name=spot.name))
    return "\n".join(lines)


def _evidence(spot: Spot) -> list[str]:
    """The figures behind the proposed cause that the other lines do not give."""
    try:
        figures: dict[str, Any] = json.loads(spot.evidence or "{}")
    except ValueError:
        return []
    texts = {
        "length_by_width": tr("length by width: {figure}"),
        "edge_of_a": tr("of its edge along lines of plan A: {figure}"),
        "edge_of_b": tr("of its edge along lines of plan B: {figure}"),
        "pair_share": tr("of its class that is the other plan's class: {figure}"),
        "pair_spots": tr("spots of these two classes: {figure}"),
        "agreed_before_a": tr("agreed with plan A's earlier version: {figure}"),
        "agreed_before_b": tr("agreed with plan B's earlier version: {figure}"),
    }
    return [
        "  " + text.format(figure=_figure(name, figures[name]))
        for name, text in texts.items()
        if figures.get(name) is not None
    ]


def _figure(name: str, value: float) -> str:
    if name == "length_by_width":
        return f"{value:,.1f}"
    return f"{value:,.0f}" if name == "pair_spots" else share_text(value)


def changes_text(spots_by_change: dict[str, list[dict[str, Any]]]) -> str:
    """How many spots are new, changed and gone."""
    text = tr("Since then: {new} new, {changed} changed, {gone} gone")
    return text.format(**{name: f"{len(spots_by_change.get(name, ())):,}" for name in ("new", "changed", "gone")})


def gone_text(spots_by_change: dict[str, list[dict[str, Any]]]) -> str:
    """The spots that no longer exist, one a line; empty for none."""
    return "\n".join(
        f"{difference_name(str(row['type']))} · {area_text(row.get('area_m2'))} · {row.get('spot') or NOT_MEASURED}"
        for row in spots_by_change.get("gone", ())
    )
