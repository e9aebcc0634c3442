"""A phone's label, made from what its browser says of itself: a hint for its owner, proof of nothing (BD-06)."""

from datetime import datetime

from ledger import clock

# In this order: an iPad may call itself a Mac, an Android tablet leaves out "Mobile".
_KINDS = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("CrOS", "Chromebook"),
    ("Macintosh", "Mac"),
    ("Linux", "Linux"),
)


def kind(user_agent: str) -> str:
    """ "iPhone", "Android", ...; "端末" where nothing is recognised."""
    found = next((name for mark, name in _KINDS if mark in user_agent), "端末")
    return "Android タブレット" if found == "Android" and "Mobile" not in user_agent else found


def label(user_agent: str, at: datetime) -> str:
    """For example "iPhone 2026-11-20": what it is and the day in Japan when it was bound."""
    return f"{kind(user_agent)} {clock.today(at).isoformat()}"
