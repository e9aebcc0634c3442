"""CSC API 2.0.0.2 with the members of 2.2 in `info`: names and shapes only.

What no seed of ours could read (2.2) comes from its Kotlin client (remote-signing.md sections 1 and 3).
"""

from django.conf import settings

from signing.activation import NewSad
from signing.api import algorithms, asked, csc_v1, engine, errors
from signing.api.asked import V2 as WORDS
from signing.api.engine import CredentialFacts, Listing
from signing.api.faces import Face, Method, Requester, Shape, Told, for_service, own_sad
from signing.api.oauth import metadata
from signing.authorising.approvals import Waiting

SPECS = "2.0.0.2"
SIGNATURE_QUALIFIER = "jp_esign_hpki"  # country_law_type (section 11.11); a name of our own


def info(body: asked.Body) -> Shape:
    """Section 11.1; open to everybody. No documents are signed yet, so formats and levels are empty lists."""
    authorises = ["oauth2code"]
    return {
        **csc_v1.about_us(body),
        "specs": SPECS,
        "authType": authorises,
        "oauth2Issuer": settings.ORIGIN,
        "oauth2Servers": [  # 2.2
            {
                "label": "Inkan",
                "issuerIdentifier": settings.ORIGIN,
                "authType": authorises,
                "supportsRar": metadata.supports_rar(),
            }
        ],
        "supportsRar": metadata.supports_rar(),  # 2.2
        "asynchronousOperationMode": False,
        "validationInfo": False,
        "methods": [*FACE.names, *metadata.methods()],
        "signAlgorithms": {"algos": algorithms.everything()},
        "signature_formats": {"formats": [], "envelope_properties": []},
        "conformance_levels": [],
        "supportedHashTypes": ["dtbsr"],  # 2.2: the hash is what is signed
    }


def credential_info(facts: CredentialFacts) -> Shape:
    """Section 11.5. Nothing is asked of the person in band: explicit without objects (section 13.10)."""
    mode = "oauth2code" if facts.auth_mode == "oauth2code" else "explicit"
    return {
        "description": csc_v1.DESCRIPTION,
        "signatureQualifier": SIGNATURE_QUALIFIER,
        "key": csc_v1.key(facts),
        "cert": csc_v1.cert(facts),
        "auth": {"mode": mode, "expression": "", "objects": []},
        "SCAL": "2",
        "multisign": facts.most,
        "lang": "ja-JP",
    }


def credential_list(found: Listing) -> Shape:
    """Section 11.4."""
    told = csc_v1.credential_ids(found)
    if found.wanted.about is not None:
        told["credentialInfos"] = [
            {"credentialID": str(each.credential), **credential_info(each.facts)}
            for each in found.credentials
            if each.facts is not None
        ]
    if found.wanted.only_valid:
        told["onlyValid"] = True
    return told


def authorised(made: NewSad | Waiting) -> Shape | Told:
    """Sections 11.6 and 11.7: a SAD, or 202 and a handle to ask again with."""
    return Told(202, {"handle": made.handle}) if isinstance(made, Waiting) else csc_v1.new_sad(made)


def _credentials(body: asked.Body, requester: Requester) -> asked.Credentials:
    for_service(requester)
    return asked.credentials_v2(body)


def _authorisation(body: asked.Body, requester: Requester) -> asked.Authorisation:
    for_service(requester)
    return asked.authorisation(body, WORDS, settings.MULTISIGN)


def _check(body: asked.Body, requester: Requester) -> asked.Check:
    for_service(requester)
    return asked.check(body)


def _extension(body: asked.Body, requester: Requester) -> asked.Extension:
    for_service(requester)
    return asked.extension(body, WORDS, settings.MULTISIGN)


def _signing(body: asked.Body, requester: Requester) -> asked.Signing:
    kind = requester.caller.key_kind
    wanted = asked.signing(body, WORDS, settings.MULTISIGN, kind, bearer=requester.bearer)
    return own_sad(requester, wanted)


METHODS: dict[str, Method] = {
    "credentials/list": Method(_credentials, engine.own_credentials, credential_list),
    "credentials/info": Method(csc_v1.about, engine.about, credential_info),
    "credentials/authorize": Method(_authorisation, engine.authorise_or_ask, authorised),
    "credentials/authorizeCheck": Method(_check, engine.check, authorised),
    "credentials/extendTransaction": Method(_extension, engine.extend, csc_v1.new_sad),
    "signatures/signHash": Method(_signing, engine.sign, csc_v1.signatures),
}
NOT_OFFERED = (
    *("auth/login", "auth/revoke", "credentials/sendOTP", "credentials/getChallenge"),
    *("credentials/create", "credentials/delete"),  # 2.2
    *("signatures/signDoc", "signatures/signPolling", "signatures/timestamp"),
)
FACE = Face("v2", info, METHODS, NOT_OFFERED, errors.V2)
