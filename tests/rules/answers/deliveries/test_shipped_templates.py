"""Each shipped template accepts a database without a fault, and each of its checks finds a fault put before it."""

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import pytest
import shapely
from shapely.affinity import scale, translate

from onemap.layers.catalogue.catalogue import shipped_catalogue
from onemap.layers.messages import RESOURCES
from onemap.resources.sample_city.plan_delivery import plan_layers
from onemap.rules.answers.deliveries.delivery_proof import prove_delivery
from onemap.rules.answers.deliveries.delivery_template import delivery_template

FOLDER = RESOURCES / "deliveries"
NAMES = sorted(path.stem for path in FOLDER.glob("*.toml"))
NOT_OF_A_DATABASE = ("folders", "files", "list", "layers", "text_number")


def template_named(name):
    return delivery_template((FOLDER / f"{name}.toml").read_text(encoding="utf-8"), name, shipped_catalogue())


def layers_for(template):
    """The sample plan's layers, and those that only some templates have."""
    layers, targets = plan_layers()
    town = layers["CZKFBJ"]
    plots = gpd.GeoDataFrame(
        {
            "DKBH": [f"A-{at:02}" for at in range(len(town))],
            "DYBH": "A",
            "YDXZDM": "0701",
            "YDXZMC": "城镇住宅用地",
            "YDMJ": town["MJ"],
            **dict.fromkeys(("RJL", "JZMD", "LDL", "JZXG"), "1"),
        },
        geometry=town.geometry,
        crs=town.crs,
    )
    road = translate(scale(town.geometry.iloc[0], 1, 0.1), 0, -400)
    layers["KGDK"] = plots
    layers["DLHX"] = gpd.GeoDataFrame({"HXBH": ["1"], "DLMC": ["路"]}, geometry=[road], crs=town.crs)
    patches = layers["DLTB"]
    layers["DLTBGXGC"] = gpd.GeoDataFrame(
        {
            "BSM": ["1", "2"],
            "BGQTBBSM": patches["BSM"][:2],
            "BGQDLBM": "0301",
            "BGHTBBSM": patches["BSM"][:2],
            "BGHDLBM": "0103",
            "TBBGMJ": patches["TBMJ"][:2],
        },
        geometry=patches.geometry[:2].to_numpy(),
        crs=town.crs,
    )
    layers["GHZBB"] = targets
    return {code: table for code, table in layers.items() if code in template.layers}


def write(path, layers):
    for code, table in layers.items():
        if isinstance(table, gpd.GeoDataFrame):
            table.to_file(path, layer=code, driver="GPKG", engine="pyogrio", promote_to_multi=True)
        else:
            pyogrio.write_dataframe(table, path, layer=code, driver="GPKG")
    return path


def row_with(table, row, **values):
    table = table.copy()
    for name, value in values.items():
        table[name] = table[name].astype(object) if isinstance(value, str) else table[name]
        table.loc[table.index[row], name] = value
    return table


def shaped(table, row, shape):
    table = table.copy()
    table.loc[table.index[row], "geometry"] = shape
    return table


def with_row(table, shape, **values):
    row = table.iloc[[0]].copy()
    row["geometry"] = [shape]
    for name, value in values.items():
        row[name] = value
    return gpd.GeoDataFrame(pd.concat([table, row], ignore_index=True), crs=table.crs)


def shifted(table, row, metres):
    return shaped(table, row, translate(table.geometry.iloc[row], metres, metres))


def fault(check, wish, layers, row):
    """The layers with a fault for a check, in one of its rows."""
    table, keys = layers[check.layer], check.keys
    kind, other = check.kind, layers.get(keys.get("other", ""))
    far = shapely.box(100_000, 3_000_000, 100_100, 3_000_100)
    if kind == "fields":
        if not wish.required:  # of its fields nothing is said but their types
            return {check.layer: table.assign(MJ=table.get("MJ", table.iloc[:, 1]).map(str), BSM=1.5)}
        name = (wish.required or ("BSM",))[row % max(1, len(wish.required))]
        return {check.layer: table.drop(columns=name)}
    if kind == "values":
        name = (wish.required or ("BSM",))[row % max(1, len(wish.required))]
        if not wish.required:
            return {check.layer: row_with(table, min(row, len(table) - 1), BSM="9" * 30)}
        return {check.layer: row_with(table, min(row, len(table) - 1), **{name: None})}
    if kind == "geometry":
        west, south, east, north = table.geometry.iloc[row % len(table)].bounds
        bow = shapely.Polygon([(west, south), (east, north), (east, south), (west, north)])
        return {check.layer: shaped(table, row % len(table), bow)}
    if kind == "vertices":
        west, south, east, north = table.geometry.iloc[row].bounds
        ring = [(west, south), (east, south), (east, south + 50), (east, north), (west, north)]
        return {check.layer: shaped(table, row, shapely.Polygon(ring))}
    if kind == "overlap":
        if len(table) == 1:
            return {check.layer: with_row(table, translate(table.geometry.iloc[0], 10 + row, 0))}
        return {check.layer: shifted(table, row % len(table), 7 + row)}
    if kind == "gap":
        return {check.layer: table.drop(index=table.index[row])}
    if kind == "duplicate":
        return {check.layer: shaped(table, row, table.geometry.iloc[row + 1])}
    if kind in ("sliver", "angle", "small"):
        west, south, *_ = table.geometry.iloc[row].bounds
        if kind == "angle":
            thin = shapely.Polygon([(west, south), (west + 400, south), (west + 400, south + 2)])
        else:
            thin = shapely.box(west, south, west + 10, south + (0.2 if kind == "sliver" else 1 + row))
        where = keys.get("where", "")
        classes = {"DLBM": "0701" if "07" in where else "0103"} if "DLBM" in where else {}
        return {check.layer: with_row(table, thin, **classes)}
    if kind in ("stated_area", "row_sum"):
        return {check.layer: row_with(table, row % len(table), **{keys["field"]: 1.0 + row})}
    if kind == "condition":
        broken = {"KCXS": 0.0} if "KCXS" in keys["where"] else {"YJJBNTMJ": 1e9}
        rows = np.flatnonzero(table["KCDLBM"].notna()) if "KCXS" in keys["where"] else range(len(table))
        return {check.layer: row_with(table, int(rows[row]), **broken)}
    if kind == "apart":
        return {check.layer: with_row(table, other.geometry.iloc[row % len(other)].centroid.buffer(9 + row))}
    if kind in ("inside", "same_boundary"):
        return {check.layer: with_row(table, far)}
    if kind == "covers":
        return {keys["other"]: with_row(other, far)}
    if kind == "sum":
        return {keys["other"]: row_with(other, 0, GHMBN=1.0).assign(GHMBN=lambda rows: rows["GHMBN"] + 1 + row)}
    assert kind == "units"
    return {check.layer: row_with(table, row % len(table), XZQDM="139999")}


def proof_of(path, template):
    return prove_delivery(path, template)


@pytest.mark.parametrize("name", NAMES)
def test_a_database_without_a_fault_has_no_finding_but_that_it_is_alone(name, tmp_path):
    template = template_named(name)
    found = proof_of(write(tmp_path / "d.gpkg", layers_for(template)), template)
    assert [(one.problem.code, one.layer) for one in found.standing if one.check.kind != "text_number"] == [
        ("proof.partial", None)
    ]
    assert found.grade.grade == "unproved"


def groups_apart(checks, clean):
    """Checks in groups of which no two look at one layer, each with its number."""
    groups = []
    for at, check in enumerate(checks):
        if check.kind in NOT_OF_A_DATABASE or check.layer not in clean:
            continue
        touched = {check.layer, check.keys.get("other"), check.keys.get("within")} - {None}
        group = next((one for one in groups if not touched & one[0]), None)
        if group is None:
            groups.append(group := (set(), []))
        group[0].update(touched)
        group[1].append((at, check))
    return [group for _, group in groups]


@pytest.mark.slow
@pytest.mark.parametrize("name", [NAMES[0], *(pytest.param(name, marks=pytest.mark.nightly) for name in NAMES[1:])])
def test_each_check_finds_a_fault_put_before_it(name, tmp_path):
    template = template_named(name)
    clean = layers_for(template)
    for number, group in enumerate(groups_apart(template.checks, clean)):
        layers = dict(clean)
        for at, check in group:
            layers |= fault(check, template.layers[check.layer], clean, at % 3)
        found = proof_of(write(tmp_path / f"{number}.gpkg", layers), template)
        finders = {one.check.id for one in found.standing}
        assert [check.id for _, check in group if check.id not in finders] == []
