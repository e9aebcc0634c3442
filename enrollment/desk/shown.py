"""What the officer sees of a case: the signed statement, word for word, and the pictures it names (RV-2)."""

from collections.abc import Mapping
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from enrollment import flow, signed, statement
from enrollment.models import Application, Attachment, ErasedFile
from enrollment.steps import file_hints
from enrollment.steps.question import Words
from enrollment.views import summary

SLOTS = {
    "photo": gettext_lazy("顔写真"),
    "identity": gettext_lazy("身分証"),
    "licence_front": gettext_lazy("資格免許証（表）"),
    "licence_back": gettext_lazy("資格免許証（裏）"),
    "name_proof": gettext_lazy("併記する氏名の書類"),
    "licence_name_proof": gettext_lazy("改姓手続き中の書類"),
}
EVENTS = {
    "begin": gettext_lazy("申請を始めた"),
    "submit": gettext_lazy("提出した"),
    "claim": gettext_lazy("審査を始めた"),
    "release": gettext_lazy("審査待ちに戻した"),
    "return_to_applicant": gettext_lazy("修正を求めた"),
    "file_erased": gettext_lazy("個人番号が写っていたため、画像を消去した"),
    "recommend": gettext_lazy("承認を推薦した"),
    "send_back": gettext_lazy("審査をやり直すことにした"),
    "reject": gettext_lazy("不承認にした"),
    "approve": gettext_lazy("承認した"),
    "take_back": gettext_lazy("承認を取り消した"),
    "order": gettext_lazy("証明書の発行を依頼した"),
    "deliver": gettext_lazy("証明書を発行し、申請者に知らせた"),
    "withdraw": gettext_lazy("取り下げた"),
    "lapse": gettext_lazy("期限までに修正されなかった"),
    "phone_bound": gettext_lazy("申請者がスマートフォンを登録した"),
    "link_locked": gettext_lazy("登録用のURLが停止された"),
    "link_expired": gettext_lazy("登録用のURLの期限が過ぎた"),
    "link_sent_again": gettext_lazy("登録用のURLを再発行した"),
    "card_notified": gettext_lazy("HPKIカードの交付案内を送付した"),
    "card_received": gettext_lazy("HPKIカードが受け取られた"),
    "card_shipped": gettext_lazy("HPKIカードを発送した"),
    "card_ended": gettext_lazy("証明書の失効により、HPKIカードの発行を取りやめた"),
    "erased": gettext_lazy("保存期間が過ぎたため、入力内容と画像を消去した"),
    "draft_reminder": gettext_lazy("下書きの消去を予告した"),
    "return_reminder": gettext_lazy("修正の期限を予告した"),
    "issuance_stopped": gettext_lazy("電子証明書の発行が止まっています（運用者の確認待ち）"),
}
VERDICTS = {
    "recommended": EVENTS["recommend"],
    "sent_back": EVENTS["send_back"],
    "approved": EVENTS["approve"],
    "taken_back": EVENTS["take_back"],
    "returned": EVENTS["return_to_applicant"],
    "rejected": EVENTS["reject"],
}
# Asked of the reader or the machine, not of the applicant: nothing to be corrected there.
NOT_CORRECTED = ("card", "card-check", "qualification", "email-code")


def _signed(case: Application, turn: int) -> Mapping[str, Mapping[str, Any]]:
    for row in case.statements.all():  # fetched with the case (desk.access), so once for the whole screen
        if row.round == turn and row.signed_at is not None:
            answers: Mapping[str, Mapping[str, Any]] = statement.read(row.content)["answers"]
            return answers
    return {}


def person(case: Application) -> str:
    """The name that was read from the card and signed; "" before there is a signed statement."""
    return str(_signed(case, case.round).get("card", {}).get("name", ""))


def groups(case: Application) -> list[dict[str, Any]]:
    """One group per step, in the applicant's own order; rows that changed since the round before are marked."""
    now, before = _signed(case, case.round), _signed(case, case.round - 1)
    found = []
    for step in flow.ASKED:
        rows: list[dict[str, Any]] = [*summary.rows(step.slug, now.get(step.slug, {}))]
        former = {row["term"]: row["value"] for row in summary.rows(step.slug, before.get(step.slug, {}))}
        for row in rows:
            row["changed"] = bool(before) and former.get(row["term"]) != row["value"]
        if rows:
            found.append({"title": _(step.title), "rows": rows})
    return found


def pictures(case: Application, *, may_erase: bool) -> list[dict[str, Any]]:
    """Every document with its address, size and what it is; the face and the paper that proves it come first.

    What an officer has erased keeps its place, with by whom and when (PH-13).
    """
    order = {slot: place for place, slot in enumerate(SLOTS)}
    rows: list[Attachment | ErasedFile] = [*Attachment.objects.filter(application=case), *signed.erased(case)]
    found: list[dict[str, Any]] = []
    for row in sorted(rows, key=lambda row: (order.get(row.slot, len(order)), row.ordinal)):
        name = str(SLOTS.get(row.slot, row.slot))
        if isinstance(row, ErasedFile):
            found.append({"name": name, "erased": row})
            continue
        ids = [case.public_id, row.public_id]
        found.append(
            {
                "name": name,
                "url": reverse("admin:enrollment_case_file", args=ids),
                "facts": _facts(row),
                "erase": reverse("admin:enrollment_case_file_erase", args=ids) if may_erase else "",
            }
        )
    return found


def erased_names(case: Application) -> list[str]:
    """What is missing because it was erased, each once."""
    return list(dict.fromkeys(str(SLOTS.get(row.slot, row.slot)) for row in signed.erased(case)))


def _facts(row: Attachment) -> str:
    """What the applicant sent, and which part of it is shown."""
    sent = f"{row.kind.upper()} {row.width}×{row.height}"
    if row.crop is None:
        return sent
    width, height = file_hints.shown_sides(row)
    if row.slot == "photo":
        return _("%(sent)s（申請者が%(width)s×%(height)sに切り抜き）") % {
            "sent": sent,
            "width": width,
            "height": height,
        }
    return _("%(sent)s（申請者が右に%(turned)s度回転）") % {"sent": sent, "turned": row.crop["turned"]}


def places(case: Application) -> list[tuple[str, str, Words]]:
    """What may be returned for correction: (step, field, label). A file's step is its slot's."""
    answers = _signed(case, case.round)
    found: list[tuple[str, str, Words]] = [
        (step.slug, line.key, line.term)
        for step in flow.ASKED
        if step.slug in answers and step.slug not in NOT_CORRECTED
        for line in summary.LINES.get(step.slug, ())
        if line.key in answers[step.slug] and line.key not in ("warnings", "flags")
    ]
    slots = {*Attachment.objects.filter(application=case).values_list("slot", flat=True)} | erased_slots(case)
    return found + [(slot.replace("_", "-"), "", SLOTS.get(slot, slot)) for slot in sorted(slots)]


def erased_slots(case: Application) -> frozenset[str]:
    return frozenset(row.slot for row in signed.erased(case))


def notes(case: Application) -> list[dict[str, Any]]:
    """Every officer's word on the case so far, oldest first."""
    return [
        {
            "at": row.decided_at,
            "officer": str(row.officer),
            "title": str(VERDICTS.get(row.verdict, row.verdict)),
            "note": row.note,
        }
        for row in case.decisions.select_related("officer").order_by("pk")
    ]


def timeline(case: Application) -> list[dict[str, Any]]:
    return [
        {"at": entry.happened_at, "title": str(EVENTS.get(entry.kind, entry.kind))}
        for entry in case.timeline.order_by("happened_at", "pk")
    ]
