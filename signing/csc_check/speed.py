"""How fast a server signs over HTTP, for the caller: wall time, the pair authorize + signHash, one connection each.

The yardstick of the same run: what one core of this machine signs with a key of the same kind, without a server.
"""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import count
from statistics import quantiles
from typing import Any, NamedTuple

from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa, utils
from cryptography.hazmat.primitives.hashes import SHA256

from signing.csc_check.findings import FAILED, Check, Finding, Setting, carry_out, good, want

BATCHES = (1, 100, 300)


class Measured(NamedTuple):
    """`refused`: what the server did not carry out to its end, for which there is no figure."""

    figures: list[dict[str, Any]]
    refused: list[Finding]


def measure(setting: Setting, seconds: float, connections: int) -> Measured:
    """A figure for each size of batch that multisign allows, and for several connections at once."""
    figures: list[dict[str, Any]] = []

    def figure(name: str, size: int, callers: int, once: Callable[[], None], _setting: Setting) -> None:
        figures.append(_figure(name, setting, once, size, callers, seconds))

    rows = [("in process, no server", 1, 1, _in_process(setting))]
    for size in (each for each in BATCHES if each <= setting.chosen.most):
        rows.append(("one hash" if size == 1 else f"batch of {size}", size, 1, _pair(setting, size)))
    rows.append((f"one hash, {connections} connections", 1, connections, _pair(setting, 1)))
    checks = [Check(row[0], "signHash", "", partial(figure, *row)) for row in rows]
    return Measured(figures, [each for each in carry_out("speed", checks, setting) if each.verdict == FAILED])


def _pair(setting: Setting, size: int) -> Callable[[], None]:
    server, chosen = setting.server, setting.chosen
    members = chosen.wish(server).members

    def once() -> None:
        digests = chosen.digests(size)
        sad = good(server.authorize(chosen.id, digests)).body["SAD"]
        made = good(server.sign(chosen.id, sad, digests, **members)).body["signatures"]
        want(len(made) == size, f"{len(made)} signatures for {size} hashes")

    return once


def _in_process(setting: Setting) -> Callable[[], None]:
    public = setting.chosen.certificates[0].public_key()
    digest = setting.chosen.digests(1)[0]
    prehashed = utils.Prehashed(SHA256())
    if isinstance(public, rsa.RSAPublicKey):
        key = rsa.generate_private_key(65537, public.key_size)
        return lambda: void(key.sign(digest, padding.PKCS1v15(), prehashed))
    curve = public.curve if isinstance(public, ec.EllipticCurvePublicKey) else ec.SECP256R1()
    other = ec.generate_private_key(curve)
    return lambda: void(other.sign(digest, ec.ECDSA(prehashed)))


def void(_value: object) -> None:
    """The signature is not wanted."""


def _figure(
    name: str, setting: Setting, once: Callable[[], None], size: int, connections: int, seconds: float
) -> dict[str, Any]:
    once()  # opens keys and connections
    begun = time.perf_counter()
    until = begun + seconds

    def worker(_number: int) -> list[float]:
        took = []
        for number in count():
            before = time.perf_counter()
            if before >= until and number:
                break
            once()
            took.append(time.perf_counter() - before)
        setting.server.close()
        return took

    with ThreadPoolExecutor(connections) as pool:
        times = sorted(each for part in pool.map(worker, range(connections)) for each in part)
    wall = time.perf_counter() - begun
    spread = quantiles(times, n=20) if len(times) > 1 else times * 19
    return {
        "version": setting.server.version,
        "name": name,
        "connections": connections,
        "signatures": len(times) * size,
        "per_second": len(times) * size / wall,
        "p50_ms": spread[9] * 1000,
        "p95_ms": spread[18] * 1000,
    }
