"""Runs in the environment of a product beside it: cases for an officer's day, checked and waiting, oldest first.
`main` reads its word, once Django is set up:

    20             # so many cases of JMA; JSON: their receipt numbers, and a second examiner of JMA

The pictures are those of a demo person; the automatic checks have run.
"""

import json
import sys
from datetime import timedelta

from django.conf import settings

from deploy.demo import pictures
from enrollment import checks
from ledger import clock
from staff.models import Officer
from tests.support import cases

SECOND = {"username": "jma-examiner-2", "password": "a long demo password", "totp_secret": "K" * 32}
FILES = {"photo": "photo", "identity": "identity", "licence_front": "licence"}
MORE = {
    "photo": {"taken_on": "2026-11-01"},
    "identity": {"kind": "driving_licence", "day_on_paper": "2030-01-01"},
}


def main() -> None:
    count, at = int(sys.argv[1]), clock.now()
    folder = pictures.folder(settings.HOME, "doctor")
    drawn = {slot: (folder / f"{name}.jpg").read_bytes() for slot, name in FILES.items()}
    made = []
    for number in range(count):
        case = cases.submitted(
            at=at - timedelta(days=2 * (count - number)), pictures=drawn, answers={**cases.ANSWERS, **MORE}
        )
        checks.run_all(str(case.public_id))
        made.append(case.receipt_number)
    Officer.objects.create_officer(
        SECOND["username"],
        SECOND["password"],
        "日本医師会 審査者（2人目）",
        [("jma", "EXAMINER")],
        SECOND["totp_secret"],
    )
    print(json.dumps({"receipts": made, "officer": SECOND}), flush=True)
