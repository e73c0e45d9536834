"""A check that fits into memory loads nothing of what keeps blocks on disk: its first answer would wait for it."""

import subprocess
import sys

LOADING = """
import importlib, sys
for name in ("rules.commands.serve", "rules.distributed.check_of_any_size", "rules.inputs.parcel_sources"):
    importlib.import_module(f"onemap.{name}")
print(*sorted(sys.modules))
"""


def test_nothing_that_writes_parquet_is_loaded_ahead():
    program = subprocess.run([sys.executable, "-c", LOADING], capture_output=True, text=True, check=True, timeout=120)
    loaded = set(program.stdout.split())
    assert "onemap.rules.check.check" in loaded
    assert loaded.isdisjoint({"pyarrow.parquet", "onemap.rules.distributed.journal"})
