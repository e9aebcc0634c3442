"""What a signature costs beside its arithmetic: authorize + signHash over HTTP, every row and the log included.

`python -m tests.bench.bench_signing [ROW …]`, of: pairs dummy many kills rate most profile. PostgreSQL syncs every
commit; CPU is utime + stime of every process of the service, PostgreSQL's with all its backends, nginx's where it
stands in front; the load generator's is not counted. Beside it stands `openssl speed rsa2048` of the same run, and one
bare signature by the library that signs (`cryptography`), from which "everything but the signature" is told.

SECONDS=4 of each measurement, CONNECTIONS=32, LENGTH=60 seconds at the fixed rate (600: the issue's), KILLS=20,
CREDENTIALS=10000,1000000. Wall times are those of this machine at this moment and only told.
"""

import os
import statistics
import subprocess
import sys
import time
from functools import partial
from pathlib import Path

os.environ["TEST_DATABASE"] = "sqlite"  # the run's own server is not needed: this one starts its own

from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from cryptography.hazmat.primitives.hashes import SHA256

from tests.bench.signing import killed, peer
from tests.bench.signing.front import fronted
from tests.bench.signing.works import Told, Works, openssl_speed
from tests.support import services

CONNECTIONS = int(os.environ.get("CONNECTIONS", "32"))
SECONDS = float(os.environ.get("SECONDS", "4"))
LENGTH = float(os.environ.get("LENGTH", "60"))
KILLS = int(os.environ.get("KILLS", "20"))
CREDENTIALS = [int(count) for count in os.environ.get("CREDENTIALS", "10000,1000000").split(",")]
RATE, ROUNDS = 1100, 5
PROFILES = Path(os.environ.get("PROFILES", "var/bench"))
# hashes of one authorization -> (aim, reach for) of openssl's speed, and of everything but the signature per hash
AIMS = {1: (0.50, 0.65, 0.70, 0.45), 100: (0.85, 0.90, 0.08, 0.05), 300: (0.85, 0.90, 0.08, 0.05)}


def bare_signature(seconds: float = 2.0, kind: str = "rsa2048") -> float:
    """Microseconds of CPU of one signature by the library that the software store uses, key held."""
    mode = Prehashed(SHA256())
    if kind == "p256":
        once = partial(ec.generate_private_key(ec.SECP256R1()).sign, bytes(32), ec.ECDSA(mode))
    else:
        once = partial(rsa.generate_private_key(65537, 2048).sign, bytes(32), padding.PKCS1v15(), mode)
    once()
    count, began = 0, time.process_time()
    while time.process_time() - began < seconds:
        once()
        count += 1
    return (time.process_time() - began) / count * 1e6


def told(value: float, aim: float, reach: float) -> str:
    """Whether more (or, where the aim is above the reach, less) than the aim was met."""
    is_met = value <= aim if aim > reach else value >= aim
    return f"{value:.0%}{'' if is_met else '  MISSED'} (aim {aim:.0%}, reach {reach:.0%})"


def parts(found: Told) -> str:
    return ", ".join(f"{part} {found.each(part):.0f}" for part in found.cpu)


def wall(found: Told) -> str:
    refused = f", refused {found.load['refused']}" if found.load["refused"] else ""
    return f"{found.rate:.0f}/s, p50 {found.load['p50']:.1f} ms, p99 {found.load['p99']:.1f} ms{refused}"


def pairs() -> None:
    """Each figure is the median of ROUNDS, each beside the yardsticks measured around it."""
    with Works("bench-pairs") as works:
        for hashes, (aim, reach, rest_aim, rest_reach) in AIMS.items():
            connections = CONNECTIONS if hashes == 1 else CONNECTIONS // 4  # so many hashes wait for a second
            speeds, rests, last = [], [], None
            for _ in range(ROUNDS):
                yard, bare = 1e6 / openssl_speed(), bare_signature(1.0)
                last = works.measured(hashes=hashes, seconds=SECONDS, connections=connections)
                yard, bare = (yard + 1e6 / openssl_speed()) / 2, (bare + bare_signature(1.0)) / 2
                speeds.append(yard / last.each())
                rests.append((last.each() - bare) / bare)
            assert last is not None
            print(
                f"{hashes} to an authorization: {told(statistics.median(speeds), aim, reach)} of openssl speed; "
                f"all but the signature {told(statistics.median(rests), rest_aim, rest_reach)} of one per hash; "
                f"microseconds of the last round: {parts(last)}; openssl {yard:.0f}, bare {bare:.0f}; {wall(last)}",
                flush=True,
            )


def dummy() -> None:
    for kind, pairs in peer.PAIRS.items():
        with Works(f"bench-dummy-{kind}", kind=kind) as works:
            for hashes in pairs:
                connections = CONNECTIONS if hashes == 1 else CONNECTIONS // 4
                folder, bare = services.RUN / f"dummy-{kind}-{hashes}", partial(bare_signature, kind=kind)
                print(peer.compared(works, folder, hashes, SECONDS, connections, bare), flush=True)


def many() -> None:
    """The one-hash cost with few and with many credentials, round by round in turn."""
    few, more = (Works(f"bench-{count}", signers=64, credentials=count) for count in CREDENTIALS)
    with few, more:
        costs: list[tuple[float, float]] = []
        for _ in range(ROUNDS):
            first, last = (
                one.measured(seconds=SECONDS, connections=CONNECTIONS).each() for one in (few, more)
            )
            costs.append((first, last))
        ratio = statistics.median(last / first for first, last in costs)
        is_met = "" if ratio <= 1.1 else "  MISSED"
        print(
            f"one hash with {CREDENTIALS[1]:,} credentials / with {CREDENTIALS[0]:,}: {ratio:.2f}{is_met} (aim 1.1)"
        )


def kills() -> None:
    with Works("bench-kills") as works:
        acknowledged = missing = 0
        for number in range(KILLS):
            part = killed.PARTS[number % len(killed.PARTS)]
            found = killed.run(works, part, services.RUN)
            acknowledged, missing = acknowledged + found.acknowledged, missing + found.missing
            print(f"  {part}: {found}", flush=True)
        sound = "sound" if killed.log_is_sound(works) else "BROKEN"
    print(
        f"{KILLS} kills at full load: {acknowledged:,} acknowledged, {missing} missing (aim 0); log {sound}"
    )


def rate() -> None:
    """The nation's peak through the product's nginx, TLS 1.3, on each kept connection the certificate of its token."""
    with fronted("bench-rate") as front:
        found = front.measured(rate=RATE, seconds=LENGTH, connections=50)
    each = {part: spent / found.load["seconds"] for part, spent in found.cpu.items()}
    cores = sum(each.values())
    print(
        f"{RATE}/s for {LENGTH:.0f} s through nginx TLS with client certificates, tokens bound to them: {wall(found)}; "
        f"{cores:.2f} cores{'' if cores <= 0.8 else '  MISSED'} (aim 0.8, reach 0.5): "
        f"{', '.join(f'{part} {share:.2f}' for part, share in each.items())}; "
        f"p99 {found.load['p99']:.0f} ms{'' if found.load['p99'] <= 50 else '  MISSED'} (aim 50 ms)"
    )


def most() -> None:
    """As much as the machine gives, the load generator beside it."""
    yard = openssl_speed("-multi", "2")
    with Works("bench-most") as works:
        found = [works.measured(seconds=SECONDS, connections=count) for count in (64, 128, 192)]
    best = max(found, key=lambda one: one.signatures)
    share = best.rate / yard
    print(
        f"most of 2 cores: {wall(best)}; {told(share, 0.45, 0.475)} of openssl speed -multi 2 ({yard:.0f}/s)"
    )


def profile() -> None:
    """py-spy's raw stacks of the front and of the signer at full load, one hash and 100."""
    PROFILES.mkdir(parents=True, exist_ok=True)
    spy = str(Path(sys.executable).with_name("py-spy"))
    with Works("bench-profile") as works:
        for hashes in (1, 100):
            load = works.load(hashes=hashes, seconds=30)
            assert load.stdout is not None
            load.stdout.readline()
            for name, pid in (("front", works.hot.pid), ("signer", works.signer.pid)):
                file = PROFILES / f"signing-{name}-{hashes}.txt"
                words = ["record", "-r", "500", "-d", "5", "-f", "raw", "-o", str(file), "-p", str(pid)]
                subprocess.run([spy, *words], check=True, capture_output=True)
                print(f"{name}, {hashes} to an authorization: {file}\n  {_hottest(file)}")
            load.kill()
            load.communicate()


def _hottest(file: Path) -> str:
    """Share of the samples in which a function was running, itself or below it."""
    counts: dict[str, int] = {}
    whole = 0
    for line in file.read_text().splitlines():
        stack, _, number = line.rpartition(" ")
        if "_worker" in stack:  # threads that wait
            continue
        whole += int(number)
        for frame in {each.partition(":")[0] for each in stack.split(";")}:
            counts[frame] = counts.get(frame, 0) + int(number)
    ours = [
        (count, frame) for frame, count in counts.items() if "signing/" in frame or "uvicorn/prot" in frame
    ]
    return ", ".join(f"{frame.split(' ')[0]} {count / whole:.0%}" for count, frame in sorted(ours)[:-13:-1])


ROWS = {
    "pairs": pairs,
    "dummy": dummy,
    "many": many,
    "kills": kills,
    "rate": rate,
    "most": most,
    "profile": profile,
}


def main() -> None:
    load = os.getloadavg()[0]
    print(f"the machine: {os.cpu_count()} cores, load of the last minute {load:.1f}", flush=True)
    for name in sys.argv[1:] or ROWS:
        ROWS[name]()


if __name__ == "__main__":
    main()
