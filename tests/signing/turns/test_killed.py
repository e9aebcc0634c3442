"""Processes killed at full load: no acknowledged signature is missing, and service goes on by itself."""

from pathlib import Path

import pytest

from tests.bench.signing import killed
from tests.bench.signing.works import Works


@pytest.mark.chaos
def test_no_acknowledged_signature_is_missing_after_a_kill(tmp_path: Path) -> None:
    with Works("killed", signers=8) as works:
        for part in killed.PARTS:
            found = killed.run(works, part, tmp_path)
            assert found.missing == 0, (part, found)
            assert found.acknowledged > 0 and found.after > 0, (part, found)
        assert killed.log_is_sound(works)
