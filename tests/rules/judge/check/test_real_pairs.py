"""Real layers against real layers: overlapping plans, and two years of parcels with thousands of slivers.

Three engines have measured each pair of the truth; one layer serves as parcels, the other as plan.
"""

import pandas as pd
import pyogrio
import pytest

from onemap.tests.rules.small_pack import pack_text

SETS = {
    "zoningoverlay_x_zoning": ("zoning_overlay", "zoning", "zoning_overlay_row", "zoning_row"),
    "openspace_x_zoning": ("openspace", "zoning", "openspace_row", "zoning_row"),
    "parcels2013_x_parcels2014": ("parcels_2013", "parcels_2014", "parcels_2013_row", "parcels_2014_row"),
}
PACK = pack_text({"id": "pairs", "layer": "PLAN", "department": "planning", "verdict": "notice"}, id="pairs")


@pytest.mark.slow
@pytest.mark.parametrize("name", SETS)
def test_every_pair_of_the_truth_is_found_with_its_area_and_none_is_invented(shared_data, tmp_path, onemap, name):
    folder = shared_data / "cambridge"
    source = folder / "transplant_epsg4547.gpkg"
    first, second, first_row, second_row = SETS[name]
    truth = pd.read_csv(folder / f"truth_{name}.csv")
    invalid = pd.read_csv(folder / "truth_invalid_features.csv")
    bad = {layer: set(rows["src_row"].astype(str)) for layer, rows in invalid.groupby("layer")}
    library, pack, out = tmp_path / "l.gpkg", tmp_path / "p.toml", tmp_path / "o.gpkg"
    pack.write_text(PACK, encoding="utf-8")
    paths = {}
    for layer in (first, second):  # one parcel of 2014 is an empty polygon, which is refused by name
        frame = pyogrio.read_dataframe(source, layer=layer)
        paths[layer] = tmp_path / f"{layer}.gpkg"
        pyogrio.write_dataframe(frame[~frame.geometry.is_empty], paths[layer])
    assert onemap("new", library, "--crs", "EPSG:4547").code == 0
    define = "name=plan,department=planning,library=department,kind=vector,geometry=polygon,key=src_row"
    onemap("add", library, paths[second], "--as", "PLAN", "--define", define, "--covers", "extent", "--repair").done()
    onemap("check", library, paths[first], "--id=src_row", "--repair", "--pack", pack, "--out", out).done()
    pieces = pyogrio.read_dataframe(out, layer="overlaps", read_geometry=False)
    found = {
        (parcel, feature): area
        for parcel, feature, area in zip(pieces.parcel, pieces.feature, pieces.area_m2, strict=True)
        if parcel not in bad.get(first, ()) and feature not in bad.get(second, ())
    }
    expected = {
        (str(a), str(b)): area
        for a, b, area in zip(truth[first_row], truth[second_row], truth["area_geos_m2"], strict=True)
    }
    # The truth has six digits; what is smaller may be a touch, or arithmetic that gives no row.
    sure = {pair for pair, area in expected.items() if area > 2e-6}
    assert sure <= set(found)
    assert all(found[pair] < 1e-5 for pair in set(found) - set(expected))
    assert max(abs(found[pair] - expected[pair]) for pair in sure) < 0.001
    total = sum(area for pair, area in found.items() if pair in expected)
    assert total == pytest.approx(sum(expected.values()), abs=0.05)
