"""What is left behind when the API says no: a ledger entry where the caller is known, else a log line and a count.

Only codes are written: nothing of what was sent (security.md threat 16; law 5).
"""

import logging
from collections import Counter
from datetime import datetime

from django.db import transaction

from ledger import log
from signing.api.callers import RequestScope, identify
from signing.errors import Refused
from signing.models import Credential

logger = logging.getLogger(__name__)

# (method, code) -> refusals by this process of callers that nobody knows
STRANGERS: Counter[tuple[str, str]] = Counter()


def note(method: str, scope: RequestScope, code: str, at: datetime) -> None:
    """Write the refusal down. Both names come from tables of ours. Never raises: the answer stands already."""
    try:
        caller = identify(scope, at)
        credential = Credential.objects.only("public_id", "authority").get(pk=caller.credential)
        with transaction.atomic():
            log.append(
                "signing.refused",
                actor=log.Actor("caller", caller.client_id),
                subject=str(credential.public_id),
                authority=credential.authority,
                data={"method": method, "code": code},
            )
    except Refused:
        stranger(method, code)
    except Exception:
        logger.exception("the refusal %s of %s could not be written down", code, method)


def stranger(method: str, code: str) -> None:
    """A refusal to somebody whom nobody knows: counted and logged, never a row."""
    STRANGERS[method, code] += 1
    logger.warning("%s refused to a stranger: %s", method, code)
