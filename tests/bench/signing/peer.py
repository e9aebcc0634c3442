"""The same calls on certomancer-csc-dummy (CSC 1.0.4), the one other server that runs here, in the same run.

It keeps no rows, writes no log and asks nobody who they are, but loads the key anew for each signature, which takes
RSA 35 ms of checks and a curve next to nothing. Told is how many of ours, rows and log included, cost the CPU of one of
its own. More than its cost over that of one bare signature nobody reaches, so that stands beside it. The aim is RSA's.
"""

from collections.abc import Callable
from pathlib import Path

from tests.bench.signing.works import ALGORITHMS, Told, Works, load, measured, spent
from tests.support.witnesses import dummy

AIM, REACH = 50, 150
SIGNERS = {"rsa2048": dummy.RSA_SIGNER, "p256": dummy.EC_SIGNER}
PAIRS = {  # of the dummy, by kind of key and hashes of one: with RSA ten to twenty-five seconds each
    "rsa2048": {1: 200, 100: 5},
    "p256": {1: 2000, 100: 100},
}


def theirs(folder: Path, kind: str, hashes: int, connections: int) -> Told:
    """One caller at a time for a batch: it signs in one thread, and another would only wait for whole batches."""
    with dummy.running(folder) as (port, process):
        order = load(
            address=str(port), signers=[["nobody", SIGNERS[kind]]], hashes=hashes, algorithm=ALGORITHMS[kind],
            connections=connections if hashes == 1 else 1, pairs=PAIRS[kind][hashes],
        )  # fmt: skip
        return measured(order, lambda: {"dummy": spent(process.pid)})


def compared(
    works: Works, folder: Path, hashes: int, seconds: float, connections: int, bare: Callable[[], float]
) -> str:
    """One line: how many times, both sides' cost and rate. `folder` is the dummy's own; `bare`: see bench_signing."""
    folder.mkdir(parents=True)
    before = works.measured(hashes=hashes, seconds=seconds, connections=connections)
    other, least = theirs(folder, works.kind, hashes, connections), bare()
    after = works.measured(hashes=hashes, seconds=seconds, connections=connections)
    ours, rate = (before.each() + after.each()) / 2, (before.rate + after.rate) / 2
    times = other.each() / ours
    is_met = "" if times >= AIM else "  MISSED"
    aim = f"{is_met} (aim {AIM}, reach {REACH}," if works.kind == "rsa2048" else " (no aim,"
    return (
        f"{works.kind}, {hashes} to an authorization, ours / certomancer-csc-dummy by CPU of all processes: "
        f"{times:.1f} times{aim} bare arithmetic {other.each() / least:.0f}); "
        f"microseconds for one signature: {ours:.0f} and {other.each():.0f}; "
        f"on the wall {rate / other.rate:.0f} times ({rate:.0f}/s and {other.rate:.1f}/s)"
    )
