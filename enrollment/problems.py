"""What is wrong with one typed value or one file, for whoever must tell the person.

A problem carries a stable code, the Japanese sentence as a message id for gettext, and the measured values
that the sentence names. Pages translate `template` and fill in `values`; commands and logs take `str()`.
"""


def gettext_noop(text: str) -> str:
    """Mark a sentence for the catalogue; plain modules cannot import Django's own marker."""
    return text


class Problem(ValueError):
    """A value that cannot be taken. `code` is stable, `template % values` is the sentence to show."""

    def __init__(self, code: str, template: str, /, **values: str | int) -> None:
        self.code = code
        self.template = template
        self.values = values
        super().__init__(template % values if values else template)
