"""Which outbox kind goes to which handler (decision 3). Every handler is idempotent and takes a public id."""

from collections.abc import Callable

from outbox import mails

HANDLERS: dict[str, Callable[[str], None]] = {
    "outbox.mail": mails.deliver,
}
