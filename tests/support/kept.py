"""Runs in the environment of a product beside it: what its rows hold of some applications, as ASCII JSON.

    product.tells("kept", receipt, …)      # {receipt: {"state", "answers", "statement", "cms", …}}

Texts come from the columns themselves (decrypted), so a test can compare them code point by code point.
"""

import json
import sys
from typing import Any

from enrollment.models import Application


def kept(receipt: str) -> dict[str, Any]:
    """State, answers per step, the newest signed statement with its CMS, and every file's two digests."""
    application = Application.objects.get(receipt_number=receipt)
    signed = application.statements.exclude(signed_at=None).latest("round")
    return {
        "state": application.state,
        "rounds": application.statements.exclude(signed_at=None).count(),
        "price": application.price,
        "answers": {row.step: row.data.get("values") for row in application.answers.all()},
        "statement": bytes(signed.content).decode("utf-8"),
        "cms": bytes(signed.cms or b"").hex(),
        "signer": bytes(signed.signature_certificate or b"").hex(),
        "files": {
            f"{row.slot}:{row.ordinal}": {
                "kind": row.kind,
                "original_sha256": bytes(row.original_sha256).hex(),
                "shown_sha256": bytes(row.shown_sha256).hex(),
            }
            for row in application.attachments.all()
        },
    }


def main() -> None:
    print(json.dumps({receipt: kept(receipt) for receipt in sys.argv[1:]}))
