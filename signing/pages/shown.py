"""A signature as the signer's pages show it."""

from django.utils.translation import gettext_lazy as _

from ledger import clock
from signing.models import SignatureRecord
from signing.pages import words
from signing.records import words as told

HIDDEN = _("内容は表示していません")
RESULTS = {"signed": _("署名済み"), "unknown": _("結果不明")}


def of(row: SignatureRecord, with_label: bool = True) -> dict[str, object]:
    record = told.of(row, with_label)
    return {
        **record._asdict(),
        "label": HIDDEN if record.label is None else record.label,
        "item": row.item.public_id,
        "made_at": row.made_at,
        "day": clock.today(row.made_at),
        "means_word": words.MEANS[record.means],
        "result_word": RESULTS[record.result],
        "is_signed": record.result == SignatureRecord.SIGNED,
    }
