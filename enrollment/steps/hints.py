"""What is said beside a name's field while it is typed, and what one tap would put there instead.

The page shows it after a round trip, the look-up while typing; nothing here refuses anything
(NM-08, NM-09, NM-13, RJ-35: listed, asked or offered).
"""

from typing import NamedTuple

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from enrollment import names
from enrollment.names import Field
from enrollment.problems import Problem

# What an officer should look at; stored with the answers, so that it is part of what is signed (RJ-39, NM-09, NM-14).
FLAGS = {
    "gaiji": gettext_lazy("カードの氏名に、字形のない文字（外字）がある"),
    "kana_differs": gettext_lazy("カタカナが、カードのフリガナと異なる"),
    "family_manual": gettext_lazy("姓のローマ字は手入力"),
    "given_manual": gettext_lazy("名のローマ字は手入力"),
    "printed_differs": gettext_lazy("印字する氏名が、カードの氏名と異体字の違いを超えて異なる"),
    "alias_differs": gettext_lazy("入力した通称名が、カードの通称名と異なる"),
    "not_japanese": gettext_lazy("カードの氏名がローマ字で、旧姓・旧名の併記を希望している"),
}


class Offer(NamedTuple):
    """A value that one tap puts into a field; `take` is what the button posts: "<field>:<value>"."""

    take: str
    label: str


class Hint(NamedTuple):
    text: str = ""
    offers: tuple[Offer, ...] = ()


NOTHING = Hint()


def beside(field: str, text: str, authority: str) -> Hint:
    """What stands beside this field while it holds this text."""
    text = text[:200]
    part: Field = "family" if field.startswith("family") else "given"
    if not text.strip():
        return NOTHING
    if field.endswith("_kana"):
        return _kana(field, text)
    if field.endswith("_typed"):
        return _romaji(field, text, part)
    return _printed(field, text, authority)


def _offer(field: str, value: str) -> Offer:
    return Offer(f"{field}:{value}", _("「%(value)s」にする") % {"value": value})


def _kana(field: str, text: str) -> Hint:
    apart = names.without_spaces(text)
    if apart:
        return Hint(
            _("空白の代わりに「・」で区切るか、続けて書けます。"), tuple(_offer(field, one) for one in apart)
        )
    small = names.with_small_letters(text)
    if not names.large_letters(text):
        return NOTHING
    sentence = _("小さい文字ではありませんか。「%(typed)s」のままでよければ、そのまま進めます。")
    return Hint(sentence % {"typed": text.strip()}, (_offer(field, small),))


def _romaji(field: str, text: str, part: Field) -> Hint:
    try:
        names.typed(text, part)
    except Problem as problem:
        cured = str(problem.values.get("cured", "")) or names.bare(text, part)
        if cured:
            return Hint(_("「%(cured)s」なら使えます。") % {"cured": cured}, (_offer(field, cured),))
    return NOTHING


def _printed(field: str, text: str, authority: str) -> Hint:
    listed = unprintable(text, authority)
    if not listed:
        return NOTHING
    instead = names.printable(text, authority)
    offers = (_offer(field, instead),) if instead else ()
    return Hint(_("カードに印字できない文字：%(listed)s") % {"listed": listed}, offers)


def unprintable(text: str, authority: str) -> str:
    """「2文字目「髙」、…」, or "" where everything can be printed (NM-08)."""
    return _("、").join(
        _("%(place)d文字目「%(letter)s」") % {"place": strange.position, "letter": strange.character}
        for strange in names.unprintable(text, authority)
    )
