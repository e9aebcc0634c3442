"""How a file comes in: in memory, one per request, and no more of it than one byte above the limit (PH-06).

The request as a whole is bounded before (deploy.asgi, 6 MB; nginx in production).
"""

from io import BytesIO
from typing import Any

from django.core.files.uploadedfile import InMemoryUploadedFile
from django.core.files.uploadhandler import FileUploadHandler, SkipFile
from django.http import HttpRequest

from enrollment import images

MOST_KEPT = images.MOST_BYTES + 1  # the byte too many is what shows that the file is too large
SECOND_FILE = "inkan.second_file"


class BoundedFile(InMemoryUploadedFile):
    """An uploaded file, perhaps cut; `sent_size` is how large it was when it was sent, in bytes."""

    sent_size = 0


class OneBoundedFile(FileUploadHandler):
    """Keeps the first file's first MOST_KEPT bytes; the rest is read past, so that the page can answer."""

    def __init__(self, request: HttpRequest | None = None) -> None:
        super().__init__(request)
        self._parts: list[bytes] = []
        self._size = 0
        self._has_one = False

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        super().new_file(*args, **kwargs)
        if self._has_one:
            assert self.request is not None
            self.request.META[SECOND_FILE] = True
            raise SkipFile
        self._has_one = True

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        part = raw_data[: MOST_KEPT - self._size]
        if part:
            self._parts.append(part)
            self._size += len(part)

    def file_complete(self, file_size: int) -> BoundedFile:
        content = BytesIO(b"".join(self._parts))
        self._parts.clear()
        found = BoundedFile(
            content, self.field_name, self.file_name or "", self.content_type or "", self._size, self.charset
        )
        found.sent_size = file_size
        return found


def has_second_file(request: HttpRequest) -> bool:
    """Whether more than one file came with this request; only the first was read."""
    return bool(request.POST is not None and request.META.get(SECOND_FILE))
