"""A browser in words that its owner recognises, for a person at another device (ST-26)."""

from django.utils.translation import gettext as _

SYSTEMS = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("CrOS", "ChromeOS"),
    ("Mac OS X", "Mac"),
    ("Linux", "Linux"),
)
PROGRAMS = (
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("Firefox/", "Firefox"),
    ("FxiOS", "Firefox"),
    ("CriOS", "Chrome"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
)


def in_words(user_agent: str) -> str:
    """「WindowsのEdge」. Only words of our own: nothing that the asking browser wrote itself."""
    system = next((name for mark, name in SYSTEMS if mark in user_agent), "")
    program = next((name for mark, name in PROGRAMS if mark in user_agent), "")
    if system and program:
        return _("%(system)sの%(program)s") % {"system": system, "program": program}
    return system or program or _("種類の分からないブラウザー")
