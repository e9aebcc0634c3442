"""CSC API 1.0.4, the methods as functions: (headers, body, time) to a JSON object. No HTTP, no framework.

`info`, `credentials/list` and `credentials/info` stand behind Django views; `credentials/authorize` and
`signatures/signHash` behind the hot path and the views alike. Errors: BadRequest and Refused, told by errors.V1.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from cryptography import x509
from django.conf import settings

from signing import activation, issuing, signatures
from signing.activation import Caller, Spend
from signing.api import algorithms, wire
from signing.api.callers import RequestScope, identify
from signing.api.errors import BadRequest
from signing.errors import Refused
from signing.flow import Credential as CredentialState
from signing.keystore import DIGEST_SIZE, Algorithm, KeyKind
from signing.models import Credential

Body = dict[str, Any]
Method = Callable[[RequestScope, Body, datetime], Body]

SPECS = "1.0.4.0"
_LONGEST_DESCRIPTION = 500
_LONGEST_CLIENT_DATA = 1024
_MOST_RESULTS = 100
_CERTIFICATES = ("none", "single", "chain")


def info(_scope: RequestScope, body: Body, _at: datetime) -> Body:
    """Section 11.1; open to everybody."""
    lang = _optional_string(body, "lang") or "ja"
    return {
        "specs": SPECS,
        "name": "Inkan",
        "logo": f"{settings.ORIGIN}/static/seal.svg",
        "region": "JP",
        "lang": "en-US" if lang.lower().startswith("en") else "ja-JP",
        "description": "Remote signing with the HPKI second certificate",
        "authType": ["oauth2code"],
        "oauth2": settings.ORIGIN,
        "methods": [*METHODS, "oauth2/authorize", "oauth2/token", "oauth2/revoke"],
    }


def credentials_list(scope: RequestScope, body: Body, at: datetime) -> Body:
    """Section 11.4: the signer's one credential; the token says whose."""
    caller = identify(scope, at)
    if body.get("userID") is not None:  # the authorization is the user's own
        raise BadRequest("user_id")
    most = _optional_integer(body, "maxResults")
    if most is not None and not 1 <= most <= _MOST_RESULTS:
        raise BadRequest("invalid", "maxResults")
    if body.get("pageToken"):  # there is never a second page
        raise BadRequest("invalid", "pageToken")
    _check_client_data(body)
    own = Credential.objects.filter(pk=caller.credential).exclude(certificate=None)
    return {"credentialIDs": [str(public_id) for public_id in own.values_list("public_id", flat=True)]}


def credentials_info(scope: RequestScope, body: Body, at: datetime) -> Body:
    """Section 11.5."""
    caller = identify(scope, at)
    credential = _own_credential(caller, _credential_id(body))
    wanted = _optional_string(body, "certificates") or "single"
    if wanted not in _CERTIFICATES:
        raise BadRequest("invalid", "certificates")
    certificate = x509.load_der_x509_certificate(bytes(credential.certificate or b""))
    cert: Body = {"status": _certificate_status(credential, at)}
    if wanted != "none":
        chain = [bytes(credential.certificate or b"")]
        if wanted == "chain":
            chain += issuing.authority(credential.issuer).chain()
        cert["certificates"] = wire.texts(chain)
    if _optional_boolean(body, "certInfo"):
        cert |= _certificate_facts(certificate)
    _optional_boolean(body, "authInfo")
    _check_client_data(body)
    return {
        "description": "HPKI second certificate",
        "key": _key_facts(credential),
        "cert": cert,
        "authMode": "implicit",
        "SCAL": "2",
        "multisign": settings.MULTISIGN,
        "lang": "ja-JP",
    }


def credentials_authorize(scope: RequestScope, body: Body, at: datetime) -> Body:
    """Section 11.6, authMode implicit: the living session stands for the signer's will (README.md: SCAL1-like)."""
    caller = identify(scope, at)
    credential = _credential_id(body)
    count = body.get("numSignatures")
    if type(count) is not int:
        raise BadRequest("missing_integer", "numSignatures")
    if count < 1:
        raise BadRequest("signatures_low")
    if count > settings.MULTISIGN:
        raise BadRequest("hashes_too_many")
    digests = _digests(body)
    if len(digests) != count:  # SCAL "2": every signature is bound to its hash
        raise BadRequest("signatures_low")
    description = _bounded_string(body, "description", _LONGEST_DESCRIPTION)
    _check_client_data(body)
    sad = activation.authorise(caller, credential, digests, at=at, description=description)
    return {"SAD": sad.sad, "expiresIn": sad.expires_in}


def signatures_sign_hash(scope: RequestScope, body: Body, at: datetime) -> Body:
    """Section 11.9: signature i belongs to hash i."""
    caller = identify(scope, at)
    credential = _credential_id(body)
    sad = _string(body, "SAD")
    digests = _digests(body)
    algorithm = _algorithm(body, caller.key_kind)
    if any(len(digest) != DIGEST_SIZE[algorithm] for digest in digests):
        raise BadRequest("hash_length")
    if len(digests) > settings.MULTISIGN:
        raise BadRequest("hashes_too_many")
    _check_client_data(body)
    reserved = activation.spend_many([Spend(sad, credential, caller, tuple(digests), algorithm)], at=at)[0]
    if isinstance(reserved, Refused):
        raise reserved
    made = signatures.sign([reserved], at=at)[0]
    if isinstance(made, Refused):
        raise made
    return {"signatures": wire.texts(made)}


METHODS: dict[str, Method] = {
    "info": info,
    "credentials/list": credentials_list,
    "credentials/info": credentials_info,
    "credentials/authorize": credentials_authorize,
    "signatures/signHash": signatures_sign_hash,
}


def _own_credential(caller: Caller, public_id: UUID) -> Credential:
    own = (
        Credential.objects.filter(pk=caller.credential, public_id=public_id).exclude(certificate=None).first()
    )
    if own is None:
        raise Refused("credential_unknown")
    return own


def _key_facts(credential: Credential) -> Body:
    status = "enabled" if credential.state == CredentialState.ACTIVE else "disabled"
    return {"status": status, **algorithms.key_facts(credential.key_kind)}


def _certificate_status(credential: Credential, at: datetime) -> str:
    if credential.state == CredentialState.REVOKED:
        return "revoked"
    if credential.not_after is None or at >= credential.not_after:
        return "expired"
    return "suspended" if credential.state == CredentialState.SUSPENDED else "valid"


def _certificate_facts(certificate: x509.Certificate) -> Body:
    return {
        "issuerDN": certificate.issuer.rfc4514_string(),
        "serialNumber": f"{certificate.serial_number:x}",
        "subjectDN": certificate.subject.rfc4514_string(),
        "validFrom": _moment(certificate.not_valid_before_utc),
        "validTo": _moment(certificate.not_valid_after_utc),
    }


def _moment(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y%m%d%H%M%SZ")


def _credential_id(body: Body) -> UUID:
    given = _string(body, "credentialID")
    try:
        return UUID(given)
    except ValueError:
        raise Refused("credential_unknown") from None


def _digests(body: Body) -> list[bytes]:
    given = body.get("hash", body.get("hashes"))  # remote-signing.md 2.6: the texts themselves mix them up
    if isinstance(given, str):
        given = [given]
    if not isinstance(given, list):
        raise BadRequest("missing_array", "hash")
    if not given:
        raise BadRequest("hashes_missing")
    if len(given) > settings.MULTISIGN:
        raise BadRequest("hashes_too_many")
    if not all(isinstance(each, str) for each in given):
        raise BadRequest("hash_not_base64")
    try:
        digests = [wire.octets(each) for each in given]
    except wire.NotReadable:
        raise BadRequest("hash_not_base64") from None
    if any(len(digest) not in activation.DIGEST_SIZES for digest in digests):
        raise BadRequest("hash_length")
    return digests


def _algorithm(body: Body, kind: KeyKind) -> Algorithm:
    return algorithms.chosen(
        _string(body, "signAlgo"),
        _optional_string(body, "signAlgoParams"),
        _optional_string(body, "hashAlgo"),
        kind,
    )


def _string(body: Body, name: str) -> str:
    value = body.get(name)
    if not isinstance(value, str) or not value:
        raise BadRequest("missing_string", name)
    return value


def _optional_string(body: Body, name: str) -> str:
    value = body.get(name)
    if value is not None and not isinstance(value, str):
        raise BadRequest("missing_string", name)
    return value or ""


def _bounded_string(body: Body, name: str, longest: int) -> str:
    value = _optional_string(body, name)
    if len(value) > longest:
        raise BadRequest("invalid", name)
    return value


def _check_client_data(body: Body) -> None:
    """The client's own tracing: read for its type, echoed nowhere and kept nowhere (it can name a patient)."""
    _bounded_string(body, "clientData", _LONGEST_CLIENT_DATA)


def _optional_boolean(body: Body, name: str) -> bool:
    value = body.get(name, False)
    if not isinstance(value, bool):
        raise BadRequest("missing_boolean", name)
    return value


def _optional_integer(body: Body, name: str) -> int | None:
    value = body.get(name)
    if value is not None and type(value) is not int:
        raise BadRequest("missing_integer", name)
    return value
