"""The English catalogue: nothing is left in Japanese, and every value finds its place in both languages."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence

from babel.messages import Catalog, Message

from deploy import catalogue

# %(name)s, %d, {name}, a tag, an HTML entity: what a translation must hand on unchanged
KEPT = re.compile(r"%\(\w+\)[a-z]|%[a-z](?!\w)|\{\w*\}|</?[a-zA-Z][^>]*>|&\w+;")


def _forms(text: object) -> list[str]:
    return list(text) if isinstance(text, Sequence) and not isinstance(text, str) else [str(text)]


def _translated(messages: Catalog) -> Iterator[Message]:
    return (message for message in messages if message.id)


def disagreements(messages: Catalog) -> list[str]:
    """Messages whose English lost, added or changed a placeholder, a tag or a line break."""
    found = []
    for message in _translated(messages):
        expected = _marks(_forms(message.id)[0])
        if any(_marks(english) != expected for english in _forms(message.string)):
            found.append(_forms(message.id)[0])
    return found


def _marks(text: str) -> Counter[str]:
    return Counter([*KEPT.findall(text), *re.findall("\n", text)])


def test_every_message_has_its_english() -> None:
    assert catalogue.missing() == []


def test_placeholders_tags_and_lines_are_the_same_in_both_languages() -> None:
    assert disagreements(catalogue.kept()) == []


def test_a_lost_placeholder_would_be_seen() -> None:
    wrong = Catalog(locale="en")
    wrong.add("あと%(left)s回", "Left: %(letf)s")
    wrong.add(("%(n)d件", "%(n)d件"), ("one", "%(n)d items"))
    wrong.add("%(n)d件です。", "%(n)d items.")
    assert disagreements(wrong) == ["あと%(left)s回", "%(n)d件"]


def test_no_translation_is_a_guess() -> None:
    assert [message.id for message in _translated(catalogue.kept()) if message.fuzzy] == []


def test_no_message_stayed_japanese() -> None:
    assert [
        message.id
        for message in _translated(catalogue.kept())
        for english in _forms(message.string)
        if catalogue.JAPANESE.search(english) and not re.search("[A-Za-z0-9]", english)
    ] == []
