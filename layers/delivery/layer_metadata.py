"""One metadata record in two forms: ISO 19115-1 (GB/T 19710.1-2023) in the XML of ISO 19115-3, and DCAT."""

from typing import Any

import numpy as np
import pyproj
import shapely

from onemap.layers.delivery.package_record import FEATURES_FILE, DeliveredLayer, PackageRecord
from onemap.layers.errors import require_value
from onemap.layers.xml_elements import Element, SubElement, indent, register_namespace, tostring

_ISO = "http://standards.iso.org/iso/19115/-3"
_SPACES = {
    **{name: f"{_ISO}/{name}/1.0" for name in ("gco", "gex", "lan", "mcc", "mco", "mrd", "mri", "mrs")},
    **{name: f"{_ISO}/{name}/2.0" for name in ("cit", "mdb", "mrc", "mrl")},
}
_CODES = "http://standards.iso.org/iso/19115/resources/Codelists/cat/codelists.xml"
_STANDARD, _FORM = "GB/T 19710.1-2023; ISO 19115-1:2014", "ISO 19115-3:2016"
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

for _prefix, _uri in _SPACES.items():
    register_namespace(_prefix, _uri)


def dataset_metadata(
    record: PackageRecord,
    layer: DeliveredLayer,
    coverage: shapely.Geometry,
    crs: pyproj.CRS,
    fields: tuple[str, ...],
) -> bytes:
    """A layer's metadata after ISO 19115-1, as UTF-8. coverage: in `crs`; fields: the names of its columns."""
    root = Element(_name("mdb:MD_Metadata"))
    _text(_add(root, "mdb:metadataIdentifier", "mcc:MD_Identifier"), "mcc:code", f"{record.package}-{layer.code}")
    _locale(root, "mdb:defaultLocale")
    _code(_add(root, "mdb:metadataScope", "mdb:MD_MetadataScope"), "mdb:resourceScope", "mcc:MD_ScopeCode", "dataset")
    _party(_add(root, "mdb:contact"), record, "pointOfContact")
    _date(_add(root, "mdb:dateInfo"), "gco:DateTime", record.made_at, "creation")
    standard = _add(root, "mdb:metadataStandard", "cit:CI_Citation")
    _text(standard, "cit:title", _STANDARD)
    _text(standard, "cit:edition", _FORM)
    system = _add(root, "mdb:referenceSystemInfo", "mrs:MD_ReferenceSystem", "mrs:referenceSystemIdentifier")
    space, _, code = record.crs.rpartition(":")
    identifier = _add(system, "mcc:MD_Identifier")
    _text(identifier, "mcc:code", code)
    _text(identifier, "mcc:codeSpace", space)
    _identification(root, record, layer, coverage, crs)
    catalogue = _add(root, "mdb:contentInfo", "mrc:MD_FeatureCatalogueDescription", "mrc:featureCatalogueCitation")
    _text(_add(catalogue, "cit:CI_Citation"), "cit:title", ", ".join(fields) or "–")
    format_ = _add(root, "mdb:distributionInfo", "mrd:MD_Distribution", "mrd:distributionFormat", "mrd:MD_Format")
    specification = _add(format_, "mrd:formatSpecificationCitation", "cit:CI_Citation")
    _text(specification, "cit:title", "GeoPackage")
    _text(specification, "cit:edition", "1.3")
    lineage = _add(root, "mdb:resourceLineage", "mrl:LI_Lineage")
    statement = f"{layer.source} (SHA-256 {layer.source_hash}); One Map {layer.label}, SHA-256 {layer.hash}"
    _text(lineage, "mrl:statement", statement)
    _code(_add(lineage, "mrl:scope", "mcc:MD_Scope"), "mcc:level", "mcc:MD_ScopeCode", "dataset")
    indent(root)
    return tostring(root, encoding="utf-8", xml_declaration=True)


def _identification(
    root: Element, record: PackageRecord, layer: DeliveredLayer, coverage: shapely.Geometry, crs: pyproj.CRS
) -> None:
    data = _add(root, "mdb:identificationInfo", "mri:MD_DataIdentification")
    title = layer.title.get("zh", layer.code)
    citation = _add(data, "mri:citation", "cit:CI_Citation")
    _text(citation, "cit:title", f"{title} {layer.label}")
    if layer.valid_from:
        _date(_add(citation, "cit:date"), "gco:Date", layer.valid_from, "publication")
    else:
        _date(_add(citation, "cit:date"), "gco:DateTime", layer.recorded_at, "creation")
    _text(data, "mri:abstract", f"{title} ({layer.code}); {layer.rows}; {record.library_name}")
    _party(_add(data, "mri:pointOfContact"), record, "owner")
    topic = _add(data, "mri:topicCategory", "mri:MD_TopicCategoryCode")
    topic.text = _TOPICS.get(layer.department, "planningCadastre")
    west, south, east, north = geographic_box(coverage, crs)
    box = _add(data, "mri:extent", "gex:EX_Extent", "gex:geographicElement", "gex:EX_GeographicBoundingBox")
    for name, degrees in (("west", west), ("east", east), ("south", south), ("north", north)):
        place = "Longitude" if name in ("west", "east") else "Latitude"
        _add(box, f"gex:{name}Bound{place}", "gco:Decimal").text = f"{degrees:.6f}"
    if record.secrecy:
        limits = _add(data, "mri:resourceConstraints", "mco:MD_SecurityConstraints")
        classification = record.secrecy if record.secrecy in _CLASSIFICATION else "restricted"
        _code(limits, "mco:classification", "mco:MD_ClassificationCode", classification)
        _text(limits, "mco:userNote", record.secrecy)
    _locale(data, "mri:defaultLocale")


def geographic_box(coverage: shapely.Geometry, crs: pyproj.CRS) -> tuple[float, float, float, float]:
    """Return west, south, east, north in degrees of a ground in a projected system; zeros if it is empty."""
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


def _name(name: str) -> str:
    """Return the element name for a prefixed name such as mdb:contact."""
    prefix, _, local = name.partition(":")
    return f"{{{_SPACES[prefix]}}}{local}"


def _add(parent: Element, *names: str) -> Element:
    for name in names:
        parent = SubElement(parent, _name(name))
    return parent


def _text(parent: Element, name: str, text: str) -> None:
    _add(parent, name, "gco:CharacterString").text = text


def _code(parent: Element, name: str, kind: str, value: str) -> None:
    element = _add(parent, name, kind)
    element.set("codeList", f"{_CODES}#{kind.partition(':')[2]}")
    element.set("codeListValue", value)
    element.text = value


def _date(parent: Element, kind: str, moment: str, of: str) -> None:
    """Add a day or a moment, and its kind: creation, publication."""
    dated = _add(parent, "cit:CI_Date")
    _add(dated, "cit:date", kind).text = moment
    _code(dated, "cit:dateType", "cit:CI_DateTypeCode", of)


def _locale(parent: Element, name: str) -> None:
    locale = _add(parent, name, "lan:PT_Locale")
    _code(locale, "lan:language", "lan:LanguageCode", "zho")
    _code(locale, "lan:characterEncoding", "lan:MD_CharacterSetCode", "utf8")


def _party(parent: Element, record: PackageRecord, role: str) -> None:
    party = _add(parent, "cit:CI_Responsibility")
    _code(party, "cit:role", "cit:CI_RoleCode", role)
    organisation = _add(party, "cit:party", "cit:CI_Organisation")
    _text(organisation, "cit:name", record.library_name)
    if record.who:
        _text(_add(organisation, "cit:individual", "cit:CI_Individual"), "cit:name", record.who)
