"""`/pki/<ca>.ocsp`: certificate status by GET and POST (RFC 6960 appendix A, RFC 5019). Nothing is signed here.

Every answer is status 200 with an OCSP response inside, errors too: relying parties read nothing else. Errors are not
signed, so they are never cached.
"""

import base64
import binascii
from datetime import UTC, datetime
from email.utils import format_datetime
from hashlib import sha256

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.x509 import ocsp
from django.http import Http404, HttpRequest, HttpResponse
from django.http.request import UnreadablePostError
from django.utils.cache import get_conditional_response
from django.utils.http import quote_etag
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from ledger import clock
from signing import certificates
from signing.issuing import answers, encoding, names
from signing.models import IssuingCertificate

MOST = 4096  # a request about one certificate has some 100 bytes; a signed one with its chain may have more
MAX_AGE = 300
_SERIAL_BITS = 160
MALFORMED, TRY_LATER, UNAUTHORISED = (bytes((0x30, 3, 0x0A, 1, code)) for code in (1, 3, 6))


@csrf_exempt  # asked by machines; changes nothing
@require_http_methods(["GET", "HEAD", "POST"])
def status(request: HttpRequest, code: str, asked: str = "") -> HttpResponse:
    """By POST the request is the body, by GET it is the rest of the path in base64 (RFC 6960 appendix A.1)."""
    row = IssuingCertificate.objects.filter(code=code).first()
    if row is None or code not in names.ISSUERS:  # the root's few certificates have a list only
        raise Http404
    body = _posted(request) if request.method == "POST" else _from_path(asked)
    found = answer(code, bytes(row.certificate), body, clock.now())
    if isinstance(found, bytes):
        return _refusal(found)
    return _dressed(request, found, clock.now())


def answer(code: str, issuer: bytes, body: bytes | None, at: datetime) -> answers.Ready | bytes:
    """The stored answer, or the error that the request deserves: never "good" about what we did not issue."""
    request = _read(body)
    if request is None:
        return MALFORMED
    named = encoding.names_of(x509.load_der_x509_certificate(issuer))
    try:
        kind = request.hash_algorithm.name
    except UnsupportedAlgorithm:
        return UNAUTHORISED
    fits = kind in named and (named[kind].name_hash, named[kind].key_hash) == (
        request.issuer_name_hash,
        request.issuer_key_hash,
    )
    if not fits or not 0 < request.serial_number.bit_length() <= _SERIAL_BITS or request.serial_number < 0:
        return UNAUTHORISED
    found = answers.ready(code, certificates.serial_text(request.serial_number), kind, at)
    if found is answers.Missing.LATE:
        return TRY_LATER
    return UNAUTHORISED if isinstance(found, answers.Missing) else found


def _read(body: bytes | None) -> ocsp.OCSPRequest | None:
    """None for what is no request about exactly one certificate (RFC 5019 section 2.1.1), or for a critical extension.

    A nonce is passed over: what is made ahead has none (RFC 6960 section 4.4.1, RFC 5019 section 4).
    """
    if not body:
        return None
    try:
        request = ocsp.load_der_ocsp_request(body)
        if any(extension.critical for extension in request.extensions):
            return None
    except (ValueError, NotImplementedError, x509.DuplicateExtension, x509.UnsupportedGeneralNameType):
        return None
    return request


def _posted(request: HttpRequest) -> bytes | None:
    try:
        body = request.read(MOST + 1)
    except UnreadablePostError:
        return None
    return body if len(body) <= MOST else None


def _from_path(asked: str) -> bytes | None:
    try:
        return base64.b64decode(asked, validate=True) if len(asked) <= MOST else None
    except (binascii.Error, ValueError):
        return None


def _refusal(content: bytes) -> HttpResponse:
    response = HttpResponse(content, content_type="application/ocsp-response")
    response["Cache-Control"] = "no-store"
    return response


def _dressed(request: HttpRequest, found: answers.Ready, at: datetime) -> HttpResponse:
    """RFC 5019 section 6.2; a cache keeps it five minutes at most, so that a revocation is not hidden for days."""
    response = HttpResponse(found.content, content_type="application/ocsp-response")
    age = max(0, min(MAX_AGE, int((found.next_update - at).total_seconds())))
    response["Cache-Control"] = f"max-age={age}, public, no-transform, must-revalidate"
    response["Last-Modified"] = format_datetime(found.this_update.astimezone(UTC), usegmt=True)
    response["Expires"] = format_datetime(found.next_update.astimezone(UTC), usegmt=True)
    response["ETag"] = quote_etag(sha256(found.content).hexdigest())
    if request.method == "POST":
        return response
    return (
        get_conditional_response(request, response["ETag"], int(found.this_update.timestamp()), response)
        or response
    )
