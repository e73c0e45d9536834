"""Services on the map. The server is asked first, in the background, so that a silent server never freezes QGIS."""

from __future__ import annotations

from collections.abc import Callable

from qgis.core import QgsFeedback, QgsMapLayer, QgsProject, QgsRasterLayer, QgsVectorLayer

from onemap.plugin.connection.refusals import Refusal
from onemap.plugin.connection.task import BackgroundTask
from onemap.plugin.desk.library.open_library import OpenLibrary
from onemap.plugin.desk.library.service_list import Service
from onemap.plugin.desk.library.service_uris import source_of
from onemap.plugin.desk.map.layer_styles import style_layer
from onemap.plugin.desk.map.map_groups import insert_layer
from onemap.plugin.desk.map.map_layers import PROPERTY_LIBRARY, is_of_library
from onemap.plugin.qgis.services.service_offers import request_offers
from onemap.plugin.words.translation import tr

PROPERTY_SERVICE = "onemap/service"


def service_on_map(library: OpenLibrary, service: Service) -> QgsMapLayer | None:
    """The project's layer that shows a service; None while it is not on the map."""
    for layer in QgsProject.instance().mapLayers().values():
        if is_of_library(layer, library) and layer.customProperty(PROPERTY_SERVICE) == service.name:
            return layer
    return None


def show_service(
    library: OpenLibrary, service: Service, on_done: Callable[[QgsMapLayer | None, Refusal | None], None]
) -> BackgroundTask:
    """Ask the server of a service, then add the service to the map.

    on_done: called with the layer, or with the refusal.
    """
    feedback = QgsFeedback()

    def ask(_report: Callable[[float, str], None]) -> None:
        if service.type != "xyz":  # a server of tiles answers no question
            request_offers(service, library.crs, feedback)

    def show(_nothing: None, error: Exception | None) -> None:
        if error is not None:
            on_done(None, error if isinstance(error, Refusal) else Refusal(str(error), exit_code=130))
            return
        layer = put_service_on_map(library, service)
        on_done(layer if layer.isValid() else None, None if layer.isValid() else _invalid(service, layer))

    return BackgroundTask(tr("Asking {service}").format(service=service.name), ask, show, None, feedback).start()


def put_service_on_map(library: OpenLibrary, service: Service) -> QgsMapLayer:
    """Add a live service to the map: pictures at the bottom, features in their department's group."""
    provider, uri = source_of(service)
    title = tr("{service} (live)").format(service=service.name)
    if service.has_features:
        options = QgsVectorLayer.LayerOptions()
        options.forceReadOnly = True
        layer = QgsVectorLayer(uri, title, provider, options)
    else:
        layer = QgsRasterLayer(uri, title, provider)
    if not layer.isValid():
        return layer
    entry = library.entry(service.code) or service.as_layer
    if service.has_features:
        style_layer(layer, entry)
    layer.setCustomProperty(PROPERTY_LIBRARY, library.path)
    layer.setCustomProperty(PROPERTY_SERVICE, service.name)
    QgsProject.instance().addMapLayer(layer, False)
    if service.has_features:
        insert_layer(library, entry, layer)
    else:
        root = QgsProject.instance().layerTreeRoot()
        root.insertLayer(len(root.children()), layer)
    return layer


def _invalid(service: Service, layer: QgsMapLayer) -> Refusal:
    text = tr("“{service}” cannot be shown: {reason}")
    return Refusal(text.format(service=service.name, reason=layer.error().summary() or "–"))
