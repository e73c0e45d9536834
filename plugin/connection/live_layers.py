"""Layers of live servers: a server may break off without an error, so the features are counted."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from qgis.core import QgsFeature, QgsVectorLayer

from onemap.plugin.connection.refusals import Refusal
from onemap.plugin.words.translation import tr

LIVE_PROVIDERS = ("WFS", "OAPIF", "sensorthings", "arcgisfeatureserver")


def expected_count(layer: QgsVectorLayer, selected_only: bool) -> int | None:
    """How many features a live layer must give; None for any other layer.

    Raises Refusal where the server does not say how many it has.
    """
    if layer.providerType() not in LIVE_PROVIDERS:
        return None
    if selected_only:
        return layer.selectedFeatureCount()
    # A drawn layer returns the number that it received, which may be smaller; a new one asks the server.
    fresh = QgsVectorLayer(layer.source(), layer.name(), layer.providerType())
    count = fresh.dataProvider().featureCount() if fresh.isValid() else 0
    if count <= 0 or layer.subsetString():
        text = tr(
            "“{name}” is a layer of a live server, of which nobody can say whether it came whole. Register the "
            "service and take a snapshot of it, or save the layer as a file."
        )
        raise Refusal(text.format(name=layer.name()))
    return int(count)


def ensure_count(features: Iterable[QgsFeature], expected: int | None, name: str) -> Iterator[QgsFeature]:
    """The features; raises Refusal after the last one if their number is not the expected one.

    expected: None accepts any number.
    name: the layer's name, for the refusal.
    """
    count = 0
    for feature in features:
        count += 1
        yield feature
    if expected is not None and count != expected:
        text = tr("“{service}” gave {count} of {expected} features, so nothing was taken. Try again later. {reason}")
        message = text.format(service=name, count=f"{count:,}", expected=f"{expected:,}", reason="")
        raise Refusal(message.strip())
