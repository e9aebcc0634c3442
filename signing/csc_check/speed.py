"""How fast a server signs over HTTP, for the caller: wall time, the pair authorize + signHash, one connection each.

The yardstick of the same run: what one core of this machine signs with a key of the same kind, without a server.
"""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from statistics import quantiles
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa, utils
from cryptography.hazmat.primitives.hashes import SHA256

from signing.csc_check.findings import Setting, good

BATCHES = (1, 100, 300)


def measure(setting: Setting, seconds: float, connections: int) -> list[dict[str, Any]]:
    """A figure for each size of batch that multisign allows, and for several connections at once."""
    figures = [_figure("in process, no server", setting, _in_process(setting), 1, 1, seconds)]
    for size in (each for each in BATCHES if each <= setting.chosen.most):
        name = "one hash" if size == 1 else f"batch of {size}"
        figures.append(_figure(name, setting, _pair(setting, size), size, 1, seconds))
    name = f"one hash, {connections} connections"
    figures.append(_figure(name, setting, _pair(setting, 1), 1, connections, seconds))
    return figures


def _pair(setting: Setting, size: int) -> Callable[[], None]:
    server, chosen = setting.server, setting.chosen
    members = chosen.wish(server).members

    def once() -> None:
        digests = chosen.digests(size)
        sad = good(server.authorize(chosen.id, digests)).body["SAD"]
        made = good(server.sign(chosen.id, sad, digests, **members)).body["signatures"]
        if len(made) != size:
            raise ValueError("signatures are missing")

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
