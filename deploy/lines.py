"""One line of the log, without what opens something: a registration link's address is a secret (threat 3, law 5).

Django logs the path of each refused request, and most refusals of `/r/<token>/` stand before a link that still lives;
an officer's invitation (`/admin/join/<token>/`) that another browser has begun lives, too, and so does a QR code that
is on some screen (`/…/qr/read/<token>/`).
"""

import logging
import re

# long enough for every token of ours and nothing that a person would name
_LINK = re.compile(r"(/r/|/admin/join/|/qr/read/)[A-Za-z0-9_-]{20,}")


class Line(logging.Formatter):
    """`logging.Formatter` whose result, traceback included, names no link."""

    def format(self, record: logging.LogRecord) -> str:
        return _LINK.sub(r"\1...", super().format(record))
