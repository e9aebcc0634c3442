"""Keep an uploaded file: scanned, judged by content, original and shown copy encrypted, the replaced one erased.

Sources: PH-01 to PH-06, PH-10, PH-22, PH-23, PH-27, PH-28, PH-51; law 6. The original is never touched: a crop or a
turn is kept as parameters, and the shown copy is made from the original anew. Files go after the commit.
"""

from collections.abc import Sequence
from datetime import datetime
from functools import partial
from hashlib import sha256
from typing import Any, NamedTuple

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.db import transaction

from enrollment import authorities, drafts, images
from enrollment.applicants import accounts
from enrollment.errors import Refused
from enrollment.images import Crop, Picture
from enrollment.models import Application, Attachment
from enrollment.pictures import scanner
from enrollment.problems import Problem
from enrollment.problems import gettext_noop as _
from ledger import log
from ledger.clock import today
from vault import files

NAME_PAPERS = ("name_proof", "licence_name_proof")  # the same paper may serve both (PH-27)
MOST_FILES = 16  # per application: six slots, two of which may hold four
MOST_NAME = 100
MOST_BYTES_READ = images.MOST_BYTES + 1


class _Judged(NamedTuple):
    """A file that may be kept: its bytes, and what was made of them."""

    data: bytes
    name: str
    picture: Picture
    scan: str
    crop: dict[str, int] | None = None


def accept(application: Application, slot: str, given: "UploadedFile", at: datetime) -> Attachment:
    """Judge and keep one file; it replaces the slot's file, or joins it where the slot holds several.

    Raises Problem (the codes of `images`, file_duplicate, files_full, file_infected, scanner_unavailable) or
    Refused("not_now").
    """
    data = given.read(MOST_BYTES_READ)
    _require_open(application, slot, at)
    _require_new(application, slot, sha256(data).digest())
    scan = _scanned(application, slot, data)
    picture = images.inspect(data, slot=slot, authority=application.authority, on=today(at))
    return _keep(application, slot, [_Judged(data, _plain_name(given.name or ""), picture, scan)], at)[0]


def reuse(application: Application, slot: str, at: datetime) -> list[Attachment]:
    """「同じ書類を使う」: the other name paper's files here too, each with bytes of its own (PH-27).

    Raises as `accept`; nothing happens where the other paper has no file.
    """
    if slot not in NAME_PAPERS:
        raise Refused("not_now")
    _require_open(application, slot, at)
    judged = []
    for row in kept(application, other_paper(slot)):
        data, crop = _original(row), _crop_of(row)
        picture = images.inspect(data, slot=slot, authority=application.authority, on=today(at), crop=crop)
        judged.append(_Judged(data, row.given_name, picture, row.scan, row.crop))
    return _keep(application, slot, judged, at)


def other_paper(slot: str) -> str:
    """The other of the two name papers; "" for every other slot."""
    return NAME_PAPERS[1 - NAME_PAPERS.index(slot)] if slot in NAME_PAPERS else ""


def crop(row: Attachment, chosen: Crop | None, at: datetime) -> None:
    """Show only this part of the file, turned (PH-10); None shows all of it again. The original stays as it is.

    Raises PictureRefused (crop_outside, crop_too_small, …) or Refused("not_now").
    """
    slot, application = row.slot, row.application
    _require_open(application, slot, at)
    data = _original(row)
    picture = images.inspect(data, slot=slot, authority=application.authority, on=today(at), crop=chosen)
    shown = files.save(picture.shown_jpeg)
    try:
        with transaction.atomic():
            locked = drafts.lock(application)
            current = Attachment.objects.filter(pk=row.pk).first()
            if current is None:  # replaced or removed in another tab meanwhile
                raise Refused("not_now")
            transaction.on_commit(partial(files.erase, current.shown_file))
            current.shown_file, current.shown_sha256 = shown, picture.sha256_shown
            current.crop = chosen._asdict() if chosen else None
            current.warnings, current.measures = list(picture.warnings), _measures(picture)
            current.save(update_fields=["shown_file", "shown_sha256", "crop", "warnings", "measures"])
            drafts.forget_consent(locked)
    except BaseException:
        files.erase(shown)
        raise


def turn(row: Attachment, at: datetime) -> None:
    """A document by 90 degrees clockwise; raises as `crop`."""
    turned = ((row.crop or {}).get("turned", 0) + 90) % 360
    sides = (row.height, row.width) if turned in (90, 270) else (row.width, row.height)
    crop(row, Crop(0, 0, *sides, turned) if turned else None, at)


def whole(row: Attachment, turned: int, at: datetime) -> bytes:
    """All of the original as a picture, turned, to choose a part from; it is stored nowhere. Raises PictureRefused."""
    sides = (row.height, row.width) if turned in (90, 270) else (row.width, row.height)
    chosen = Crop(0, 0, *sides, turned) if turned else None
    authority = row.application.authority
    data = files.read(row.original_file)
    return images.inspect(data, slot=row.slot, authority=authority, on=today(at), crop=chosen).shown_jpeg


def remove(row: Attachment, at: datetime) -> None:
    """Take one file back; raises Refused("not_now") where the application or this file is closed."""
    _require_open(row.application, row.slot, at)
    with transaction.atomic():
        locked = drafts.lock(row.application)
        current = Attachment.objects.filter(pk=row.pk).first()
        if current is None:  # another tab was faster
            return
        _erase(current)
        drafts.forget_consent(locked)


def put_earlier(row: Attachment, at: datetime) -> None:
    """Change places with the picture before it (PH-51); the first one stays. Raises Refused("not_now")."""
    _require_open(row.application, row.slot, at)
    with transaction.atomic():
        locked = drafts.lock(row.application)
        rows = kept(locked, row.slot)
        here = [place for place, one in enumerate(rows) if one.pk == row.pk]
        if not here or here[0] == 0:  # gone, or first already: another tab was faster
            return
        before, row = rows[here[0] - 1 : here[0] + 1]
        places = (before.ordinal, row.ordinal)
        # through a free place: at no moment may two files stand in one (one_file_per_place)
        for pk, ordinal in ((row.pk, MOST_FILES), (before.pk, places[1]), (row.pk, places[0])):
            Attachment.objects.filter(pk=pk).update(ordinal=ordinal)
        drafts.forget_consent(locked)


def erase_all(application: Application) -> None:
    """Every file of an application that has ended."""
    for row in Attachment.objects.filter(application=application):
        _erase(row)


def kept(application: Application, slot: str) -> list[Attachment]:
    return list(Attachment.objects.filter(application=application, slot=slot).order_by("ordinal"))


def is_open(application: Application, slot: str, at: datetime) -> bool:
    """Whether this slot's file may be changed now: in a draft, or where its correction was asked for (ST-14)."""
    if application.state not in drafts.OPEN_STATES:
        return False
    opened = drafts.open_fields(application, drafts.load(application, at), at)
    return "file" not in drafts.locked_fields(opened, slot.replace("_", "-"), ("file",))


def _require_open(application: Application, slot: str, at: datetime) -> None:
    if not is_open(application, slot, at):
        raise Refused("not_now")


def _scanned(application: Application, slot: str, data: bytes) -> str:
    """The malware scanner's word, where the operator has one; what it finds is in the ledger, without a name."""
    if not 0 < len(data) <= images.MOST_BYTES:
        return ""  # refused for its size in a moment
    try:
        return scanner.scan(data, settings.INKAN_CLAMD)
    except scanner.Infected as found:
        with transaction.atomic():
            log.append(
                "file.infected",
                actor=accounts.actor(application.applicant),
                subject=str(application.public_id),
                authority=application.authority,
                data={"slot": slot, "signature": found.signature},
            )
        raise Problem(
            "file_infected",
            _(
                "このファイルからウイルスなどの不正なプログラムが見つかったため、保存しませんでした。"
                "お使いの機器をウイルス対策ソフトで確認し、撮影し直した画像を添付してください。ほかの入力はそのままです。"
            ),
        ) from found
    except scanner.ScannerUnavailable as problem:
        raise Problem(
            "scanner_unavailable",
            _(
                "いまファイルの安全確認ができないため、保存していません。数分待ってから、もう一度添付してください。"
                "ほかの入力はそのままです。"
            ),
        ) from problem


def _keep(application: Application, slot: str, judged: Sequence[_Judged], at: datetime) -> list[Attachment]:
    """Files first, rows last: a crash leaves at worst a file without a row."""
    saved: list[str] = []
    try:
        stored = []
        for one in judged:
            names = (files.save(one.data), files.save(one.picture.shown_jpeg))
            saved += names
            stored.append((one, names))
        with transaction.atomic():
            locked = drafts.lock(application)
            rows = []
            for one, names in stored:
                _require_new(locked, slot, one.picture.sha256_original)
                columns = _columns(one, names)
                rows.append(
                    Attachment.objects.create(
                        application=locked,
                        slot=slot,
                        ordinal=_make_room(locked, slot),
                        uploaded_at=at,
                        **columns,
                    )
                )
            drafts.forget_consent(locked)
    except BaseException:
        for name in saved:
            files.erase(name)
        raise
    return rows


def _columns(one: _Judged, names: tuple[str, str]) -> dict[str, Any]:
    picture = one.picture
    sides = (picture.width, picture.height)
    if one.crop and one.crop["turned"] in (90, 270):  # the row's sides are those of the upright original
        sides = (picture.height, picture.width)
    return {
        "given_name": one.name,
        "kind": picture.kind,
        "original_file": names[0],
        "original_sha256": picture.sha256_original,
        "shown_file": names[1],
        "shown_sha256": picture.sha256_shown,
        "width": sides[0],
        "height": sides[1],
        "warnings": list(picture.warnings),
        "measures": _measures(picture),
        "crop": one.crop,
        "scan": one.scan,
    }


def _measures(picture: Picture) -> dict[str, Any]:
    """What the hints rest on, with the sides of what is shown."""
    return {**picture.measures, "shown_width": picture.shown_width, "shown_height": picture.shown_height}


def _original(row: Attachment) -> bytes:
    """The bytes as they were given; raises Refused("not_now") where another tab has just taken the file back."""
    try:
        return files.read(row.original_file)
    except files.FileMissing:
        if Attachment.objects.filter(pk=row.pk).exists():
            raise
        raise Refused("not_now") from None


def _crop_of(row: Attachment) -> Crop | None:
    return Crop(**row.crop) if row.crop else None


def _require_new(application: Application, slot: str, digest: bytes) -> None:
    """PH-27: the same bytes in two slots are a mistake, except for the two name papers."""
    for row in Attachment.objects.filter(application=application, original_sha256=digest):
        same_slot = row.slot == slot
        if same_slot and authorities.most_files(application.authority, slot) == 1:
            continue  # the same file again replaces itself
        if slot in NAME_PAPERS and row.slot in NAME_PAPERS and not same_slot:
            continue
        if same_slot:
            raise Problem(
                "file_duplicate",
                _("同じ画像を、この欄にもう添付しています。別の画像を選ぶか、このままお進みください。"),
            )
        raise Problem(
            "file_duplicate",
            _("同じファイルが、ほかの欄にも添付されています。それぞれの欄に合う画像を添付してください。"),
        )


def _make_room(application: Application, slot: str) -> int:
    """The place of the new file: the slot's only place, or the next free one."""
    rows = kept(application, slot)
    most = authorities.most_files(application.authority, slot)
    if most == 1:
        for row in rows:
            _erase(row)
        return 0
    if len(rows) >= most or Attachment.objects.filter(application=application).count() >= MOST_FILES:
        raise Problem(
            "files_full",
            _("添付できるのは%(most)s枚までです。差し替えるときは、先に不要な画像を削除してください。"),
            most=most,
        )
    return max((row.ordinal for row in rows), default=-1) + 1


def _erase(row: Attachment) -> None:
    """The row now, its files after the commit: a rollback keeps both."""
    names = (row.original_file, row.shown_file)
    row.delete()
    for name in names:
        transaction.on_commit(partial(files.erase, name))


def _plain_name(name: str) -> str:
    """The given name as text only (PH-28)."""
    return "".join(letter for letter in name if letter.isprintable())[:MOST_NAME]
