"""Keys that the signer process holds open for the day, by handle: opened once, not for each signature (decision 17)."""

import threading
from datetime import datetime

from signing.models import Credential
from signing.signer import client

_MOST = 50_000  # handles remembered by one process; beyond that the oldest is opened anew


class KeyRefused(Exception):
    """The signer would not open the key; nothing was signed."""


_lock = threading.Lock()
_open: dict[int, tuple[bytes, datetime]] = {}


def handle(credential: Credential, until: datetime) -> bytes:
    """The handle of the credential's key, good until that moment at least.

    Raises KeyRefused and client.SignerUnavailable.
    """
    kept = _open.get(credential.pk)
    if kept is not None and kept[1] >= until:
        return kept[0]
    try:
        answer = client.signers().open([(bytes(credential.wrapped_key or b""), until)])[0]
    except client.OutcomeUnknown as problem:  # opening signs nothing, so nothing is uncertain
        raise client.SignerUnavailable("no reply while opening a key") from problem
    except client.Declined as problem:
        raise KeyRefused(problem.code) from problem
    if not isinstance(answer, client.Opened):
        raise KeyRefused(answer.reason)
    with _lock:
        while len(_open) >= _MOST:
            _open.pop(next(iter(_open)))
        _open[credential.pk] = (answer.handle, until)
    return answer.handle


def forget(credential: Credential) -> None:
    """The signer does not know the handle any more."""
    with _lock:
        _open.pop(credential.pk, None)
