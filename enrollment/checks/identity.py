"""Who signed: the signature at this hour, its certificate's name, how long the certificates last, the age.

Sources: ST-10, NM-06, NM-07, BD-03, decision 27.
"""

from datetime import datetime, timedelta

from cards import cms, jpki, profile
from enrollment import days, names
from enrollment.applicants import readings
from enrollment.checks.asking import FAIL, NOTICE, PASS, Away, Case, Result, Said, found, together
from enrollment.models import ApplicantCertificate
from enrollment.problems import gettext_noop as _
from ledger import clock

NEAR = timedelta(days=90)  # of a certificate's end; the renewal reminder's days (ST-36)
YOUNGEST, USUAL, OLDEST = 18, 22, 100


def signature(case: Case) -> Result:
    """The CMS holds over the frozen bytes, and the certificate is valid at this hour (ST-10)."""
    try:
        certificate = cms.verify(bytes(case.row.cms or b""), case.row.content)
    except cms.CmsError:
        return found(FAIL, _("電子署名が、署名された申請内容と合いません。"))
    result = _verified(certificate, case.at)
    if result.outcome is jpki.Outcome.VALID:
        return found(PASS, _("電子署名は有効です。署名用電子証明書は、いま失効していません。"))
    if result.outcome is jpki.Outcome.NOT_CHECKED:
        raise Away(_("失効リストがないか、古くなっています。"))
    if result.outcome is jpki.Outcome.REVOKED:
        return found(FAIL, _("署名用電子証明書は失効しています。"))
    return found(FAIL, _("署名用電子証明書を検証できません（%(problem)s）。"), problem=result.problem)


def names_agree(case: Case) -> Result:
    """The card's name and the certificate's (NM-06, NM-07)."""
    holder = _verified(bytes(case.row.signature_certificate or b""), case.at).attributes
    if holder is None:
        return found(FAIL, _("署名用電子証明書から氏名を読み取れません。"))
    match = names.compare(case.answer("card", "name"), holder.name)
    if match is names.Match.MISMATCH and holder.has_substitutes:
        return found(
            NOTICE,
            _("証明書の氏名に代替文字があり、カードの氏名と一致しません。身分証の画像と見比べてください。"),
        )
    if match is names.Match.MISMATCH:
        return found(FAIL, _("カードと署名用電子証明書の氏名が一致しません。"))
    if match is names.Match.VARIANT:
        return found(NOTICE, _("異体字・代替文字の違いがあります。身分証の画像と見比べてください。"))
    return found(PASS, _("カードと署名用電子証明書の氏名は一致します。"))


def certificates_last(case: Case) -> Result:
    """Both certificates of the card: one that ends soon must be registered anew soon after (BD-03, ST-36)."""
    signing = _verified(bytes(case.row.signature_certificate or b""), case.at).not_after
    login = ApplicantCertificate.objects.filter(
        fingerprint=bytes(case.application.certificate_fingerprint)
    ).values_list("not_after", flat=True)
    told = [(_near(signing, case.at), Said(_("署名用電子証明書は%(day)sまでです。"), _day(signing)))]
    for end in login:
        said = Said(
            _("利用者証明用電子証明書は%(day)sまでです。更新のあと、もう一度の登録が必要です。"), _day(end)
        )
        told.append((_near(end, case.at), said))
    return together(told, _("カードの電子証明書の有効期限まで、90日より長く残っています。"))


def age(case: Case) -> Result:
    """No licence is given to a minor (DQ-07), and nobody applies for somebody who is not here any more."""
    years = days.age_on(clock.today(case.at), case.born)
    if years < YOUNGEST:
        return found(FAIL, _("申請者は%(years)s歳です。"), years=years)
    if years < USUAL or years >= OLDEST:
        return found(
            NOTICE, _("申請者は%(years)s歳です。身分証と免許証の生年月日と見比べてください。"), years=years
        )
    return found(PASS, _("申請者は%(years)s歳です。"), years=years)


def _near(end: datetime, at: datetime) -> str:
    return NOTICE if end < at + NEAR else PASS


def _day(end: datetime) -> dict[str, str]:
    return {"day": clock.today(end).isoformat()}


def _verified(certificate: bytes, at: datetime) -> jpki.JpkiResult:
    try:
        trust = readings.trust()
    except (jpki.TrustError, OSError) as problem:
        raise Away(_("失効リストがないか、古くなっています。")) from problem
    return jpki.verify(certificate, profile.CertificateKind.SIGNATURE, at, trust)
