"""One record of metadata in two dresses: ISO 19139 (GB/T 19710-2005 has its elements), and DCAT for catalogues."""

from typing import Any

import numpy as np
import pyproj
import shapely

from onemap.layers.delivery.package_record import FEATURES_FILE, DeliveredLayer, PackageRecord
from onemap.layers.errors import require_value
from onemap.layers.xml_elements import Element, SubElement, indent, register_namespace, tostring

_GMD, _GCO, _GML = "http://www.isotc211.org/2005/gmd", "http://www.isotc211.org/2005/gco", "http://www.opengis.net/gml"
_CODES = "http://www.isotc211.org/2005/resources/codeList.xml"
# MD_TopicCategoryCode of a layer by the department whose it is; the others plan land.
_TOPICS = {
    "environment": "environment",
    "transport": "transportation",
    "municipal": "utilitiesCommunication",
    "forestry": "biota",
    "agriculture": "farming",
    "water": "inlandWaters",
    "construction": "structure",
    "reform": "economy",
}
_CLASSIFICATION = ("unclassified", "restricted", "confidential", "secret", "topSecret")  # MD_ClassificationCode

for _prefix, _uri in (("gmd", _GMD), ("gco", _GCO), ("gml", _GML)):
    register_namespace(_prefix, _uri)


def dataset_metadata(
    record: PackageRecord,
    layer: DeliveredLayer,
    coverage: shapely.Geometry,
    crs: pyproj.CRS,
    fields: tuple[str, ...],
) -> bytes:
    """A layer's metadata after ISO 19139, as UTF-8. coverage: in `crs`; fields: the names of its columns."""
    root = Element(f"{{{_GMD}}}MD_Metadata")
    _text(root, "fileIdentifier", f"{record.package}-{layer.code}")
    _code(root, "language", "LanguageCode", "zho")
    _code(root, "characterSet", "MD_CharacterSetCode", "utf8")
    _code(root, "hierarchyLevel", "MD_ScopeCode", "dataset")
    _party(_add(root, "contact"), record, "pointOfContact")
    date_stamp = _add(root, "dateStamp")
    SubElement(date_stamp, f"{{{_GCO}}}DateTime").text = record.made_at
    _text(root, "metadataStandardName", "ISO 19115:2003/19139; GB/T 19710-2005")
    _text(root, "metadataStandardVersion", "1.0")
    identifier = _add(root, "referenceSystemInfo", "MD_ReferenceSystem", "referenceSystemIdentifier", "RS_Identifier")
    _text(identifier, "code", record.crs)
    _identification(root, record, layer, coverage, crs)
    _text(
        _add(root, "contentInfo", "MD_FeatureCatalogueDescription", "featureCatalogueCitation", "CI_Citation"),
        "title",
        ", ".join(fields) or "–",
    )
    distribution = _add(root, "distributionInfo", "MD_Distribution", "distributionFormat", "MD_Format")
    _text(distribution, "name", "GeoPackage")
    _text(distribution, "version", "1.3")
    quality = _add(root, "dataQualityInfo", "DQ_DataQuality")
    _code(_add(quality, "scope", "DQ_Scope"), "level", "MD_ScopeCode", "dataset")
    statement = f"{layer.source} (SHA-256 {layer.source_hash}); One Map {layer.label}, SHA-256 {layer.hash}"
    _text(_add(quality, "lineage", "LI_Lineage"), "statement", statement)
    indent(root)
    return tostring(root, encoding="utf-8", xml_declaration=True)


def _identification(
    root: Element, record: PackageRecord, layer: DeliveredLayer, coverage: shapely.Geometry, crs: pyproj.CRS
) -> None:
    data = _add(root, "identificationInfo", "MD_DataIdentification")
    title = layer.title.get("zh", layer.code)
    citation = _add(data, "citation", "CI_Citation")
    _text(citation, "title", f"{title} {layer.label}")
    dated = _add(citation, "date", "CI_Date")
    SubElement(_add(dated, "date"), f"{{{_GCO}}}Date").text = layer.valid_from or layer.recorded_at[:10]
    _code(dated, "dateType", "CI_DateTypeCode", "publication" if layer.valid_from else "creation")
    _text(data, "abstract", f"{title} ({layer.code}); {layer.rows}; {record.library_name}")
    _party(_add(data, "pointOfContact"), record, "owner")
    if record.secrecy:
        limits = _add(data, "resourceConstraints", "MD_SecurityConstraints")
        known = record.secrecy if record.secrecy in _CLASSIFICATION else "restricted"
        _code(limits, "classification", "MD_ClassificationCode", known)
        _text(limits, "userNote", record.secrecy)
    _code(data, "language", "LanguageCode", "zho")
    topic = _add(data, "topicCategory")
    SubElement(topic, f"{{{_GMD}}}MD_TopicCategoryCode").text = _TOPICS.get(layer.department, "planningCadastre")
    west, south, east, north = geographic_box(coverage, crs)
    box = _add(data, "extent", "EX_Extent", "geographicElement", "EX_GeographicBoundingBox")
    bounds = (("west", west), ("east", east), ("south", south), ("north", north))
    for name, degrees in bounds:
        place = "Longitude" if name in ("west", "east") else "Latitude"
        SubElement(_add(box, f"{name}Bound{place}"), f"{{{_GCO}}}Decimal").text = f"{degrees:.6f}"


def geographic_box(coverage: shapely.Geometry, crs: pyproj.CRS) -> tuple[float, float, float, float]:
    """West, south, east, north in degrees of a ground in a projected system; zeros for no ground."""
    if shapely.is_empty(coverage):
        return (0.0, 0.0, 0.0, 0.0)
    geodetic = require_value(crs.geodetic_crs, "the geographic system of a projected one")
    change = pyproj.Transformer.from_crs(crs, geodetic, always_xy=True)
    bounds = np.round(change.transform_bounds(*coverage.bounds), 6)
    return (float(bounds[0]), float(bounds[1]), float(bounds[2]), float(bounds[3]))


def package_catalogue(record: PackageRecord) -> dict[str, Any]:
    """The package's datasets after DCAT, as JSON-LD."""
    return {
        "@context": {"dcat": "http://www.w3.org/ns/dcat#", "dct": "http://purl.org/dc/terms/"},
        "@type": "dcat:Catalog",
        "dct:identifier": record.package,
        "dct:title": record.library_name,
        "dct:issued": record.made_at,
        "dct:publisher": record.library_name,
        "dcat:dataset": [_dataset(record, layer) for layer in record.layers],
    }


def _dataset(record: PackageRecord, layer: DeliveredLayer) -> dict[str, Any]:
    values = {
        "dct:identifier": f"{record.package}-{layer.code}",
        "dct:title": [{"@value": text, "@language": language} for language, text in layer.title.items()],
        "dct:issued": layer.recorded_at,
        "dct:temporal": {"dcat:startDate": layer.valid_from, "dcat:endDate": layer.valid_to},
        "dct:conformsTo": record.crs,
        "dct:accessRights": record.secrecy,
        "dct:provenance": f"{layer.source} (SHA-256 {layer.source_hash})",
        "dcat:theme": [layer.department, layer.kind],
    }
    distribution = {
        "@type": "dcat:Distribution",
        "dcat:mediaType": "application/geopackage+sqlite3",
        "dcat:accessURL": f"data/{FEATURES_FILE}#{layer.code}",
    }
    return {"@type": "dcat:Dataset", **values, "dcat:distribution": distribution}


def _add(parent: Element, *names: str) -> Element:
    for name in names:
        parent = SubElement(parent, f"{{{_GMD}}}{name}")
    return parent


def _text(parent: Element, name: str, text: str) -> None:
    SubElement(_add(parent, name), f"{{{_GCO}}}CharacterString").text = text


def _code(parent: Element, name: str, kind: str, value: str) -> None:
    element = _add(parent, name, kind)
    element.set("codeList", f"{_CODES}#{kind}")
    element.set("codeListValue", value)
    element.text = value


def _party(parent: Element, record: PackageRecord, role: str) -> None:
    party = _add(parent, "CI_ResponsibleParty")
    _text(party, "individualName", record.who)
    _text(party, "organisationName", record.library_name)
    _code(party, "role", "CI_RoleCode", role)
