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


def is_phone(user_agent: str) -> bool:
    """Or a tablet: what carries an authenticator of its own."""
    return kind(user_agent).startswith(("iPhone", "iPad", "Android"))


# Who keeps the key, by AAGUID: a hint too, for nobody attests it (ux.md section 5.1).
_KEEPERS = {
    "fbfc3007-154e-4ecc-8c0b-6e020557d7bd": "iCloud キーチェーン",
    "ea9b8d66-4d01-1d21-3ce4-b6b48cb575d4": "Google パスワードマネージャー",
    "53414d53-554e-4700-0000-000000000000": "Samsung Pass",
    "08987058-cadc-4b81-b6e1-30de50dcbe96": "Windows Hello",
    "9ddd1817-af5a-4672-a2b9-3e3dd95000a9": "Windows Hello",
    "6028b017-b1d4-4c02-b4b3-afcdafc96bb2": "Windows Hello",
    "bada5566-a7aa-401f-bd96-45619a55120d": "1Password",
    "d548826e-79b4-db40-a3d8-11116f7e8349": "Bitwarden",
}


def label(user_agent: str, at: datetime, aaguid: str = "") -> str:
    """For example "iPhone（iCloud キーチェーン）2026-11-20": what it is, and the day in Japan when it was bound."""
    keeper = _KEEPERS.get(aaguid, "")
    named = f"{kind(user_agent)}（{keeper}）" if keeper else f"{kind(user_agent)} "
    return f"{named}{clock.today(at).isoformat()}"
