"""How the staff room says no; the desk's pages turn the code into a sentence."""


class Refused(Exception):
    """A refusal with a stable code, as in Refused("oneself")."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code
