"""The English catalogue without GNU gettext: `python -m deploy.catalogue compile | update | missing`.

Japanese is the source language, so a message's id is the Japanese text and only `en` has a catalogue. Messages are
found in Python by Babel and in templates by Django's own templatize, which turns a template into marked text.
"""

import re
import sys
from collections.abc import Iterator
from datetime import datetime, timezone
from io import BytesIO

import django
from babel.messages import Catalog, Message
from babel.messages.extract import extract
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from django.conf import settings
from django.utils.translation.template import templatize

from deploy.environment import ROOT

LOCALE = ROOT / "locale"
CATALOGUE = LOCALE / "en" / "LC_MESSAGES" / "django.po"
APPS = ("deploy", "enrollment", "signing", "staff", "outbox", "ledger", "vault", "cards")
KEYWORDS = {
    "_": None,
    "gettext": None,
    "gettext_lazy": None,
    "lazy": None,
    "gettext_noop": None,
    "ngettext": (1, 2),
    "ngettext_lazy": (1, 2),
    "pgettext": ((1, "c"), 2),
    "pgettext_lazy": ((1, "c"), 2),
    "npgettext": ((1, "c"), 2, 3),
}
# Django's own words, which its Japanese and English catalogues already hold
JAPANESE = re.compile(r"[\u3001-\u301f\u3040-\u30ff\u3400-\u9fff\uff00-\uffef]")


def _sources() -> Iterator[tuple[str, bytes]]:
    for app in APPS:
        for path in sorted((ROOT / app).rglob("*.py")):
            if "migrations" not in path.parts:
                yield str(path.relative_to(ROOT)), path.read_bytes()
    for path in sorted((ROOT / "templates").rglob("*")):
        if path.suffix in (".html", ".txt"):
            marked = templatize(path.read_text(encoding="utf-8"), origin=str(path))
            yield str(path.relative_to(ROOT)), marked.encode()


def extracted() -> Catalog:
    """Every Japanese message of the code and the templates, with where it stands."""
    found = Catalog(locale="en", domain="django", charset="utf-8")
    for name, content in _sources():
        for line, message, comments, context in extract("python", BytesIO(content), KEYWORDS):
            first = message if isinstance(message, str) else message[0]
            if JAPANESE.search(first):
                found.add(message, locations=[(name, line)], auto_comments=comments, context=context)
    return found


def kept() -> Catalog:
    if not CATALOGUE.exists():
        return Catalog(locale="en", domain="django", charset="utf-8")
    with CATALOGUE.open("rb") as file:
        return read_po(file, locale="en", domain="django")


def update() -> None:
    """Brings new messages into the catalogue and drops those that are gone; translations stay."""
    catalogue = kept()
    catalogue.update(extracted(), no_fuzzy_matching=True)
    catalogue.obsolete.clear()
    catalogue.header_comment = (
        "# Inkan in English. `python -m deploy.catalogue update` brings new messages here."
    )
    catalogue.project, catalogue.version = "Inkan", "1"
    catalogue.fuzzy = False  # Babel marks the header of a new catalogue
    catalogue.last_translator = catalogue.language_team = catalogue.msgid_bugs_address = "Inkan"
    catalogue.creation_date = catalogue.revision_date = datetime(2026, 1, 1, tzinfo=timezone.utc)  # noqa: UP017
    CATALOGUE.parent.mkdir(parents=True, exist_ok=True)
    with CATALOGUE.open("wb") as file:
        write_po(file, catalogue, width=110, sort_output=True, include_lineno=False)


def _is_translated(message: Message | None) -> bool:
    if message is None or message.fuzzy:
        return False
    return all(message.string) if isinstance(message.string, (list, tuple)) else bool(message.string)


def missing() -> list[str]:
    """ "file: message" of everything that has no English."""
    catalogue = kept()
    return [
        f"{message.locations[0][0]}: {message.id if isinstance(message.id, str) else message.id[0]}"
        for message in extracted()
        if message.id and not _is_translated(catalogue.get(message.id, message.context))
    ]


def compile_all() -> None:
    """Each .po to its .mo, when the .mo is older."""
    for source in sorted(LOCALE.glob("*/LC_MESSAGES/*.po")):
        target = source.with_suffix(".mo")
        if target.exists() and target.stat().st_mtime >= source.stat().st_mtime:
            continue
        with source.open("rb") as file:
            catalogue = read_po(file)
        unfinished = target.with_suffix(".mo.part")
        with unfinished.open("wb") as file:
            write_mo(file, catalogue)
        unfinished.replace(target)


def main(verb: str) -> int:
    if verb == "compile":
        compile_all()
        return 0
    settings.configure(USE_I18N=True)
    django.setup()
    if verb == "update":
        update()
        return 0
    found = missing()
    for line in found[:40]:
        print(line)
    if found:
        print(
            f"{len(found)} messages have no English. `python -m deploy.catalogue update` writes them to {CATALOGUE}."
        )
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1] if len(sys.argv) > 1 else "missing"))
