"""A library in which a layer has two versions."""

import pytest

from onemap.tests.plugin.other_desk import core
from onemap.tests.plugin.small_town import box, wait_for, write_layer


@pytest.fixture
def two_versions(own_library, tmp_path):
    """Two plots of farmland; then a version in which one of them is elsewhere, with a third plot."""
    years = {"2023": [(0, "F1"), (200, "F2")], "2024": [(0, "F1"), (210, "F2"), (400, "F3")]}
    for label, plots in years.items():
        source = tmp_path / f"{label}.gpkg"
        write_layer(source, ["BSM"], [(box(x, 0, 100, 100), name) for x, name in plots])
        core(
            *("add", own_library.path, str(source), "--as", "YJJBNTTB", "--covers", "district", "--label", label),
            *("--valid-from", f"{label}-01-01"),
        )
    listed = []
    own_library.listed.connect(lambda: listed.append(True))
    own_library.refresh()
    wait_for(lambda: listed)
    return own_library
