"""A check that fits into memory does not load the modules for blocks on disk, which would delay its answer."""

import subprocess
import sys

import pytest

LOADING = """
import importlib, sys
for name in ("verbs.commands.serve", "judge.distributed.check_of_any_size", "judge.inputs.parcel_sources"):
    importlib.import_module(f"onemap.rules.{name}")
print(*sorted(sys.modules))
"""


@pytest.mark.slow
def test_nothing_that_writes_parquet_is_loaded_ahead():
    program = subprocess.run([sys.executable, "-c", LOADING], capture_output=True, text=True, check=True, timeout=120)
    loaded = set(program.stdout.split())
    assert "onemap.rules.judge.check.check" in loaded
    assert loaded.isdisjoint({"pyarrow.parquet", "onemap.rules.judge.distributed.journal"})
