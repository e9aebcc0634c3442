"""The timetable of the API's short-lived rows and of what a certificate leaves behind (decision 31).

Signatures, sessions, authenticators and credentials themselves stay: the signer reads them at /me/, and they name
people by public ids and the 本人ID only. Challenges are gone after ten minutes (`ceremonies.forget_overdue`).
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Exists, OuterRef, QuerySet

from ledger import clock
from ledger.erasure import Erased, Rule
from signing.flow import Item
from signing.models import (
    AccessToken,
    Activation,
    ActivationItem,
    Approval,
    AuthorizationCode,
    Credential,
    DailyUse,
    IssuanceIntent,
    SadMark,
)
from signing.records import left_behind, usage

DAY = timedelta(days=1)  # a late or repeated use is still told from an unknown one (RFC 6749 section 4.1.2)
YEARS = 10
TRIED = (Item.RESERVED, Item.SIGNED, Item.FAILED)


def _tokens(at: datetime) -> QuerySet[AccessToken]:
    return AccessToken.objects.filter(expires_at__lte=at - DAY)


def _codes(at: datetime) -> QuerySet[AuthorizationCode]:
    """A code that is redeemed twice ends its tokens, so it lives as long as they do."""
    living = AccessToken.objects.filter(code=OuterRef("pk"))
    return AuthorizationCode.objects.filter(~Exists(living), expires_at__lte=at - DAY)


def _sads(at: datetime, **keys: Any) -> QuerySet[Activation]:
    """Authorisations under which nothing was ever asked of the signer; the others belong to the signature's record."""
    tried = ActivationItem.objects.filter(activation=OuterRef("pk"), state__in=TRIED)
    return Activation.objects.filter(~Exists(tried), expires_at__lte=at - DAY, **keys)


def _approvals(at: datetime) -> QuerySet[Approval]:
    """What came to nothing: nobody approved, or nothing was signed under it. The others are a signature's proof."""
    return Approval.objects.filter(activation=None, expires_at__lte=at - DAY)


def _certificates(at: datetime) -> QuerySet[Credential]:
    day = clock.civil_months_later(clock.today(at), -12 * YEARS)
    return Credential.objects.filter(
        certificate__isnull=False, not_after__lt=clock.end_of_day(day) - timedelta(days=4)
    )


def _counts(at: datetime) -> QuerySet[DailyUse]:
    return DailyUse.objects.filter(day__lt=clock.today(at) - timedelta(days=usage.KEPT))


def _keys(rows: QuerySet[Any], most: int) -> list[int]:
    return list(rows.order_by("pk").values_list("pk", flat=True)[:most])


def _delete(rows: QuerySet[Any], keys: Sequence[int], name: str) -> Erased | None:
    count = rows.filter(pk__in=keys).delete()[1].get(rows.model._meta.label, 0)
    return Erased(name, {"count": count}) if count else None


def old_tokens(at: datetime, most: int) -> list[int]:
    return _keys(_tokens(at), most)


def erase_tokens(keys: Sequence[int], at: datetime) -> Erased | None:
    return _delete(_tokens(at), keys, "access_token")


def old_codes(at: datetime, most: int) -> list[int]:
    return _keys(_codes(at), most)


def erase_codes(keys: Sequence[int], at: datetime) -> Erased | None:
    return _delete(_codes(at), keys, "authorization_code")


def unused_sads(at: datetime, most: int) -> list[int]:
    """Read by their keys, from where all before were used, for nobody looks at a year's SADs each hour.

    Behind the first one that is not over for a day there is nothing to find yet.
    """
    start, is_kept = left_behind.mark().kept, True
    keys: list[int] = []
    for _step in range(left_behind.MOST_STEPS):
        end = left_behind.end_of_step(start)
        if end is None or len(keys) == most:
            break
        keys += _keys(_sads(at, pk__gt=start, pk__lte=end), most - len(keys))
        over = left_behind.last_over(start, end, at - DAY)
        is_kept = is_kept and not keys
        if is_kept:
            SadMark.objects.filter(pk=1, kept__lt=over).update(kept=over)
        if over != end:
            break
        start = end
    return keys


def erase_sads(keys: Sequence[int], at: datetime) -> Erased | None:
    return _delete(_sads(at), keys, "activation")


def old_counts(at: datetime, most: int) -> list[int]:
    return _keys(_counts(at), most)


def erase_counts(keys: Sequence[int], at: datetime) -> Erased | None:
    return _delete(_counts(at), keys, "daily_use")


def empty_approvals(at: datetime, most: int) -> list[int]:
    return _keys(_approvals(at), most)


def erase_approvals(keys: Sequence[int], at: datetime) -> Erased | None:
    return _delete(_approvals(at), keys, "approval")


def old_certificates(at: datetime, most: int) -> list[int]:
    return _keys(_certificates(at), most)


def erase_certificate(keys: Sequence[int], at: datetime) -> Erased | None:
    """Name, birth date and key of one certificate; that there was one, and its serial number, stays."""
    credential = _certificates(at).filter(pk__in=keys).first()
    if credential is None:
        return None
    IssuanceIntent.objects.filter(credential=credential).update(subject={}, to_be_signed=None)
    Credential.objects.filter(pk=credential.pk).update(certificate=None, wrapped_key=None)
    return Erased(str(credential.public_id), {"serial": credential.serial or ""}, credential.authority)


TIMETABLE: tuple[Rule, ...] = (
    Rule(
        "access_token",
        what="電子カルテなどに渡した接続の許可（照合用の値）",
        after="有効期限",
        period="1日",
        remains="監査記録",
        source="RFC 6749 sections 4.1.2, 10.3",
        due=old_tokens,
        erase=erase_tokens,
    ),
    Rule(
        "authorization_code",
        what="接続の許可に使った確認コード（照合用の値）",
        after="有効期限、およびそのコードで渡した許可の消去",
        period="1日",
        remains="監査記録",
        source="RFC 6749 section 4.1.2",
        due=old_codes,
        erase=erase_codes,
    ),
    Rule(
        "activation",
        what="使われなかった署名の許可（文書のハッシュ値）",
        after="有効期限",
        period="1日",
        remains="監査記録",
        source="decision 12",
        due=unused_sads,
        erase=erase_sads,
    ),
    Rule(
        "daily_use",
        what="1日ごとの署名の件数（いつもと違う使い方を見つけるため）",
        after="その日",
        period=f"{usage.KEPT}日",
        remains="署名の記録",
        source="issue 5 point 6",
        due=old_counts,
        erase=erase_counts,
    ),
    Rule(
        "approval",
        what="署名に至らなかった承認の依頼（文書のハッシュ値）",
        after="依頼の期限",
        period="1日",
        remains="監査記録",
        source="issue 5, point 3",
        due=empty_approvals,
        erase=erase_approvals,
    ),
    Rule(
        "certificate",
        what="電子証明書と暗号化した秘密鍵",
        after="電子証明書の有効期間の満了",
        period="10年",
        remains="証明書の番号、署名の記録",
        source="decision 31; 電子署名法施行規則 12条2項 as domain.md 6.4 reads it",
        due=old_certificates,
        erase=erase_certificate,
        batch=1,
    ),
)
