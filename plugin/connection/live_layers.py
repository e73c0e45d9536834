"""Layers of live servers, which may break off in the middle without a word: what is taken of them is counted."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from qgis.core import QgsFeature, QgsVectorLayer

from onemap.plugin.connection.refusals import Refusal
from onemap.plugin.words.translation import tr

LIVE = ("WFS", "OAPIF", "sensorthings", "arcgisfeatureserver")


def expected_count(layer: QgsVectorLayer, selected_only: bool) -> int | None:
    """How many features must come of a live layer; None for a layer that is no live one.

    Raises Refusal where the server does not say how many it has.
    """
    if layer.providerType() not in LIVE:
        return None
    if selected_only:
        return layer.selectedFeatureCount()
    # A layer that has been drawn says how many it got, which may be fewer; one opened anew asks the server.
    fresh = QgsVectorLayer(layer.source(), layer.name(), layer.providerType())
    count = fresh.dataProvider().featureCount() if fresh.isValid() else 0
    if count <= 0 or layer.subsetString():
        text = tr(
            "“{name}” is a layer of a live server, of which nobody can say whether it came whole. Register the "
            "service and take a snapshot of it, or save the layer as a file."
        )
        raise Refusal(text.format(name=layer.name()))
    return int(count)


def counted(features: Iterable[QgsFeature], expected: int | None, name: str) -> Iterator[QgsFeature]:
    """The features, all of them: fewer or more than expected raise Refusal at the end. None: anything is right."""
    count = 0
    for feature in features:
        count += 1
        yield feature
    if expected is not None and count != expected:
        text = tr("“{service}” gave {count} of {expected} features, so nothing was taken. Try again later. {reason}")
        said = text.format(service=name, count=f"{count:,}", expected=f"{expected:,}", reason="")
        raise Refusal(said.strip())
