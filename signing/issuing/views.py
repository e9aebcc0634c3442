"""`/pki/`: certificates and revocation lists for relying parties (RFC 5280 section 4.2.1.13, RFC 2585)."""

from datetime import UTC
from email.utils import format_datetime
from hashlib import sha256

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.cache import get_conditional_response
from django.utils.http import quote_etag
from django.views.decorators.http import require_safe

from ledger import clock
from signing.certificates import AUTHORITY_POLICY, SIGNER_POLICY
from signing.issuing import names
from signing.models import IssuingCertificate, RevocationList

_STATEMENT = """\
試験用の認証局です。発行する証明書は試験のためのもので、法的な効力はありません。厚生労働省のルート認証局とは関係がありません。
These certification authorities are for tests only. Their certificates have no legal effect, and none of them stands
under the root of the Ministry of Health, Labour and Welfare.

policy of signers' certificates: {signer}
policy of authorities' certificates: {authority}

証明書の状態は、失効リスト（.crl）またはOCSP（.ocsp、GETとPOST）で確認できます。証明書にはOCSPの宛先を記載していません（HPKIの証明書と同じです）。
Ask for a certificate's status by revocation list (.crl) or by OCSP (.ocsp, GET and POST). As in HPKI, certificates
themselves name no OCSP address. A certificate that is suspended for a while is in no list: while it is, nothing can
be signed with its key, and what was signed before stays valid.
"""
_MAX_AGE = 300


@require_safe
def statement(_request: HttpRequest) -> HttpResponse:
    """Where the certificates' CPS address leads: what these CAs are, their certificates, lists and fingerprints."""
    parts = [_STATEMENT.format(signer=SIGNER_POLICY, authority=AUTHORITY_POLICY)]
    for row in IssuingCertificate.objects.order_by("pk"):
        name = ", ".join(f"{kind}={value}" for kind, value in names.NAMES[row.code])
        fingerprint = sha256(bytes(row.certificate)).hexdigest()
        kinds = ("crt", "crl", "ocsp") if row.code in names.ISSUERS else ("crt", "crl")
        addresses = "".join(f"  {settings.ORIGIN}/pki/{row.code}.{kind}\n" for kind in kinds)
        parts.append(f"{name}\n{addresses}  SHA-256 {fingerprint}\n")
    return HttpResponse("\n".join(parts), content_type="text/plain; charset=utf-8")


@require_safe
def certificate(_request: HttpRequest, code: str) -> HttpResponse:
    """The CA's certificate, DER."""
    found = IssuingCertificate.objects.filter(code=code).first()
    if found is None:
        raise Http404
    return HttpResponse(bytes(found.certificate), content_type="application/pkix-cert")


@require_safe
def revocation_list(request: HttpRequest, code: str) -> HttpResponse:
    """The newest list, DER. Whoever has it already is told so without the list being read: it may have megabytes."""
    newest = RevocationList.objects.filter(issuer=code).order_by("-number")
    found = newest.values("pk", "number", "this_update", "next_update").first()
    if found is None:
        raise Http404
    etag, changed = quote_etag(f"{code}-{found['number']}"), found["this_update"]
    response = get_conditional_response(request, etag, int(changed.timestamp()))
    if response is None:
        content = RevocationList.objects.filter(pk=found["pk"]).values_list("content", flat=True).first()
        if content is None:  # a newer list has pushed it out at this moment
            return revocation_list(request, code)
        response = HttpResponse(bytes(content), content_type="application/pkix-crl")
    age = max(0, min(_MAX_AGE, int((found["next_update"] - clock.now()).total_seconds())))
    response["Cache-Control"] = f"max-age={age}, public, no-transform, must-revalidate"
    response["ETag"] = etag
    response["Last-Modified"] = format_datetime(changed.astimezone(UTC), usegmt=True)
    return response
