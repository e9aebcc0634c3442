"""Every way the registration authority says no; the views turn the code into a sentence that says what to do."""


class Refused(Exception):
    """A refusal with a stable code, as in Refused("already_decided"); `detail` holds nothing personal."""

    def __init__(self, code: str, **detail: object) -> None:
        super().__init__(code)
        self.code = code
        self.detail = detail
