"""Each shipped template accepts a valid database; its cases prove that its checks find faults."""

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import pytest
from shapely.affinity import scale, translate

from onemap.layers.catalogue.catalogue import shipped_catalogue
from onemap.layers.catalogue.code_tables import code_table
from onemap.layers.shipped_files import RESOURCES
from onemap.resources.sample_city.plan_delivery import plan_layers
from onemap.rules.answers.deliveries.delivery_proof import prove_delivery
from onemap.rules.answers.deliveries.delivery_template import delivery_template
from onemap.rules.answers.deliveries.template_titles import template_files
from onemap.rules.judge.kinds.conditions import evaluate

FOLDER = RESOURCES / "deliveries"
NAMES = [path.stem for path in template_files()]


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


def proof_of(path, template):
    return prove_delivery(path, template)


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_a_database_without_a_fault_has_no_finding_but_that_it_is_alone(name, tmp_path):
    template = template_named(name)
    found = proof_of(write(tmp_path / "d.gpkg", layers_for(template)), template)
    assert [(one.problem.code, one.layer) for one in found.standing if one.check.kind != "text_number"] == [
        ("proof.partial", None)
    ]
    assert found.grade.grade == "unproved"


def test_the_least_patches_of_the_yearly_change_are_those_of_each_class_s_group():
    table = code_table("survey-classes")
    least = {"built": 200, "farm": 400, "unused": 600}
    codes = [*table.classes, "0201K", "1104A"]
    asked = [200 if code == "1202" else least[table.classes[code[:4]]["group"]] for code in codes]
    rows = pd.DataFrame({"DLBM": codes})
    least_m2 = np.zeros(len(codes))
    for check in template_named("yearly-change").checks:
        if check.kind == "small":
            least_m2 += np.where(evaluate(check.keys["where"], rows).true, check.keys["least_m2"], 0)
    assert least_m2.tolist() == asked
