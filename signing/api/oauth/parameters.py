"""The fields of a request, each once, in bounds (RFC 6749 sections 3.1, 3.2 and appendix A). Plain."""

from collections.abc import Iterable

from signing.api.oauth.wanted import is_printable

LONGEST_VALUE = 2048
# Only a body can hold them whole: an address ends long before (some 40 hashes in the query form of CSC 1.0.4).
_LONGEST = {"authorization_details": 262_144, "hash": 65_536, "hashes": 65_536, "request": 65_536}
_FOR_PEOPLE = {"description", "clientData"}  # may be Japanese
_JSON = "authorization_details"  # judged by its reader, line breaks and all
_SECRETS = {"client_secret", "client_assertion", "client_assertion_type"}
Fields = Iterable[tuple[str, list[str]]]


class Malformed(Exception):
    """Values that no header and no column may carry, or far too long ones."""


class Twice(Exception):
    """A parameter stands twice: which one counts would depend on the reader."""


def read(fields: Fields, *, once: bool = True) -> dict[str, str]:
    """Name to value. What is empty counts as left out (RFC 6749 section 3.1), except an address to go to.

    Raises Malformed, and Twice where `once`.
    """
    found: dict[str, str] = {}
    twice = False
    for name, values in fields:
        longest = _LONGEST.get(name, LONGEST_VALUE)
        plain = is_printable if name in _FOR_PEOPLE else is_plain
        if not is_plain(name) or any(len(each) > longest for each in values):
            raise Malformed
        if name != _JSON and not all(plain(each) for each in values):
            raise Malformed
        twice = twice or len(values) > 1
        if values and (values[0] or name == "redirect_uri"):
            found[name] = values[0]
    if twice and once:
        raise Twice
    return found


def without_secrets(fields: dict[str, str]) -> dict[str, str]:
    return {name: value for name, value in fields.items() if name not in _SECRETS}


def is_plain(value: str) -> bool:
    """VSCHAR and blank (RFC 6749 appendix A): what may stand in a Location header and in PostgreSQL."""
    return value.isascii() and value.isprintable()
