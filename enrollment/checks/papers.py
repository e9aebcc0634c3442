"""The files: that they are what was signed, what was measured in them, and whether another case has the same ones."""

from collections.abc import Iterator
from datetime import date

from django.db.models import Q

from enrollment import checklists, signed
from enrollment.checks.asking import FAIL, NOTICE, PASS, Away, Case, Result, Said, found, together
from enrollment.flow import State
from enrollment.models import Attachment
from enrollment.problems import gettext_noop as _
from enrollment.steps import file_hints
from ledger import clock
from vault import files

SLOTS = {
    "photo": _("顔写真"),
    "identity": _("身分証"),
    "licence_front": _("資格免許証（表）"),
    "licence_back": _("資格免許証（裏）"),
    "name_proof": _("併記する氏名の書類"),
    "licence_name_proof": _("改姓手続き中の書類"),
}


def intact(case: Case) -> Result:
    """What the officer sees is what was signed: digests of originals and of shown copies (decision 25).

    A file that is not there may be a file store that is away; one that is there and has changed is found at once.
    """
    try:
        changed = signed.changed_files(case.application, case.facts)
    except (files.FileMissing, OSError) as problem:
        raise Away(_("添付ファイルの保管場所から読み出せません。")) from problem
    except files.FileDamaged:
        return found(FAIL, _("保管している添付ファイルが壊れています。"))
    told = [
        (
            FAIL,
            Said(
                _("添付ファイル（%(slot)s）が署名されたものと異なります。"),
                {"slot": Said(SLOTS.get(slot, slot))},
            ),
        )
        for slot in dict.fromkeys(changed)
    ]
    if signed.erased(case.application):
        text = _("個人番号が写っていたため消去した添付ファイルがあります。修正を求めてください。")
        told.append((NOTICE, Said(text)))
    return together(told, _("すべての添付ファイルは署名されたものと同じです。"))


def identity_in_force(case: Case) -> Result:
    """The day that the signed statement names, at this hour: a paper may have run out while the case waited (PH-12)."""
    written = case.answer("identity", "day_on_paper")
    if not written or case.answer("identity", "kind") == "driving_history":  # that one names its day of issue
        return found(PASS, _("有効期限のある身分証ではありません。画像で確認してください。"))
    day = date.fromisoformat(written)
    if day < clock.today(case.at):
        return found(FAIL, _("身分証の有効期限（%(day)s）が過ぎています。"), day=written)
    return found(PASS, _("身分証は%(day)sまで有効です。"), day=written)


def measured(case: Case) -> Result:
    """What was measured in the pictures, with its figures; never a refusal (PH-07 to PH-10)."""
    return together(list(_measured(case)), _("画像に気になる点はありません。"))


def _measured(case: Case) -> Iterator[tuple[str, Said]]:
    declared = case.answer("photo", "taken_on")
    for row in Attachment.objects.filter(application=case.application).order_by("slot", "ordinal"):
        day = declared if row.slot == "photo" else ""
        seen = checklists.Seen(row.slot, row.warnings, row.measures, file_hints.shown_sides(row), day)
        slot = Said(SLOTS.get(row.slot, row.slot))
        for line in checklists.measured(seen):
            if line.outcome != checklists.CARE:
                continue
            said = {"slot": slot, "what": Said(line.what)}
            if line.figure:
                figure = Said(line.figure, line.values)
                yield NOTICE, Said(_("%(slot)s：%(what)s（%(figure)s）。"), {**said, "figure": figure})
            else:
                yield NOTICE, Said(_("%(slot)s：%(what)s。"), said)


def shared(case: Case) -> Result:
    """The same file in another person's case, of any authority, by the digest of the file and of its bare picture.

    The shown copy is encoded anew from the pixels, so a file whose record or name was changed still has its digest.
    No likeness is measured: passport photos of different people are too like each other for a hash of that kind.
    Told are slot and number only (RV-4).
    """
    told = []
    for row in Attachment.objects.filter(application=case.application).order_by("slot", "ordinal"):
        same = Q(original_sha256=bytes(row.original_sha256)) | Q(shown_sha256=bytes(row.shown_sha256))
        others = Attachment.objects.filter(same).exclude(application__applicant=case.application.applicant_id)
        number = others.exclude(application__state=State.DRAFT).values("application").distinct().count()
        if number:
            values = {"slot": Said(SLOTS.get(row.slot, row.slot)), "number": number}
            told.append(
                (NOTICE, Said(_("%(slot)s：同じ画像が、ほかの人の申請 %(number)s 件にあります。"), values))
            )
    return together(told, _("同じ画像が使われた、ほかの人の申請はありません。"))
