"""Kana and romaji of a changed name, by the rules of ⑥ (RJ, NM-10 to NM-14)."""

from enrollment.steps import names


class Form(names.Form):
    """The card's own characters go into the certificate and nothing is printed, so no 券面表記 is asked for (NM-08)."""

    template = "enrollment/new_name.html"

    def _asks_printed_name(self) -> bool:
        return False
