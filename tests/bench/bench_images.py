"""CPU and memory of accepting a 4 MB picture, beside bare Pillow on the same file in the same run.

`python -m tests.bench.bench_images`. Ours is the whole way: structure, fork, decode, orientation, profile, shrink,
re-encode, digests and both trips between the processes. Bare is measured twice: in a process that is warm from the
round before, and in a fresh one each time, as ours must be. Aim (decision 28): 1.3 times bare for JPEG and PNG, 3 for
BMP, against the fresh one; the caller's own peak stays under 60 MB.
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

ROUNDS = 15
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
    raster.accept(kind, io.BytesIO(data), photo=False)


def ours(data: bytes) -> None:
    images.inspect(data, slot="identity", authority="jma")


def tree_cpu() -> float:
    """Seconds of this process, the zygote and its finished children."""
    fields = Path(f"/proc/{zygote.pid}/stat").read_text().rsplit(")", 1)[1].split()
    return time.process_time() + sum(int(field) for field in fields[11:15]) / TICKS


def cpu_ms(work: Callable[[bytes], None], data: bytes) -> float:
    work(data)
    begun = tree_cpu()
    for _ in range(ROUNDS):
        work(data)
    time.sleep(0.5)  # the zygote collects its children in rounds
    return (tree_cpu() - begun) * 1000 / ROUNDS


def fresh(work: Callable[[bytes], None], data: bytes) -> tuple[float, float]:
    """CPU milliseconds, and peak megabytes above an idle process, of one round in a process of its own."""
    spent, idle, peak = 0.0, 0.0, 0.0
    for number in range(ROUNDS + 1):
        child = os.fork()
        if child == 0:
            if number:
                work(data)
            os._exit(0)
        used = os.wait4(child, 0)[2]
        if number:
            spent += used.ru_utime + used.ru_stime
            peak = max(peak, used.ru_maxrss / 1024)
        else:
            idle = used.ru_maxrss / 1024
    return spent * 1000 / ROUNDS, peak - idle


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
    bares = {kind: fresh(bare, data) for kind, data in files.items()}
    children = {kind: fresh(partial(decoded, kind.lower()), data)[1] for kind, data in files.items()}
    callers = {kind: caller_mb(data) for kind, data in files.items()}
    print("4 MB file  warm ms  fresh ms  ours ms  /warm  /fresh  aim  bare MB  child MB  caller MB")
    for kind, data in files.items():
        fresh_ms, bare_mb = bares[kind]
        warm_ms, ours_ms = cpu_ms(bare, data), cpu_ms(ours, data)
        times = f"{ours_ms / warm_ms:6.2f} {ours_ms / fresh_ms:7.2f} {AIMS[kind]:4.1f}"
        memory = f"{bare_mb:8.1f} {children[kind]:9.1f} {callers[kind]:10.1f}"
        print(f"{kind:10} {warm_ms:7.1f} {fresh_ms:9.1f} {ours_ms:8.1f} {times} {memory}")


if __name__ == "__main__":
    main()
