"""Feed parsers of foreign text with damaged files for a minute: each is read or refused, without a traceback.

A failure is printed with its seed and number, and its input is kept: `bench_fuzz.py --seed S --number N` repeats it.
A child process does the work, so that a crash or an endless loop of a library is reported, too.
"""

import argparse
import collections
import json
import queue
import random
import subprocess
import sys
import tempfile
import threading
import time
import traceback
import warnings
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, TextIO

from onemap.layers.files.text_encodings import decodes

SECONDS = 75
SLOWEST_S = 30  # for a file of some kilobytes
MEMORY_BYTES = 6 << 30
BY_BYTES = 0.25  # of the damage to texts
TOKENS = [
    *(
        b",",
        b"\n",
        b"\r",
        b"@",
        b"0",
        b"-",
        b".",
        b'"',
        b"'",
        b"<",
        b">",
        b"</",
        b"&#0;",
        b"[",
        b"]",
        b"{",
        b"}",
        b"\x00",
    ),
    *(b"1e308", b"-1e308", b"999999999999", b"nan", b"inf", b"\xff\xfe", b"\xef\xbb\xbf", b"J1", b"LineBegin\n"),
    *(b"PolygonEnd\n", b"EPSG:4547", b"SRID=", b"MULTIPOLYGON(((", b"  0\n", b"\n 10\n"),
    *("点号".encode(), "，".encode(), "面".encode("gb18030"), "\ufffd".encode(), "１".encode(), "°".encode()),
]
Files = Mapping[str, bytes]


def damaged_bytes(content: bytes, chance: random.Random) -> bytes:
    """Bytes with parts removed, inserted, changed or repeated; mostly whole characters, to stay readable."""
    encoding = next((name for name in ("utf-8", "gb18030") if decodes(content, name)), None)
    if encoding is None or chance.random() < BY_BYTES:
        return bytes(
            _changed_parts(list(content), [list(token) for token in TOKENS], lambda: chance.randrange(256), chance)
        )
    signs = [token.decode(encoding, errors="ignore") for token in TOKENS]
    text = content.decode(encoding)
    changed = _changed_parts(list(text), [list(sign) for sign in signs], lambda: chance.choice(text + "0,9.-<"), chance)
    return "".join(changed).encode(encoding, errors="replace")


def _changed_parts(
    parts: list[Any], tokens: list[list[Any]], other: Callable[[], Any], chance: random.Random
) -> list[Any]:
    for _ in range(chance.randint(1, 6)):
        at = chance.randrange(len(parts) + 1)
        kind = chance.random()
        if kind < 0.3:
            del parts[at : at + chance.choice([1, 3, 10, 100])]
        elif kind < 0.6:
            parts[at:at] = chance.choice(tokens)
        elif kind < 0.8 and at < len(parts):
            parts[at] = other()
        else:
            begin = chance.randrange(len(parts) + 1)
            parts[at:at] = parts[begin : begin + chance.randint(1, 60)]
    return parts


def case(seed: int, number: int, sets: list[dict[str, bytes]]) -> dict[str, bytes]:
    """The files of one try: always the same for a seed and a number."""
    chance = random.Random(f"{seed}/{number}")  # damage is no secret
    files = dict(chance.choice(sets))
    name = chance.choice(list(files))
    files[name] = damaged_bytes(files[name], chance)
    return files


def read_all(path: Path) -> str:
    """Read every layer of a file as `inspect` and `add` do; return the first refusal's code, or that it was read."""
    from onemap.layers.errors import OneMapError
    from onemap.layers.ingest.datum_change import given_change
    from onemap.layers.ingest.inspection import inspect

    try:
        if ".parameters" in path.name:
            given_change(str(path))
            return "read"
        layers = inspect(str(path), None, None, "en")["layers"]
    except OneMapError as error:
        return error.code
    outcomes = [_normalised_layer(path, layer["name"]) for layer in layers if layer["count"]]
    return next((outcome for outcome in outcomes if outcome != "read"), "read")


def _normalised_layer(path: Path, layer: str) -> str:
    from onemap.layers.catalogue.catalogue import defined_entry
    from onemap.layers.crs.systems import library_crs
    from onemap.layers.errors import OneMapError
    from onemap.layers.ingest.normalise import normalise
    from onemap.layers.ingest.placing import SourceOptions
    from onemap.layers.sources.reading import read_source

    define = "name=t,department=land,library=base,kind=vector,geometry=polygon"
    try:
        raw = read_source(path, layer, None)
        normalise(raw, defined_entry("T", define), library_crs("EPSG:4547"), SourceOptions(repair=True))
    except OneMapError as error:
        return error.code
    return "read"


def outcome_of(files: Files, folder: Path, reader: Callable[[Path], str] = read_all) -> dict[str, Any]:
    """The outcome of one set of files, or the fault."""
    for old in folder.iterdir():
        old.unlink()
    for name, content in files.items():
        (folder / name).write_bytes(content)
    began = time.monotonic()
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            outcome, defect = reader(folder / next(iter(files))), None
        except Exception:  # noqa: BLE001 - whatever it is, it is what is looked for
            outcome, defect = "defect", traceback.format_exc()
    loud = [f"{one.category.__name__}: {one.message} ({one.filename}:{one.lineno})" for one in caught]
    if defect is None and loud:
        outcome, defect = "warning", loud[0]
    return {"outcome": outcome, "defect": defect, "seconds": time.monotonic() - began}


def child(seed: int, first: int, folder: Path) -> None:
    """Try one number after the other, telling each before it begins and when it is done, until killed."""
    from onemap.tests.bench.fuzz.fuzz_samples import samples

    try:
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    except ImportError:  # Windows: without a limit
        print("no memory limit on this system", file=sys.stderr)
    sets = samples()
    number = first
    while True:
        print(json.dumps({"number": number}), flush=True)
        print(json.dumps(outcome_of(case(seed, number, sets), folder)), flush=True)
        number += 1


def fuzz(seed: int, seconds: float, most: int | None, kept: Path) -> int:
    """Run children for this time, or for this many inputs; return the number of inputs with a fault."""
    outcomes: collections.Counter[str] = collections.Counter()
    slowest, number, wrong = (0.0, 0), 0, 0
    end = time.monotonic() + seconds
    while time.monotonic() < end and (most is None or number < most) and wrong < 20:
        with tempfile.TemporaryDirectory(prefix="onemap-fuzz-") as folder:
            for answer in _answers(seed, number, Path(folder)):
                number = answer["number"]
                outcomes[answer["outcome"]] += 1
                slowest = max(slowest, (answer["seconds"], number))
                if answer["defect"] is not None:
                    wrong += 1
                    _tell(seed, number, answer["defect"], kept)
                number += 1
                if time.monotonic() >= end or (most is not None and number >= most) or wrong >= 20:
                    break
    counts = ", ".join(f"{name} {count}" for name, count in outcomes.most_common())
    print(f"{sum(outcomes.values())} inputs, seed {seed}: {counts}")
    print(f"slowest: {slowest[0]:.1f} s (number {slowest[1]}); went wrong: {wrong}")
    return wrong


def _answers(seed: int, first: int, folder: Path) -> Iterator[dict[str, Any]]:
    """A child's answers, input by input; its end or its silence counts for the input that it had."""
    command = [sys.executable, "-P", __file__, "--child", str(folder), "--seed", str(seed), "--number", str(first)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as program:
        assert program.stdout is not None
        lines: queue.Queue[str] = queue.Queue()
        threading.Thread(target=_pass_on, args=(program.stdout, lines), daemon=True).start()
        number = first
        try:
            while True:
                try:
                    line = lines.get(timeout=SLOWEST_S)
                    why = "" if line else f"the program ended ({program.wait()})"
                except queue.Empty:
                    why = f"no answer within {SLOWEST_S} s"
                if why:
                    yield {"number": number, "outcome": "lost", "defect": why, "seconds": SLOWEST_S}
                    return
                answer = json.loads(line)
                if "outcome" in answer:
                    yield {"number": number, **answer}
                else:
                    number = answer["number"]
        finally:
            program.kill()


def _pass_on(stream: TextIO, lines: "queue.Queue[str]") -> None:
    """Every line, and an empty one at the end; a pipe cannot be waited for with a limit on Windows."""
    for line in stream:
        lines.put(line)
    lines.put("")


def _tell(seed: int, number: int, defect: str, kept: Path) -> None:
    from onemap.tests.bench.fuzz.fuzz_samples import samples

    folder = kept / f"{seed}-{number}"
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in case(seed, number, samples()).items():
        (folder / name).write_bytes(content)
    print(f"--seed {seed} --number {number}, kept in {folder}\n{defect}", flush=True)


def main() -> int:
    """Fuzz, or feed one input again."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**6))
    parser.add_argument("--seconds", type=float, default=SECONDS)
    parser.add_argument("--inputs", type=int, help="stop after so many")
    parser.add_argument("--number", type=int, help="feed this one only")
    parser.add_argument("--kept", type=Path, default=Path(tempfile.gettempdir()) / "onemap-fuzz-kept")
    parser.add_argument("--child", type=Path, help=argparse.SUPPRESS)
    wishes = parser.parse_args()
    if wishes.child is not None:
        child(wishes.seed, wishes.number, wishes.child)
    if wishes.number is not None:
        from onemap.tests.bench.fuzz.fuzz_samples import samples

        with tempfile.TemporaryDirectory(prefix="onemap-fuzz-") as folder:
            answer = outcome_of(case(wishes.seed, wishes.number, samples()), Path(folder))
        print(answer["defect"] or answer["outcome"])
        return 1 if answer["defect"] else 0
    return 1 if fuzz(wishes.seed, wishes.seconds, wishes.inputs, wishes.kept) else 0


if __name__ == "__main__":
    sys.exit(main())
