"""`/pki/`: certificates and revocation lists for relying parties (RFC 5280 section 4.2.1.13, RFC 2585)."""

from hashlib import sha256

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from signing.certificates import AUTHORITY_POLICY, SIGNER_POLICY
from signing.issuing import names
from signing.models import IssuingCertificate, RevocationList

_STATEMENT = """\
試験用の認証局です。発行する証明書は試験のためのもので、法的な効力はありません。厚生労働省のルート認証局とは関係がありません。
These certification authorities are for tests only. Their certificates have no legal effect, and none of them stands
under the root of the Ministry of Health, Labour and Welfare.

policy of signers' certificates: {signer}
policy of authorities' certificates: {authority}
"""


@require_safe
def statement(_request: HttpRequest) -> HttpResponse:
    """Where the certificates' CPS address leads: what these CAs are, their certificates, lists and fingerprints."""
    parts = [_STATEMENT.format(signer=SIGNER_POLICY, authority=AUTHORITY_POLICY)]
    for row in IssuingCertificate.objects.order_by("pk"):
        name = ", ".join(f"{kind}={value}" for kind, value in names.NAMES[row.code])
        fingerprint = sha256(bytes(row.certificate)).hexdigest()
        addresses = f"  {settings.ORIGIN}/pki/{row.code}.crt\n  {settings.ORIGIN}/pki/{row.code}.crl\n"
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
def revocation_list(_request: HttpRequest, code: str) -> HttpResponse:
    """The newest list, DER."""
    found = RevocationList.objects.filter(issuer=code).order_by("-number").first()
    if found is None:
        raise Http404
    response = HttpResponse(bytes(found.content), content_type="application/pkix-crl")
    response["Cache-Control"] = "max-age=300"
    return response
