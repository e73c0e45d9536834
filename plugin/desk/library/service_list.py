"""The web services in the register of the open library, as the core's verb `layers` lists them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from onemap.plugin.connection.row_records import record_of
from onemap.plugin.desk.library.layer_list import CatalogueLayer

PICTURES = ("wms", "wmts", "xyz")
FEATURES = ("wfs", "oapif", "sensorthings")
NAMES = {
    "wms": "WMS",
    "wmts": "WMTS",
    "xyz": "XYZ",
    "wfs": "WFS",
    "oapif": "OGC API Features",
    "sensorthings": "SensorThings",
}


@dataclass(frozen=True)
class Service:
    """One registered service.

    authcfg: an entry of QGIS's authentication store.
    snapshots: the moments of its snapshots.
    """

    name: str
    type: str
    url: str
    layer: str = ""
    department: str = ""
    library: str = ""
    kind: str = ""
    code: str = ""
    dated: str = ""
    authcfg: str = ""
    options: dict[str, str] = field(default_factory=dict)
    note: str = ""
    registered_by: str = ""
    registered_at: str = ""
    snapshots: tuple[str, ...] = ()

    @property
    def params(self) -> dict[str, Any]:
        """The service as parameters of the core's verb `service`."""
        texts = {name: getattr(self, name) for name in ("name", "type", "url", "layer", "department", "dated", "note")}
        renamed_params = {"as": self.code, "into": self.library, "kind": self.kind, "authcfg": self.authcfg}
        return {**texts, **renamed_params, "options": self.options or None}

    @property
    def has_features(self) -> bool:
        """Whether it has features, of which a snapshot can be taken."""
        return self.type in FEATURES

    @property
    def place(self) -> tuple[int, int, bool]:
        """The sort key, as for a layer of its department."""
        return self.as_layer.place

    @property
    def as_layer(self) -> CatalogueLayer:
        """The catalogue layer that the service shows, or a layer made for it; used for its style."""
        return CatalogueLayer(self.code, self.name, self.department, self.library, self.kind, "")


def services_in(answer: dict[str, Any]) -> list[Service]:
    """The services of an answer of the core."""
    return [
        record_of(
            Service,
            row,
            options={str(name): str(value) for name, value in (row.get("options") or {}).items()},
            snapshots=tuple(str(snapshot.get("taken_at") or "") for snapshot in row.get("snapshots") or []),
        )
        for row in answer.get("services") or []
    ]
