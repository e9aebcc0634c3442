"""CPU and memory of accepting a 4 MB picture, beside bare Pillow on the same file in the same run.

`python -m tests.bench.bench_images`. Ours is the whole way: structure, fork, decode, orientation, profile, shrink,
re-encode, hints, digests and both trips between the processes. Bare is measured twice: in a process that is warm from
the round before, and in a fresh one each time, as ours must be. The three take turns, so that a busy machine is busy
for each of them. Aim (decision 28): 1.3 times bare for JPEG and PNG, 3 for BMP, against the fresh one; the caller's
own peak stays under 60 MB.
"""

import io
import os
import resource
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path

from PIL import Image

from enrollment import images
from enrollment.pictures import raster
from enrollment.pictures.client import zygote

ROUNDS = 20
TICKS = os.sysconf("SC_CLK_TCK")
AIMS = {"JPEG": 1.3, "PNG": 1.3, "BMP": 3.0}


def samples() -> dict[str, bytes]:
    """Pictures with the noise of a real camera, each just under 4 MB."""

    def noisy(width: int, height: int, sigma: float) -> Image.Image:
        bands = [Image.effect_noise((width, height), sigma) for _ in range(3)]
        ramp = Image.linear_gradient("L").resize((width, height))
        return Image.blend(Image.merge("RGB", bands), Image.merge("RGB", [ramp] * 3), 0.5)

    found = {}
    for kind, image, options in (
        ("JPEG", noisy(2544, 3392, 32), {"quality": 88}),
        ("PNG", noisy(1040, 1336, 60), {}),
        ("BMP", noisy(1036, 1330, 60), {}),
    ):
        out = io.BytesIO()
        image.save(out, kind, **options)
        assert 3_000_000 < len(out.getvalue()) <= images.MOST_BYTES, (kind, len(out.getvalue()))
        found[kind] = out.getvalue()
    return found


def bare(data: bytes) -> None:
    with Image.open(io.BytesIO(data)) as image:
        image.load()
        image.convert("RGB").save(io.BytesIO(), "JPEG", quality=88)


def decoded(kind: str, data: bytes) -> None:
    """Our decoder's part alone, without the processes around it."""
    raster.accept(kind, io.BytesIO(data), photo=True)


def ours(data: bytes) -> None:
    images.inspect(data, slot="photo", authority="jma")


def decoder_cpu() -> float:
    """Seconds of the zygote and its finished children."""
    fields = Path(f"/proc/{zygote.pid}/stat").read_text().rsplit(")", 1)[1].split()
    return sum(int(field) for field in fields[11:15]) / TICKS


def in_turns(data: bytes) -> tuple[float, float, float]:
    """CPU milliseconds of one round of bare Pillow warm, bare Pillow fresh, and ours."""
    bare(data)
    ours(data)
    time.sleep(0.5)  # the zygote collects its children in rounds
    warm = fresh_seconds = here = 0.0
    decoder = decoder_cpu()
    for _ in range(ROUNDS):
        begun = time.process_time()
        bare(data)
        warm += time.process_time() - begun
        fresh_seconds += in_a_child(bare, data)[0]
        begun = time.process_time()
        ours(data)
        here += time.process_time() - begun
    time.sleep(0.5)
    spent = (warm, fresh_seconds, here + decoder_cpu() - decoder)
    return spent[0] * 1000 / ROUNDS, spent[1] * 1000 / ROUNDS, spent[2] * 1000 / ROUNDS


def in_a_child(work: Callable[[bytes], None] | None, data: bytes) -> tuple[float, float]:
    """CPU seconds and peak megabytes of one round in a process of its own; of none, an idle one's."""
    child = os.fork()
    if child == 0:
        if work:
            work(data)
        os._exit(0)
    used = os.wait4(child, 0)[2]
    return used.ru_utime + used.ru_stime, used.ru_maxrss / 1024


def peak_mb(work: Callable[[bytes], None], data: bytes) -> float:
    """Peak megabytes above an idle process."""
    idle = in_a_child(None, data)[1]
    return max(in_a_child(work, data)[1] for _ in range(3)) - idle


def caller_mb(data: bytes) -> float:
    """What accepting adds to the peak of the process that was asked."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    ours(data)
    return (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024


def main() -> None:
    with ProcessPoolExecutor(1) as elsewhere:  # so that this process has never held pixels
        files = elsewhere.submit(samples).result()
    Image.preinit()
    images.inspect(files["BMP"], slot="identity", authority="jma")
    # memory first, while nothing large has been in this process whose pages a fork could reuse
    bares = {kind: peak_mb(bare, data) for kind, data in files.items()}
    children = {kind: peak_mb(partial(decoded, kind.lower()), data) for kind, data in files.items()}
    callers = {kind: caller_mb(data) for kind, data in files.items()}
    print("4 MB file  warm ms  fresh ms  ours ms  /warm  /fresh  aim  bare MB  child MB  caller MB")
    for kind, data in files.items():
        warm_ms, fresh_ms, ours_ms = in_turns(data)
        times = f"{ours_ms / warm_ms:6.2f} {ours_ms / fresh_ms:7.2f} {AIMS[kind]:4.1f}"
        memory = f"{bares[kind]:8.1f} {children[kind]:9.1f} {callers[kind]:10.1f}"
        print(f"{kind:10} {warm_ms:7.1f} {fresh_ms:9.1f} {ours_ms:8.1f} {times} {memory}")


if __name__ == "__main__":
    main()
