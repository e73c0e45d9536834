"""A verb answers or refuses any request: no defect, neither in words nor as invalid JSON."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from onemap.tests.attacks.full_library import add_layer, make_full_library, review_step, square
from onemap.tests.rules.command import outcome_of
from onemap.tests.rules.verbs.commands.verb_requests import pools_of, requests

CODES = {0, 2, 3, 4, 5}


def make_place(folder: Path) -> None:
    """The full library, with a case on its way whose ground has changed since, and files to ask about."""
    library = make_full_library(folder)
    case = review_step("open", library, folder / "parcels.gpkg", "--project", "体育馆", "--id", "DKBH")["case"]
    review_step("circulate", library, case)
    review_step("opine", library, case, "land", "--conclusion", "agree", "--text", "同意")
    add_layer(folder, "FARM", [square(2000, 2000)], MJ=[0.1])


def fault_of(words: list[str]) -> str | None:
    """The fault in the outcome of a command line; None without one."""
    code, output, remarks = outcome_of(*words)
    if code not in CODES or "Traceback" in output + remarks:
        return f"{code}: {words} {(output + remarks)[-300:]}"
    if "--json" in words:
        try:
            json.loads(output)
        except ValueError as error:
            return f"{error}: {words}"
    return None


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(4))
def test_no_request_ends_in_a_defect(
    seed: int, made_once: Callable[[str, Callable[[Path], Any]], Path], tmp_path, monkeypatch
):
    shutil.copytree(made_once("full-library", make_place), tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)
    asked = requests(150, pools_of("city.gpkg"), seed)
    assert [fault for fault in map(fault_of, asked) if fault] == []
