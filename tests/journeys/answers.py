"""What every demo person answers, page by page, where no story says otherwise (stories.py)."""

from datetime import date
from typing import Any

# Pages whose answers belong together: a story's own replace the common ones instead of standing beside them.
WHOLE = frozenset({"workplace", "membership"})


def common(slug: str, person: dict[str, Any]) -> dict[str, Any]:
    """Control name -> answer; what an authority does not ask for is not on its page."""
    today = date.today()
    family, given = person["kana"].split("\u3000")
    table: dict[str, dict[str, Any]] = {
        "qualification": {
            "hpki_card": "none",
            "qualification": person["qualification"],
            "authority": person["authority"],
        },
        "card-check": {"is_right": True},
        "names": {"family_kana": family, "given_kana": given, "manual": False},
        "other-name": {"kind": "none"},
        "home": {"postal_code": person["postal_code"]},
        "licence": {
            "registration_number": person["registration_number"],
            "registered_on": person["registration_date"],
        },
        "membership": {"member": "no"},
        "card-pin": {"pin": "8359", "again": "8359"},
        "workplace": {
            "has_workplace": "yes",
            "name": "見本総合診療所",
            "institution_code": "",
            "postal_code": "100-0014",
            "address": "東京都千代田区永田町９－９－９",
        },
        "delivery": {"phone": person["phone_number"], "send_to": "home", "pickup": "13"},
        "photo": {"taken_on": today.replace(day=1).isoformat(), "is_recent": True},
        "identity": {"kind": "driving_licence", "day_on_paper": f"{today.year + 3}-03-01"},
        "email": {"address": person["email"]},
        "consent": {"agree": True},
    }
    return table.get(slug, {})
