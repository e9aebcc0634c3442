"""A revocation list of 100,000 entries and OCSP answers made ahead, beside one RSA-2048 signature of openssl.

`python -m tests.bench.bench_status` (ENTRIES=100000, ANSWERS=2000). A real authorities' instance signs; the rows are
read from a real PostgreSQL. Yardsticks of the same run: `openssl speed rsa2048`, and `openssl crl -verify`-like
reading of the same list. The aim of the list is the issue's: bounded memory and time; of the answers, that signing and
not our own code is what costs (answers hold two signatures per certificate).
"""

import os
import subprocess
import sys
import tempfile

os.environ["TEST_DATABASE"] = "sqlite"  # the run's own server is not needed: this one starts its own
os.environ["DJANGO_SETTINGS_MODULE"] = "deploy.settings"
os.environ["INKAN_ENV"] = "demo"
os.environ["INKAN_HOME"] = tempfile.mkdtemp(prefix="inkan-bench-", dir="/tmp")

from tests.support import services

MEASURE = "import django; django.setup(); from tests.bench import status; status.main()"


def main() -> None:
    server = services.PostgreSQL(services.RUN / "bench-status")
    os.environ["DATABASE_URL"] = server.new_database("status")
    signer = subprocess.Popen(
        [sys.executable, "-m", "signing.signer", "--role", "authorities"], stdout=subprocess.PIPE, text=True
    )
    assert signer.stdout is not None
    with signer.stdout as output:
        output.readline()
    try:
        subprocess.run([sys.executable, "-c", MEASURE], check=True)
    finally:
        signer.terminate()
        signer.wait(10)


if __name__ == "__main__":
    main()
