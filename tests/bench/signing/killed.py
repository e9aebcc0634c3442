"""One part killed (SIGKILL, `pg_ctl -m immediate`) at full load; what was acknowledged is looked for in the rows."""

import base64
import json
import subprocess
import sys
import time
from pathlib import Path
from typing import NamedTuple

import psycopg

from tests.bench.signing.works import Works

PARTS = ("hot", "signer", "postgresql")
_MISSING = """
SELECT count(*) FROM unnest(%s::bytea[]) AS acknowledged (digest)
WHERE NOT EXISTS (
    SELECT 1 FROM signing_signaturerecord record
    JOIN ledger_entry entry ON entry.shard = record.log_shard AND entry.number = record.log_number
    JOIN signing_activationitem item ON item.id = record.item_id AND item.state = 'signed'
    WHERE record.digest = acknowledged.digest AND entry.kind = 'signing.signed'
)
"""


class Killed(NamedTuple):
    """`refused`: calls that were told to come again."""

    acknowledged: int
    missing: int
    refused: int
    after: int


def run(works: Works, part: str, folder: Path, *, seconds: float = 3.0, hashes: int = 1) -> Killed:
    """Load for `seconds` around one kill, then what is missing. `after`: signatures once it was back."""
    file = folder / "acknowledged"
    load = works.load(hashes=hashes, warm=0.5, seconds=seconds, acknowledged=str(file))
    assert load.stdout is not None
    load.stdout.readline()
    time.sleep(seconds / 3)
    works.kills(part)
    told = json.loads(load.stdout.readline())
    load.kill()
    load.communicate()
    digests = [base64.b64decode(line) for line in file.read_text("ascii").split()]
    with psycopg.connect(works.env["DATABASE_URL"], autocommit=True) as connection:
        connection.execute("CREATE INDEX IF NOT EXISTS bench_digest ON signing_signaturerecord (digest)")
        found = connection.execute(_MISSING, [digests]).fetchone()
    assert found is not None
    after = works.measured(seconds=1.0, warm=1.0)
    return Killed(len(digests), int(found[0]), sum(told["refused"].values()), after.signatures)


def log_is_sound(works: Works) -> bool:
    """`manage.py audit verify` on what is left."""
    done = subprocess.run(
        [sys.executable, "manage.py", "audit", "verify"],
        env=works.env,
        capture_output=True,
        text=True,
        check=False,
    )
    return bool(json.loads(done.stdout)["ok"])
