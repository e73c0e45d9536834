"""The benchmarks: `build.py bench` finds each, and the fuzzer finds what it is meant to find."""

import runpy
import subprocess
import sys
from pathlib import Path

import pytest

from onemap.tests.bench import bench_fuzz
from onemap.tests.bench.fuzz.fuzz_samples import samples

ROOT = Path(__file__).resolve().parents[1]


def build(*words):
    command = [sys.executable, str(ROOT / "build.py"), *words]
    return subprocess.run(command, cwd=ROOT, capture_output=True, encoding="utf-8", timeout=60)


def test_a_benchmark_that_does_not_exist_is_answered_with_those_that_do():
    done = build("bench", "frobnicate")
    assert done.returncode == 1
    for path in (ROOT / "tests" / "bench").rglob("bench_*.py"):
        assert path.stem.removeprefix("bench_") in done.stderr


@pytest.mark.slow
@pytest.mark.parametrize("path", sorted((ROOT / "tests" / "bench").rglob("bench_*.py")), ids=lambda path: path.stem)
def test_each_benchmark_says_what_it_takes(path, monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", [str(path), "--help"])
    monkeypatch.setattr(sys, "path", [*sys.path])  # a benchmark may add to it
    with pytest.raises(SystemExit) as ended:
        runpy.run_path(str(path), run_name="__main__")
    assert ended.value.code == 0
    assert "usage:" in capsys.readouterr().out


@pytest.mark.slow
def test_every_sound_sample_is_read(tmp_path):
    outcomes = {next(iter(files)): bench_fuzz.outcome_of(files, tmp_path)["outcome"] for files in samples()}
    # Points and lines are no polygons, Xi'an 80 needs parameters: that is how these must end.
    expected = {"new.vct": "geometry.type", "old.vct": "crs.no_transformation"}
    may_lack_a_system = {"sheet.csv", "sheet_gbk.csv", "degrees.csv", "a.dxf", "a.xlsx", "boundary.xls"}
    refused = {name: outcome for name, outcome in outcomes.items() if outcome != "read"}
    assert {name for name, outcome in refused.items() if outcome == "crs.missing"} <= may_lack_a_system | {"a.topojson"}
    assert {name: outcome for name, outcome in refused.items() if outcome != "crs.missing"} == expected


def test_the_same_seed_and_number_give_the_same_damage():
    sets = samples()
    assert bench_fuzz.case(7, 3, sets) == bench_fuzz.case(7, 3, sets)
    assert len({tuple(bench_fuzz.case(7, number, sets).items()) for number in range(20)}) == 20


def test_an_error_that_is_no_refusal_and_a_warning_are_findings(tmp_path):
    def fail_reading(_path):
        raise ZeroDivisionError("planted")

    def loud(_path):
        import warnings

        warnings.warn("planted", RuntimeWarning, stacklevel=1)
        return "read"

    assert "ZeroDivisionError: planted" in bench_fuzz.outcome_of({"a.txt": b""}, tmp_path, fail_reading)["defect"]
    assert "RuntimeWarning: planted" in bench_fuzz.outcome_of({"a.txt": b""}, tmp_path, loud)["defect"]
    assert bench_fuzz.outcome_of({"a.txt": b""}, tmp_path, lambda _path: "read")["defect"] is None


@pytest.mark.slow
def test_some_damaged_inputs_of_a_fixed_seed_are_read_or_refused(tmp_path):
    assert bench_fuzz.fuzz(seed=20261120, seconds=600, most=60, kept=tmp_path) == 0
    assert list(tmp_path.iterdir()) == []
