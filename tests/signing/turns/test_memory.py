"""Ten thousand signatures leave nothing behind: front and signer are as large after the last as after half of them."""

import pytest

from tests.bench.signing.works import Works
from tests.support.beside import megabytes

HALF = ((100, 30), (1, 2_000))  # hashes of an authorization, and how many: 5,000 signatures, 4,060 calls
MOST_GROWTH_MB = 5.0  # the signer remembers each item that it has signed: half a megabyte for 5,000 of them


@pytest.mark.requirement("SG-5")
def test_ten_thousand_signatures_leave_memory_as_it_was() -> None:
    with Works("memory", signers=8) as works:
        processes = {"front": works.hot.pid, "signer": works.signer.pid}

        def after_a_half() -> dict[str, float]:
            for hashes, pairs in HALF:
                told = works.measured(hashes=hashes, connections=8, warm=0, pairs=pairs)
                assert told.signatures >= hashes * pairs and not told.load["refused"]
            return {name: megabytes(pid) for name, pid in processes.items()}

        first, last = after_a_half(), after_a_half()
    grown = {name: last[name] - first[name] for name in processes}
    assert max(grown.values()) < MOST_GROWTH_MB, (first, last)
