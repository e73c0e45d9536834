"""Export parcels of a map layer to a file for the core; each keeps its name from a check of the whole layer."""

from __future__ import annotations

from collections.abc import Iterable

from qgis.core import Qgis, QgsFeature, QgsFeatureRequest, QgsField, QgsFields, QgsProviderRegistry, QgsVectorLayer
from qgis.PyQt.QtCore import QMetaType

from onemap.plugin.connection.layer_export import SourceFile, chosen_features, file_of_layer, write_source
from onemap.plugin.words.verb_parameters import known_words


def export_parcels(layer: QgsVectorLayer, selected_only: bool, folder: str) -> SourceFile:
    """The file behind a layer if it holds all that is meant, else a GeoPackage in the folder. Raises Refusal."""
    file = None if selected_only else file_of_layer(layer)
    if file is not None:
        return file
    ids = layer.selectedFeatureIds() if selected_only else None
    return _write(layer, chosen_features(layer, selected_only), ids, folder)


def export_some_parcels(layer: QgsVectorLayer, ids: Iterable[int], folder: str) -> SourceFile:
    """Write some features of a layer, as they are now, saved or not, to a GeoPackage in the folder. Raises Refusal."""
    ids = list(ids)
    return _write(layer, layer.getFeatures(QgsFeatureRequest().setFilterFids(ids)), ids, folder)


def has_names(fields: QgsFields) -> bool:
    """Whether one of the fields names the parcels; otherwise the core names them by their places in the layer."""
    id_names = {name.lower() for name in known_words("check", "id")}
    return any(field.name().lower() in id_names for field in fields)


def places_of(layer: QgsVectorLayer, ids: Iterable[int] | None = None) -> dict[int, int] | None:
    """The places of a layer's parcels, from 1, by which the core names them; None if a field names them.

    Saved parcels come in the order in which the core reads them, whatever the filter, then new ones in the order of
    their creation. A parcel whose deletion is not saved yet keeps its place, so that the places after it stay the same.

    ids: the features whose places are wanted; None for all.
    """
    if has_names(layer.fields()):
        return None
    whole = _without_filter(layer) if layer.subsetString() else layer
    request = QgsFeatureRequest().setFlags(Qgis.FeatureRequestFlag.NoGeometry).setNoAttributes()
    saved = [feature.id() for feature in whole.dataProvider().getFeatures(request)]
    buffer = layer.editBuffer()
    new_ids = sorted(buffer.addedFeatures(), reverse=True) if buffer is not None else []  # QGIS counts them down
    wanted_ids = None if ids is None else set(ids)
    numbered_ids = enumerate([*saved, *new_ids], start=1)
    return {feature: place for place, feature in numbered_ids if wanted_ids is None or feature in wanted_ids}


def _without_filter(layer: QgsVectorLayer) -> QgsVectorLayer:
    """The layer without its filter. Removing a clone's filter may stop others that read the same file."""
    registry, provider = QgsProviderRegistry.instance(), layer.providerType()
    parts = registry.decodeUri(provider, layer.source())
    if "subset" in parts:
        return QgsVectorLayer(registry.encodeUri(provider, {**parts, "subset": ""}), layer.name(), provider)
    whole = layer.clone()
    whole.setSubsetString("")
    return whole


def with_places(
    fields: QgsFields, features: Iterable[QgsFeature], places: dict[int, int] | None
) -> tuple[QgsFields, Iterable[QgsFeature]]:
    """Add a field with the parcels' places as names, which the core cannot see if it gets only part of a layer.

    places: by the features' ids; None if the parcels have names. The core refuses a feature without a place.
    """
    if places is None:
        return fields, features
    named_fields = QgsFields(fields)
    named_fields.append(QgsField(known_words("check", "id")[0], QMetaType.Type.QString))
    return named_fields, (_named_feature(feature, named_fields, places.get(feature.id())) for feature in features)


def _named_feature(feature: QgsFeature, fields: QgsFields, place: int | None) -> QgsFeature:
    named_feature = QgsFeature(fields, feature.id())
    named_feature.setAttributes([*feature.attributes(), None if place is None else str(place)])
    named_feature.setGeometry(feature.geometry())
    return named_feature


def _write(layer: QgsVectorLayer, features: Iterable[QgsFeature], ids: list[int] | None, folder: str) -> SourceFile:
    fields, features = with_places(layer.fields(), features, places_of(layer, ids))
    return write_source(folder, layer.name(), fields, layer.wkbType(), layer.crs(), features)
