"""Forty clients of a PostgreSQL share six cases: how long a step takes, how many conflict, and whether any is lost.

Then, beside clients of other departments, one clerk keeps a transaction with an insert open, and later inserts without
end: how long do steps of the others take meanwhile? A step is a verb, from its words to its answer; every client has
loaded the program before the clock starts. Seconds are wall time, with processor time beside them.
"""

import argparse
import collections
import contextlib
import multiprocessing
import random
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import psycopg

from onemap.layers.catalogue.schema import DEPARTMENTS
from onemap.tests.attacks.server_accounts import Bureau, make_bureau, write_rows
from onemap.tests.library_accounts import make_accounts
from onemap.tests.postgis_server import private_server
from onemap.tests.rules.command import done

CLIENTS, CASES, SECONDS, OTHERS = 40, 6, 60, 5
SLOWEST_S = 2.0  # that may be: of a hundred steps the slowest; what a clerk who holds on adds to the longest
PAUSE_S = 5.0
HERE = "onemap.tests.bench.cases.bench_clients"
DURABLE = {"fsync": "on", "synchronous_commit": "on", "full_page_writes": "on", "autovacuum": "on"}
CONFLICTS = ("review.conflict", "library.conflict", "library.busy", "library.busy_with")
_TOGETHER: list[Any] = []  # of a client's process, the barrier behind which all start
WORDS = {"conclusion": "agree", "text": "同意", "basis": "", "answers": []}


@dataclass(frozen=True)
class Client:
    """A client: an account for a department, or for the lead."""

    account: str
    department: str


@dataclass(frozen=True)
class Step:
    """One attempted step. codes: of its refusal, empty if it was accepted."""

    account: str
    action: str
    codes: tuple[str, ...]
    seconds: float
    processor: float


def main() -> int:
    """Make the bureau, let the clients go, tell."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clients", type=int, default=CLIENTS)
    parser.add_argument("--seconds", type=float, default=SECONDS, help="of each part")
    parser.add_argument(
        "--pause", type=float, default=PAUSE_S, help="seconds between the steps of a client, on average"
    )
    wishes = parser.parse_args()
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([HERE])
    with tempfile.TemporaryDirectory() as folder, private_server(DURABLE) as server:
        bureau = make_bureau(Path(folder), server)
        cases = [bureau.case, *(_further_case(bureau, number) for number in range(1, CASES))]
        clients = _clients(bureau)

        def steps_of(chosen: Sequence[Client], pause: float) -> list[Step]:
            orders = [(bureau, cases, client, number, wishes.seconds, pause) for number, client in enumerate(chosen)]
            with context.Pool(len(orders), _begin_together, (context.Barrier(len(orders)),)) as pool:
                return [step for steps in pool.starmap(act, orders, chunksize=1) for step in steps]

        before = _events(bureau)
        steps = steps_of([clients[number % len(clients)] for number in range(wishes.clients)], wishes.pause)
        taken = collections.Counter((step.account, step.action) for step in steps if not step.codes)
        there = _events(bureau)
        there.subtract(before)
        lost, more = taken - there, +there - taken
        slowest = _tell(f"{wishes.clients} clients", steps)
        print(f"steps that were taken and are not there: {lost.total()}; that are there and were not: {more.total()}")
        others = [client for client in clients if client.department not in ("water", "lead")][:OTHERS]
        alone = _tell("others beside nobody", steps_of(others, wishes.pause), share=100)
        delays = []
        for what, hold in (("with an open transaction", _open_insert), ("who inserts without end", _endless_inserts)):
            with hold(bureau, cases, context):
                longest = _tell(f"others beside a clerk {what}", steps_of(others, wishes.pause), share=100)
                delays.append(longest - alone)
                print(f"  he delays the others by {max(0.0, delays[-1]):.2f} s")
    is_well = not lost and not more and slowest < SLOWEST_S and max(delays) < SLOWEST_S
    return 0 if is_well else 1


def _further_case(bureau: Bureau, number: int) -> str:
    """One more case that is out."""
    asked = ("--project", f"第{number}小学", "--pack", bureau.folder / "town.toml", "--by", "u_lead")
    case = done("review", "open", bureau.place("u_lead"), bureau.folder / "parcels.gpkg", *asked).json["case"]
    assert replace(bureau, case=case).review("u_lead", "circulate").code == 0
    return str(case)


def _clients(bureau: Bureau) -> list[Client]:
    """Two accounts of each department, so that one signs what the other has drafted; and the lead's."""
    make_accounts(bureau.url, {f"u_{code}_2": [code] for code in DEPARTMENTS})
    pairs = [Client(f"u_{code}{end}", code) for end in ("", "_2") for code in DEPARTMENTS]
    return [*pairs, Client("u_lead", "lead")]


def _events(bureau: Bureau) -> "collections.Counter[tuple[str, str]]":
    """The number of events of each kind that each account has written."""
    rows = bureau.rows("SELECT who, action, count(*) FROM onemap_events GROUP BY who, action")
    return collections.Counter({(who, action): count for who, action, count in rows})


def _begin_together(barrier: Any) -> None:
    """Before a client's first step: all wait for all."""
    _TOGETHER.append(barrier)


def act(bureau: Bureau, cases: Sequence[str], client: Client, seed: int, seconds: float, pause: float) -> list[Step]:
    """Act as one client: step after step in any case."""
    bureau.show_case(client.account)
    _TOGETHER[0].wait()
    chance, steps, until = random.Random(seed), [], time.monotonic() + seconds
    while time.monotonic() < until:
        time.sleep(chance.uniform(0, 2 * pause))
        words = _words(client, chance)
        began, busy = time.monotonic(), time.process_time()
        answer = replace(bureau, case=chance.choice(cases)).review(client.account, *words)
        codes = tuple(answer.codes) if answer.code else ()
        if answer.code not in (0, 2, 3):
            raise SystemExit(f"{words}: {answer.json}")
        steps.append(Step(client.account, words[0], codes, time.monotonic() - began, time.process_time() - busy))
    return steps


def _words(client: Client, chance: random.Random) -> tuple[str, ...]:
    """A step that a clerk of the department may take, if the case allows it."""
    if client.department == "lead":
        return "extend", chance.choice(DEPARTMENTS), "--days", "1", "--reason", "r"
    action = chance.choices(("opine", "sign", "return"), (5, 3, 2))[0]
    more = {
        "opine": ("--conclusion", "agree", "--text", "同意"),
        "sign": ("--unanswered", "r"),
        "return": ("--reason", "r"),
    }
    return action, client.department, *more[action]


@contextlib.contextmanager
def _open_insert(bureau: Bureau, cases: Sequence[str], _: Any) -> Iterator[None]:
    """A clerk of the water department has inserted into every case, and does not end his transaction."""
    with bureau.connect("u_water") as connection:
        for case in cases:
            write_rows(connection, replace(bureau, case=case).event("water", "opine", WORDS))
        yield
        connection.rollback()


@contextlib.contextmanager
def _endless_inserts(
    bureau: Bureau, cases: Sequence[str], context: multiprocessing.context.BaseContext
) -> Iterator[None]:
    """A clerk of the water department inserts into one case after the other as fast as he can."""
    process = context.Process(target=insert_on, args=(bureau, cases), daemon=True)
    process.start()
    try:
        yield
    finally:
        process.kill()
        process.join()
    print(f"  he has inserted {_events(bureau)['u_water', 'opine']} events")


def insert_on(bureau: Bureau, cases: Sequence[str]) -> None:
    """Insert until killed; inserts that the quota refuses are tried again."""
    events = [replace(bureau, case=case).event("water", "opine", WORDS) for case in cases]
    with bureau.connect("u_water") as connection:
        while True:
            for event in events:
                with contextlib.suppress(psycopg.Error):
                    write_rows(connection, event)
                    connection.commit()
                    continue
                connection.rollback()


def _tell(what: str, steps: Sequence[Step], share: float = 99) -> float:
    """How long the steps took that were not refused by the rules. share: per cent, whose longest is given back."""
    ends = collections.Counter(
        "taken" if not step.codes else "conflicts" if step.codes[0] in CONFLICTS else "refused by the rules"
        for step in steps
    )
    seconds = [step.seconds for step in steps]
    middle, late, longest = np.percentile(seconds, [50, 99, 100]) if seconds else (0.0, 0.0, 0.0)
    counts = ", ".join(f"{count} {end}" for end, count in sorted(ends.items()))
    processor = np.median([step.processor for step in steps]) if steps else 0.0
    times = f"{middle:.2f} s, p99 {late:.2f}, longest {longest:.2f}, processor {processor:.3f}"
    print(f"{what}: {counts}; a step {times}", flush=True)
    return float(np.percentile(seconds, share)) if seconds else 0.0


if __name__ == "__main__":
    raise SystemExit(main())
