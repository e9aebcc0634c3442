"""What the standard says a server does (CSC 1.0.4, 2.0.0.2), and what real clients insist on besides.

Sources in the checks are sections of the standard; "clients" is remote-signing.md section 3.
"""

import base64
from datetime import UTC, datetime
from itertools import pairwise

from signing.csc_check.findings import Check, Setting, Skipped, good, no, want
from signing.csc_check.server import ABSENT

_INFO = ("specs", "name", "logo", "region", "lang", "description", "authType", "methods")
_INFO_V2 = ("signAlgorithms", "signature_formats", "conformance_levels")
_MODES = {"v1": ("implicit", "explicit", "oauth2code"), "v2": ("explicit", "oauth2code")}
_OTHERS = ("credentials/sendOTP", "signatures/signDoc", "signatures/timestamp", "signatures/signPolling")
_ALL = ("none", "single", "chain")


def info_is_whole(setting: Setting) -> None:
    told = good(setting.server.call("info", {})).body
    wanted = _INFO + (_INFO_V2 if setting.server.version == "v2" else ())
    missing = [name for name in wanted if name not in told]
    want(not missing, f"info lacks {', '.join(missing)}")
    want(str(told["specs"]).startswith(setting.server.version[1]), f"specs {told['specs']}")
    want(isinstance(told["methods"], list) and isinstance(told["authType"], list), "methods, authType: lists")


def oauth_is_told(setting: Setting) -> None:
    told = setting.server.call("info", {}).body
    if not {"oauth2code", "oauth2client"} & set(told["authType"]):
        raise Skipped("no OAuth 2.0 here")
    names = {"v1": ("oauth2",), "v2": ("oauth2", "oauth2Issuer")}[setting.server.version]
    want(sum(name in told for name in names) == 1, f"exactly one of {', '.join(names)}")


def named_methods_are_there(setting: Setting) -> None:
    for method in setting.server.call("info", {}).body["methods"]:
        if not method.startswith("oauth2/"):
            answer = setting.server.call(method, {})
            want(answer.status not in (404, 405, 501), f"{method} answers {answer.status}")


def others_are_not(setting: Setting) -> None:
    named = setting.server.call("info", {}).body["methods"]
    for method in (name for name in _OTHERS if name not in named):
        answer = setting.server.call(method, {})
        want(answer.status in (404, 501), f"{method} is not in info and answers {answer.status}")


def the_list_is_a_list(setting: Setting) -> None:
    told = good(setting.server.call("credentials/list", {})).body
    want(setting.chosen.id in told["credentialIDs"], "the credential is not in credentialIDs")
    want(all(isinstance(each, str) for each in told["credentialIDs"]), "ids are not strings")


def the_key_is_described(setting: Setting) -> None:
    key = setting.chosen.told["key"]
    want(key["status"] in ("enabled", "disabled"), f"status {key['status']}")
    want(type(key["len"]) is int, "len is not an integer")
    is_rsa = any(each.startswith("1.2.840.113549.1.1.") for each in key["algo"])
    want(is_rsa or isinstance(key.get("curve"), str), "an EC key without its curve")
    whole = [each for each in key["algo"] if each.startswith(("1.2.840.113549.1.1.1", "1.2.840.10045.4.3."))]
    want(len(set(whole) - {"1.2.840.113549.1.1.1"}) > 0, "no algorithm that names its hash: pyHanko refuses")


def the_credential_is_described(setting: Setting) -> None:
    told, version = setting.chosen.told, setting.server.version
    mode = told["authMode"] if version == "v1" else told["auth"]["mode"]
    want(mode in _MODES[version], f"mode {mode}")
    want(version == "v1" or "objects" in told["auth"], "auth.objects must be there, be it empty")
    want(told.get("SCAL", "1") in ("1", "2"), "SCAL is not the text 1 or 2")
    want(type(told["multisign"]) is int and told["multisign"] >= 1, "multisign is not a number from 1")


def the_chain_is_a_chain(setting: Setting) -> None:
    for certificate, issuer in pairwise(setting.chosen.certificates):
        certificate.verify_directly_issued_by(issuer)
    for wanted, least in zip(_ALL, (0, 1, 1), strict=True):
        body = {"credentialID": setting.chosen.id, "certificates": wanted}
        told = good(setting.server.call("credentials/info", body)).body
        count = len(told.get("cert", {}).get("certificates", []))
        want(count >= least if wanted == "chain" else count == least, f"{wanted}: {count} certificates")


def the_certificate_is_told(setting: Setting) -> None:
    body = {"credentialID": setting.chosen.id, "certInfo": True}
    cert = good(setting.server.call("credentials/info", body)).body["cert"]
    for name in ("issuerDN", "subjectDN", "serialNumber"):
        want(isinstance(cert.get(name), str) and cert[name], f"no {name}")
    first = setting.chosen.certificates[0]
    want(int(cert["serialNumber"], 16) == first.serial_number, "serialNumber is another one")
    for name, moment in (("validFrom", first.not_valid_before_utc), ("validTo", first.not_valid_after_utc)):
        told = datetime.strptime(cert[name], "%Y%m%d%H%M%SZ").replace(tzinfo=UTC)
        want(told == moment, f"{name} is {cert[name]}")


def every_algorithm_signs(setting: Setting) -> None:
    server, chosen = setting.server, setting.chosen
    for wish in chosen.wishes(server):
        digests = chosen.digests(1, wish.hash_name)
        answer = good(server.authorize(chosen.id, digests))
        (made,) = good(server.sign(chosen.id, answer.body["SAD"], digests, **wish.members)).body["signatures"]
        want(chosen.is_right(made, digests[0], wish), f"{wish.name}: the signature is not right")


def order_is_kept(setting: Setting) -> None:
    server, chosen = setting.server, setting.chosen
    wish, digests = chosen.wish(server), chosen.digests(min(20, chosen.most))
    sad = good(server.authorize(chosen.id, digests)).body["SAD"]
    turned = list(reversed(digests))
    made = good(server.sign(chosen.id, sad, turned, **wish.members)).body["signatures"]
    want(len(made) == len(turned), f"{len(made)} signatures for {len(turned)} hashes")
    for signature, digest in zip(made, turned, strict=True):
        want(chosen.is_right(signature, digest, wish), "a signature belongs to another hash")


def both_alphabets_are_one_hash(setting: Setting) -> None:
    server, chosen = setting.server, setting.chosen
    digest = b"\xfb\xff\xfe" * 10 + b"\xff\xfe"
    sad = good(server.authorize(chosen.id, [digest])).body["SAD"]
    written = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
    answer = server.sign(
        chosen.id, sad, [], **{server.words.hashes: [written]}, **chosen.wish(server).members
    )
    (made,) = good(answer).body["signatures"]
    want(chosen.is_right(made, digest, chosen.wish(server)), "the signature is not right")


def a_transaction_is_extended(setting: Setting) -> None:
    server, chosen = setting.server, setting.chosen
    method = "credentials/extendTransaction"
    if method not in server.call("info", {}).body["methods"] or chosen.most < 2:
        raise Skipped("extendTransaction is not offered")
    first, second = chosen.digests(2)
    sad = good(server.authorize(chosen.id, [first], numSignatures=2)).body["SAD"]
    good(server.sign(chosen.id, sad, [first], **chosen.wish(server).members))
    body = {"credentialID": chosen.id, "SAD": sad, server.words.hashes: [base64.b64encode(second).decode()]}
    again = good(server.call(method, body)).body["SAD"]
    good(server.sign(chosen.id, again, [second], **chosen.wish(server).members))
    no(server.call(method, {**body, "SAD": again}))


def errors_have_the_standards_words(setting: Setting) -> None:
    server, chosen = setting.server, setting.chosen
    missing = "Missing (or invalid type) string parameter credentialID"
    digests = chosen.digests(1)
    no(server.call("credentials/info", {}), 400, description=missing)
    no(server.authorize(chosen.id, digests, credentialID=ABSENT), 400, description=missing)
    no(
        server.authorize(chosen.id, digests, numSignatures="1"),
        400,
        description="Missing (or invalid type) integer parameter numSignatures",
    )
    no(
        server.authorize(chosen.id, digests, numSignatures=0),
        400,
        description="Invalid value for parameter numSignatures",
    )
    members = chosen.wish(server).members
    no(
        server.sign(chosen.id, ABSENT, digests, **members),
        400,
        description="Missing (or invalid type) string parameter SAD",
    )
    sad = good(server.authorize(chosen.id, digests)).body["SAD"]
    no(server.sign(chosen.id, sad, [], **members), 400, description="Empty hash array")


CHECKS = (
    Check("info has every required member", "11.1", "", info_is_whole),
    Check("info tells where OAuth 2.0 is", "11.1", "", oauth_is_told),
    Check("every method that info names is there", "11.1", "", named_methods_are_there),
    Check("what info does not name is not there", "10.1", "", others_are_not),
    Check("credentials/list lists", "11.4", "", the_list_is_a_list),
    Check("the key is told as clients need it", "11.5; clients", "", the_key_is_described),
    Check("the way to authorise is told", "11.5; clients", "", the_credential_is_described),
    Check("certificates come leaf first and belong together", "11.5", "", the_chain_is_a_chain),
    Check("certInfo says what the certificate says", "11.5", "", the_certificate_is_told),
    Check("every algorithm of key.algo signs", "11.5, signHash", "", every_algorithm_signs),
    Check("signature i belongs to hash i", "signHash", "W5, W13", order_is_kept),
    Check("either base64 alphabet is the same hash", "clients, 2.5", "", both_alphabets_are_one_hash),
    Check("extendTransaction binds later hashes", "extendTransaction", "", a_transaction_is_extended),
    Check("errors have the standard's words", "10.2 and each method", "W4", errors_have_the_standards_words),
)
