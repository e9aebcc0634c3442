"""What a signature costs beside its arithmetic: authorize + signHash over HTTP, every row and the log included.

`python -m tests.bench.bench_signing`
"""

import os

os.environ["TEST_DATABASE"] = "sqlite"  # the run's own server is not needed: this one starts its own

from tests.bench.signing.works import Told, Works, openssl_speed

CONNECTIONS = int(os.environ.get("CONNECTIONS", "32"))
SECONDS = float(os.environ.get("SECONDS", "4"))
BATCHES = (1, 100, 300)


def main() -> None:
    before = openssl_speed()
    with Works("bench-signing") as works:
        found = {
            hashes: works.measured(hashes=hashes, seconds=SECONDS, connections=CONNECTIONS)
            for hashes in BATCHES
        }
    yard = 2e6 / (before + openssl_speed())
    show(found, yard)


def show(found: dict[int, Told], yard: float) -> None:
    print(f"yardstick: openssl speed rsa2048, {yard:.0f} microseconds of one core for one signature")
    for hashes, told in found.items():
        parts = ", ".join(f"{part} {told.each(part):.0f}" for part in told.cpu)
        rate = told.signatures / told.load["seconds"]
        print(
            f"{hashes} hashes: {told.each():.0f} us of CPU each ({parts}), {yard / told.each():.0%} of openssl"
            f"; {rate:.0f}/s, p50 {told.load['p50']:.1f} ms, p99 {told.load['p99']:.1f} ms {told.load['refused']}"
        )


if __name__ == "__main__":
    main()
