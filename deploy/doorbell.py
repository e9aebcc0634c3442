"""The embedded broker: kombu's filesystem transport with whole messages only.

kombu writes a message in place while the reader takes files without a lock, so a reader may meet an empty file
and the worker dies of it (seen with kombu 5.7: JSONDecodeError under load). Here a message gets its name only
when it is complete, and one that cannot be read is dropped with a log line: the outbox's sweeper rings again.
"""

import json
import logging
import os
import time
import uuid
from pathlib import Path
from queue import Empty
from typing import Any

from kombu.transport import TRANSPORT_ALIASES, filesystem

log = logging.getLogger("inkan.doorbell")

SCHEME = "doorbell"


class Channel(filesystem.Channel):
    # kombu's own class contradicts its base in the second argument's name
    def _put(self, queue: str, payload: Any, **kwargs: Any) -> None:  # type: ignore[override]
        folder = Path(self.data_folder_out)
        name = f"{time.time_ns()}_{uuid.uuid4()}.{queue}.msg"
        unfinished = folder / f"{name}.part"
        unfinished.write_text(json.dumps(payload), encoding="utf-8")
        unfinished.rename(folder / name)

    def _get(self, queue: str, timeout: float | None = None) -> Any:
        ending = f".{queue}.msg"
        for name in sorted(os.listdir(self.data_folder_in)):
            if not name.endswith(ending):
                continue
            try:
                path = Path(self.data_folder_in) / name
                text = path.read_text(encoding="utf-8")
                path.unlink()
                return json.loads(text)
            except FileNotFoundError:
                continue
            except ValueError:
                log.warning("dropped a message that cannot be read: %s", name)
        raise Empty


class Transport(filesystem.Transport):
    Channel = Channel


TRANSPORT_ALIASES[SCHEME] = f"{__name__}:Transport"


def options(folder: Path) -> dict[str, Any]:
    """Transport options for the embedded broker; makes its folders (mode 0700)."""
    messages, control = folder / "messages", folder / "control"
    for place in (folder, messages, control):
        place.mkdir(mode=0o700, parents=True, exist_ok=True)
    return {
        "data_folder_in": str(messages),
        "data_folder_out": str(messages),
        "control_folder": str(control),
        "polling_interval": 0.2,
    }
