"""CSC API 1.0.4: names and shapes only. What is done stands in `engine`, how it is read in `asked`."""

from datetime import UTC, datetime

from django.conf import settings

from signing.activation import NewSad
from signing.api import algorithms, asked, engine, errors, wire
from signing.api.asked import V1 as WORDS
from signing.api.engine import CredentialFacts, Listing
from signing.api.faces import SERVICE, Face, Method, Requester, Shape, for_service, own_sad
from signing.api.oauth import metadata

SPECS = "1.0.4.0"
DESCRIPTION = "HPKI second certificate"


def about_us(body: asked.Body) -> Shape:
    """What `info` of every version says of the service."""
    wanted = asked.information(body)
    return {
        "name": "Inkan",
        "logo": f"{settings.ORIGIN}/static/seal.svg",
        "region": "JP",
        "lang": "en-US" if wanted.is_english else "ja-JP",
        "description": "Remote signing with the HPKI second certificate",
    }


def info(body: asked.Body) -> Shape:
    """Section 11.1; open to everybody."""
    return {
        "specs": SPECS,
        **about_us(body),
        "authType": ["oauth2code"],
        "oauth2": settings.ORIGIN,
        "methods": [*FACE.names, *metadata.methods()],
    }


def credential_ids(found: Listing) -> Shape:
    """Section 11.4."""
    return {"credentialIDs": [str(each.credential) for each in found.credentials]}


def key(facts: CredentialFacts) -> Shape:
    """`key` of section 11.5."""
    return {"status": "enabled" if facts.is_enabled else "disabled", **algorithms.key_facts(facts.kind)}


def cert(facts: CredentialFacts) -> Shape:
    """`cert` of section 11.5."""
    told: Shape = {"status": facts.status}
    if facts.certificates is not None:
        told["certificates"] = wire.texts(facts.certificates)
    if facts.facts is not None:
        told |= {
            "issuerDN": facts.facts.issuer,
            "serialNumber": facts.facts.serial,
            "subjectDN": facts.facts.subject,
            "validFrom": _moment(facts.facts.valid_from),
            "validTo": _moment(facts.facts.valid_to),
        }
    return told


def credential_info(facts: CredentialFacts) -> Shape:
    """Section 11.5."""
    return {
        "description": DESCRIPTION,
        "key": key(facts),
        "cert": cert(facts),
        "authMode": facts.auth_mode,
        "SCAL": "2",
        "multisign": facts.most,
        "lang": "ja-JP",
    }


def new_sad(made: NewSad) -> Shape:
    """Section 11.6."""
    return {"SAD": made.sad, "expiresIn": made.expires_in}


def signatures(made: list[bytes]) -> Shape:
    """Section 11.9: signature i belongs to hash i."""
    return {"signatures": wire.texts(made)}


def _moment(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y%m%d%H%M%SZ")


def _credentials(body: asked.Body, requester: Requester) -> asked.Credentials:
    for_service(requester)
    return asked.credentials(body)


def about(body: asked.Body, _requester: Requester) -> asked.About:
    return asked.about(body)


def _authorisation(body: asked.Body, requester: Requester) -> asked.Authorisation:
    for_service(requester)
    return asked.authorisation(body, WORDS, settings.MULTISIGN)


def _extension(body: asked.Body, requester: Requester) -> asked.Extension:
    for_service(requester)
    return asked.extension(body, WORDS, settings.MULTISIGN)


def _signing(body: asked.Body, requester: Requester) -> asked.Signing:
    bearer = "" if requester.caller.scope == SERVICE else requester.bearer
    wanted = asked.signing(body, WORDS, settings.MULTISIGN, requester.caller.key_kind, bearer=bearer)
    return own_sad(requester, wanted)


METHODS: dict[str, Method] = {
    "credentials/list": Method(_credentials, engine.own_credentials, credential_ids),
    "credentials/info": Method(about, engine.about, credential_info),
    "credentials/authorize": Method(_authorisation, engine.authorise, new_sad),
    "credentials/extendTransaction": Method(_extension, engine.extend, new_sad),
    "signatures/signHash": Method(_signing, engine.sign, signatures),
}
NOT_OFFERED = ("auth/login", "auth/revoke", "credentials/sendOTP", "signatures/timestamp")
FACE = Face("v1", info, METHODS, NOT_OFFERED, errors.V1)
