"""The verbs that are algorithms, one row each: its texts, and the facts that only Processing needs.

Each row is made by a function, because its texts are in the language in use when the provider is loaded.
"""

from __future__ import annotations

import json
from html import escape
from typing import Any

from onemap.plugin.connection.refusals import problem_lines
from onemap.plugin.desk.map.layer_styles import style_results
from onemap.plugin.qgis.algorithms.delivery_rows import DELIVERY_ROWS
from onemap.plugin.qgis.algorithms.parameter_kinds import choice, codes, crs, file, files, input_file, number
from onemap.plugin.qgis.algorithms.review_rows import REVIEW_ROWS
from onemap.plugin.qgis.algorithms.sinks import VECTOR, Sink
from onemap.plugin.qgis.algorithms.statistics_rows import NUMBERS_ROWS, SHEET_ROW
from onemap.plugin.qgis.algorithms.verb_algorithm import Output, Report, VerbRow, dialog_words
from onemap.plugin.rooms.compare.compare_looks import style_spots
from onemap.plugin.rooms.remedy.remedy_looks import style_remedy, style_sites
from onemap.plugin.words.file_forms import file_filters
from onemap.plugin.words.option_names import add_controls
from onemap.plugin.words.translation import tr

USUAL_SITE_M2 = 10_000  # as the dock begins
HOME_CRS = "EPSG:4547"  # CGCS2000, 3-degree zone 38: the sample city's, and most users' neighbour


def verb_rows() -> list[VerbRow]:
    """The table, in the order of the toolbox."""
    of_plans = (_compare, _remedy, _contradictions, _decide, _spots, _atlas, _comparison, _sites)
    further_rows = (*DELIVERY_ROWS, _prove, SHEET_ROW, *REVIEW_ROWS, *NUMBERS_ROWS)
    rows = (_new, _inspect, _add, _check, _redline, *of_plans, *further_rows, _identify, _publish)
    return [row() for row in rows]


def _new() -> VerbRow:
    return VerbRow(
        "new",
        tr("New library"),
        tr(
            "Makes a library: one GeoPackage file that keeps every layer of the one map, with its versions. "
            "Areas are measured in the library's coordinate system, which must be a projected one in metres. "
            "The district is the ground for which the library speaks; where a layer says nothing of its own "
            "coverage, it is taken to cover the district."
        ),
        first="library crs name district",
        advanced="transform pack define rehearsal",
        titles={
            "crs": tr("Coordinate system"),
            "name": tr("Name"),
            "district": tr("District"),
            "rehearsal": tr("For a rehearsal of the review"),
            "define": tr("Layers of its own (a TOML file)"),
        },
        kinds={
            "library": file(tr("Library (*.gpkg)")),
            "crs": crs(HOME_CRS),
            "define": input_file(file_filters([".toml"])),
        },
    )


def _inspect() -> VerbRow:
    return VerbRow(
        "inspect",
        tr("Inspect a file"),
        tr(
            "Says what is in a file that a department sent, without loading it: its format and layers, their "
            "encoding, coordinate system (declared, or what the numbers suggest), counts, fields and problems."
        ),
        first="source",
        advanced="layer encoding library",
        outputs=(Output("FORMAT", tr("Format"), "format"), Output("JSON", tr("All that was found (JSON)"))),
        report=Report("HTML", tr("Report"), tr("Web page (*.html)"), inspection_page, is_usual=True),
        finish=add_facts,
    )


def _add() -> VerbRow:
    return VerbRow(
        "add",
        tr("Add to the one map"),
        tr(
            "Reads a file that a department sent, checks it, and adds it to the library as a new version of one "
            "layer: all of it or nothing. Nothing is guessed: a file without a coordinate system, with invalid "
            "geometry or without a field that the rules need is refused, with what to do about it.\n\n"
            "Layer: its code in the catalogue, such as YJJBNTTB. Coverage: the ground for which the file speaks: "
            "district (the default), extent (its bounding box, marked as assumed) or a file of polygons."
        ),
        first="library source as label valid_from valid_to covers repair keep_bad report",
        advanced="accept sure layer crs transform encoding fields in_place_of accuracy copy service taken_at define "
        "overwrite",
        titles={
            "as": tr("Layer (code)"),
            "label": tr("Label of this version"),
            "valid_to": tr("Valid to"),
            "covers": tr("Coverage (district, extent, or a file)"),
            "keep_bad": tr("Set bad features aside, and add the rest"),
            "accept": tr("Add it in spite of this"),
            "report": tr("Report of the problems, to send back"),
            "in_place_of": tr("File of the last version that this one replaces"),
            "accuracy": tr("Accuracy in metres"),
            "copy": tr("Copy a raster beside the library"),
            "service": tr("Registered service of which the source is a snapshot"),
            "taken_at": tr("When the snapshot was taken"),
            "define": tr("Define a new layer (name=…, …)"),
        },
        kinds={"report": file(file_filters([".xlsx"]), is_result=False), "accept": choice("accepted")},
        outputs=(
            Output("VERSION", tr("Version"), "version"),
            Output("FEATURES", tr("Features"), "features", is_number=True),
            Output("REPAIRED", tr("Repaired features"), "repaired", is_number=True),
            Output("SET_ASIDE", tr("Features set aside"), "set_aside", is_number=True),
        ),
    )


def _check() -> VerbRow:
    return VerbRow(
        "check",
        tr("Check parcels"),
        tr(
            "Checks parcels against every layer of the library by its rule packs. Checked parcels carry the most "
            "severe verdict of each; findings are one row for each parcel and rule that is not clear; overlaps are "
            "the pieces in conflict, feature by feature. Where a layer is missing, not in force or does not cover "
            "the ground, the verdict is unknown, never clear.\n\n"
            "If the threshold of severity is reached the results are written, and the algorithm ends as failed."
        ),
        first="library parcels id pack as_of",
        advanced="code_system data only layer crs transform encoding fields repair land_width keep_bad known_at "
        "replace against unrecorded workers scheduler shared fail_on out overwrite",
        titles={
            "keep_bad": tr("Set bad parcels aside, and check the rest"),
            "scheduler": tr("Cluster (local, or a scheduler's address)"),
            "shared": tr("Folder that all workers of the cluster see"),
        },
        sinks=(
            Sink("CHECKED", tr("Checked parcels"), "parcels", style=style_results),
            Sink("FINDINGS", tr("Findings"), "findings", VECTOR, style_results),
            Sink("OVERLAPS", tr("Overlaps"), "overlaps", style=style_results),
        ),
        outputs=(
            Output("VERDICT", tr("Most severe verdict"), "verdict"),
            Output("RUN", tr("Run"), "run.id"),
            Output("CHANGED", tr("Parcels whose verdict changes (JSON)")),
            Output("UNASKED", tr("Rules that were not asked, with the reason (JSON)")),
        ),
        finish=add_changes,
    )


def _redline() -> VerbRow:
    endings = tr("Red-line coordinates (*.txt)") + ";;GeoPackage (*.gpkg);;Shapefile (*.shp);;GeoJSON (*.geojson)"
    return VerbRow(
        "redline",
        tr("Convert red-line coordinates (TXT)"),
        tr(
            "Turns the coordinate TXT of a land red line into a vector file, or polygons into such a TXT. The "
            "target's ending says which: .txt, or .gpkg, .shp, .geojson and others. Points, names and unknown "
            "sections of a TXT are kept."
        ),
        first="source target overwrite",
        advanced="layer crs encoding",
        titles={"target": tr("Converted file")},
        kinds={"target": file(endings)},
        outputs=(Output("FEATURES", tr("Features"), "features", is_number=True),),
    )


def _compare() -> VerbRow:
    return VerbRow(
        "compare",
        tr("Compare two plans"),
        tr(
            "Finds where two plans of a library disagree: every place is classified by a matrix that says which codes "
            "are construction, and measured. Nothing is snapped, eliminated or lost; thin and small spots are set "
            "apart.\n\nA plan is a layer's code, or code@label for one of its versions."
        ),
        first="library a b matrix min_area min_width out",
        advanced="as_of known_at against overwrite workers",
        titles={"a": tr("First plan (code)"), "b": tr("Second plan (code)"), "matrix": tr("Matrix (name or file)")},
        kinds={
            "matrix": codes("matrices"),
            "against": codes("comparisons"),
        },
        sinks=(
            Sink("SPOTS", tr("Difference spots"), "spots", style=style_spots),
            Sink("MATRIX_TABLE", tr("Matrix of differences"), "matrix", VECTOR),
            Sink("CLUSTERS", tr("Clusters of differences"), "clusters", by_default=False),
        ),
        outputs=(
            Output("RUN", tr("Run"), "run.id"),
            Output("SPOT_COUNT", tr("Number of difference spots"), "spots", is_number=True),
            Output("AREA_M2", tr("Compared ground, m²"), "area_m2", is_number=True),
        ),
    )


def _remedy() -> VerbRow:
    return VerbRow(
        "remedy",
        tr("Cut parcels until they pass"),
        tr(
            "Cuts from every parcel the ground that stands against it, the most severe rule first, and checks what "
            "remains again until nothing more severe than the verdict to keep is found. The remainder, what each rule "
            "cut and what was dropped make up the parcel."
        ),
        first="library parcels id pack keep_verdict min_part min_width move turn one_piece out",
        advanced="parcel code_system data only layer crs transform encoding repair land_width as_of known_at replace "
        "workers overwrite",
        titles={
            "min_part": tr("Smallest part, m²"),
            "min_width": tr("Thinnest part, m"),
            "move": tr("Farthest move, m"),
            "turn": tr("Widest turn, degrees"),
            "one_piece": tr("Only the largest part"),
            "parcel": tr("Only these parcels (ids, semicolons between)"),
        },
        sinks=(
            Sink("REMAINDER", tr("What remains"), "remainder", style=style_remedy),
            Sink("CUTS", tr("What was cut"), "cuts", style=style_remedy),
            Sink("ALTERNATIVES", tr("Alternatives"), "alternatives", style=style_remedy, by_default=False),
        ),
        outputs=(
            Output("RUN", tr("Run"), "run.id"),
            Output("PASSING", tr("Parcels that pass in part or whole"), "passing", is_number=True),
            Output("CUT_M2", tr("Cut, m²"), "cut_m2", is_number=True),
            Output("DROPPED_M2", tr("Dropped, m²"), "dropped_m2", is_number=True),
        ),
    )


def _contradictions() -> VerbRow:
    return VerbRow(
        "contradictions",
        tr("Who contradicts whom"),
        tr(
            "Compares every pair of plans in force for which there is a matrix, and says in hectares how much ground "
            "they disagree about. Each comparison is kept in the library as a run of its own; a pair that cannot be "
            "compared has its reason in the table."
        ),
        first="library matrix only min_area min_width out",
        advanced="as_of known_at overwrite workers",
        titles={"matrix": tr("Matrices of your city's own (files, semicolons between)")},
        kinds={"matrix": files(tr("Matrix (*.toml)"))},
        sinks=(
            Sink("CONTRADICTIONS", tr("Contradictions, pair by pair"), "contradictions", VECTOR),
            Sink("HECTARES", tr("Hectares in conflict, plan against plan"), "hectares", VECTOR),
        ),
        outputs=(Output("PAIR_COUNT", tr("Number of pairs"), "pairs", is_number=True),),
    )


def _decide() -> VerbRow:
    return VerbRow(
        "decide",
        tr("Decide on a difference"),
        tr(
            "Says what is to become of a difference spot, or of all spots of a cluster, and why. The library keeps "
            "the decision with name and moment, and finds it again when newer versions are compared; of several the "
            "last one stands.\n\nThe name of a spot or a cluster stands in the tables of a comparison."
        ),
        first="library target decision reason by",
        advanced="expect",
        titles={
            "target": tr("Spot or cluster (its name)"),
            "decision": tr("Decision"),
            "reason": tr("Reason"),
            "by": tr("Who decides (empty: your computer's user)"),
            "expect": tr("Decisions that were seen on the spots (commas between; undecided for none)"),
        },
        kinds={"decision": choice("decisions"), "expect": codes("decisions", ",")},
        outputs=(
            Output("RUN", tr("Run"), "run"),
            Output("SPOT_COUNT", tr("Number of difference spots"), "spots", is_number=True),
            Output("AREA_M2", tr("Ground decided on, m²"), "area_m2", is_number=True),
        ),
    )


def _spots() -> VerbRow:
    return VerbRow(
        "spots",
        tr("Keep differences in the library"),
        tr(
            "Makes the spots of a comparison, numbered and with what was decided on each, a new version of the layer "
            "of difference spots (CYTB) in the integrated library."
        ),
        first="library run decided region type",
        advanced="label valid_from report overwrite workers",
        titles={
            "decided": tr("Only what is decided"),
            "region": tr("Division (six figures), for spots that lie in no township"),
            "label": tr("Label"),
            "report": tr("Report (.xlsx)"),
        },
        kinds={"report": file(file_filters([".xlsx"]))},
        outputs=(
            Output("VERSION", tr("Version"), "version"),
            Output("FEATURES", tr("Features"), "features", is_number=True),
        ),
    )


def _atlas() -> VerbRow:
    return VerbRow(
        "atlas",
        tr("Print a comparison as an atlas"),
        tr(
            "Writes a comparison that the library keeps as a PDF: a cover with the matrix of areas, an overview with "
            "the index of sheets, and one page for each cluster or spot, the largest first. The cover says what was "
            "left out."
        ),
        first="library run target by",
        advanced="type most overwrite",
        titles={
            "target": tr("Atlas (*.pdf)"),
            "by": tr("One page for each"),
            "most": tr("Sheets at most (empty: 200)"),
        },
        kinds={"target": file(file_filters([".pdf"])), "by": choice("sheets")},
        outputs=(
            Output("SHEETS", tr("Number of sheets"), "sheets", is_number=True),
            Output("LEFT_OUT", tr("Sheets left out"), "left_out", is_number=True),
        ),
    )


def _comparison() -> VerbRow:
    return VerbRow(
        "comparison",
        tr("Print the report of a comparison"),
        tr(
            "Writes a comparison that the library keeps as a report for Word, as PDF or as a page: the conclusion, the "
            "areas by type and by use, a map, the largest differences, and what was decided of them."
        ),
        first="library run target",
        advanced="overwrite",
        titles={"target": tr("Report")},
        kinds={"target": file(file_filters([".docx", ".pdf", ".html"]))},
        outputs=(Output("OUT", tr("Report"), "out"),),
    )


def _sites() -> VerbRow:
    return VerbRow(
        "sites",
        tr("Find sites that would pass"),
        tr(
            "Looks for places in the district, or in the ground given, where a parcel of this area and at least this "
            "width would pass the check, the freest first. Each place was checked as it is written. The search is "
            "bounded: that it finds nothing is no proof that there is nothing."
        ),
        first="library area width within unbuilt project count pack out",
        advanced="code_system data as_of known_at keep_verdict overwrite workers",
        titles={
            "area": tr("Area that is needed, m²"),
            "width": tr("Least width, m (empty: a square)"),
            "within": tr("Ground to search in (empty: the district)"),
            "unbuilt": tr("unbuilt ground only"),
            "project": tr("Attributes of the project (FIELD=VALUE, commas between)"),
            "count": tr("How many places at most (empty: 10)"),
        },
        kinds={"area": number(USUAL_SITE_M2)},
        sinks=(Sink("SITES", tr("Places that would pass"), "sites", style=style_sites),),
        outputs=(Output("SITE_COUNT", tr("Number of places"), "sites", is_number=True),),
    )


def _prove() -> VerbRow:
    return VerbRow(
        "prove",
        tr("Prove rule packs"),
        tr(
            "Judges the cases beside a rule pack (NAME.cases.toml) and says which fail, which rules lack a hit, a miss "
            "or an unknown, and, with single errors made in every rule, which sentences of it no case protects."
        ),
        first="pack mutants report",
        advanced="new overwrite",
        titles={
            "pack": tr("Rule packs (names or *.toml)"),
            "mutants": tr("Also make single errors in every rule"),
            "report": tr("Reports (*.xlsx, *.html, *.json)"),
            "new": tr("Only draft the cases of this rule"),
        },
        outputs=(
            Output("CASES", tr("Cases"), "cases", is_number=True),
            Output("PASSED", tr("Cases as expected"), "passed", is_number=True),
            Output("UNCOVERED", tr("Rules not fully shown (JSON)"), "uncovered"),
        ),
    )


def _identify() -> VerbRow:
    return VerbRow(
        "identify",
        tr("What lies here?"),
        tr(
            "Lists for a point, a line or a box what every layer in force says of it: polygons that contain the point, "
            "lines and points within the radius, the value of a raster. A layer that says nothing of the place is "
            "listed too, with the reason. The log has what lies there; all that is known goes to a file of JSON."
        ),
        first="library",
        advanced="x y crs line box radius only as_of",
        point=tr("Point on the map"),
        titles={
            "x": tr("East, or longitude"),
            "y": tr("North, or latitude"),
            "crs": tr("Coordinate system of the numbers (empty: the library's)"),
            "radius": tr("Radius for lines and points, m (empty: 10)"),
            "line": tr("Instead of a point, a line (WKT)"),
            "box": tr("Instead of a point, a box (west,south,east,north)"),
        },
        outputs=(Output("FEATURE_COUNT", tr("Number of features"), is_number=True),),
        report=Report("JSON", tr("What lies here (JSON)"), file_filters([".json"]), json_text),
        finish=add_place,
    )


def _publish() -> VerbRow:
    return VerbRow(
        "publish",
        tr("Publish the one map as a project"),
        tr(
            "Writes a QGIS project with the version in force of each layer, as the dock shows it, with names, metadata "
            "and what QGIS Server needs to offer it as maps and features to read. The library is only read. A library "
            "in a file is found from the project's folder; one on a server is named without user or password."
        ),
        first="library project only",
        advanced="as_of known_at authcfg overwrite",
        titles={"project": tr("QGIS project"), "authcfg": tr("Authentication for a server")},
        kinds={"project": file(tr("QGIS project (*.qgz)"))},
        outputs=(
            Output("LAYERS", tr("Number of layers"), "layers", is_number=True),
            Output("LEFT_OUT", tr("Layers left out"), "left_out", is_number=True),
            Output("REMARKS", tr("Remarks")),
        ),
        finish=add_remarks,
    )


def add_changes(answer: dict[str, Any], results: dict[str, Any]) -> None:
    """Add the rules that `check` did not ask, and the verdicts that have changed."""
    # Briefly, for QGIS writes all results below the log.
    results["UNASKED"] = json.dumps({rule["rule"]: rule["reason"] for rule in answer["unasked"]})
    if "changed" in answer:
        results["CHANGED"] = json.dumps(answer["changed"], ensure_ascii=False)


def add_facts(answer: dict[str, Any], results: dict[str, Any]) -> None:
    """Add the whole answer of `inspect` as JSON."""
    results["JSON"] = json_text(answer)


def inspection_page(answer: dict[str, Any]) -> str:
    """The result of `inspect`, as a page of HTML."""
    title = f"{answer.get('file', '')} · {answer.get('format', '')}"
    head = f"<!DOCTYPE html><html><head><meta charset='utf-8'><title>{escape(title)}</title></head>"
    return f"{head}<body><h1>{escape(title)}</h1><pre>{escape(answer['summary'])}</pre></body></html>"


def json_text(answer: dict[str, Any]) -> str:
    """An answer as the command line gives it."""
    return json.dumps({name: value for name, value in answer.items() if name != "summary"}, ensure_ascii=False)


def add_place(answer: dict[str, Any], results: dict[str, Any]) -> None:
    """Add the number of features that `identify` found."""
    results["FEATURE_COUNT"] = sum(len(layer["features"]) for layer in answer["layers"])


def add_remarks(answer: dict[str, Any], results: dict[str, Any]) -> None:
    """Add the remarks of `publish` for whoever opens the project."""
    remarks = [dialog_words(problem.text, add_controls()) for problem in problem_lines(answer["problems"])]
    results["REMARKS"] = "\n".join(remarks)
