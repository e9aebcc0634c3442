"""Every way the signing room says no.

Doors translate: the API into the standard's JSON, pages into a sentence.
"""


class Refused(Exception):
    """A refusal with a stable code, as in Refused("link_expired"); `detail` holds nothing personal."""

    def __init__(self, code: str, **detail: object) -> None:
        super().__init__(code)
        self.code = code
        self.detail = detail
