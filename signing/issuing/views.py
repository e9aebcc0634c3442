"""`/pki/`: certificates and revocation lists for relying parties (RFC 5280 section 4.2.1.13, RFC 2585)."""

from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from signing.models import IssuingCertificate, RevocationList


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
