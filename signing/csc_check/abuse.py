"""What a server must refuse (remote-signing.md section 10, point 3): each check is an attack or a broken request.

Each is refused with a 4xx, without a signature or a SAD, and never with a 500; one check looks at the refusals' form.
After a broken request the right one must still work. W numbers name the weakness of a peer (section 4.2 there).
"""

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from signing.csc_check.credential import certificates, is_authority
from signing.csc_check.findings import Check, Failed, Setting, Skipped, good, no, refuses, want
from signing.csc_check.server import ABSENT, Answer, text

SHA1_OID, MD5_OID = "1.3.14.3.2.26", "1.2.840.113549.2.5"
_LARGE = 10 * 1024 * 1024
_TRIES = 8


class _Sad:
    """A SAD for some fresh digests, and how it is spent."""

    def __init__(self, setting: Setting, count: int = 1) -> None:
        self.setting, self.digests = setting, setting.chosen.digests(count)
        self.sad = good(setting.server.authorize(setting.chosen.id, self.digests)).body["SAD"]

    def sign(self, *digests: bytes, **changes: Any) -> Answer:
        chosen, server = self.setting.chosen, self.setting.server
        members = {**chosen.wish(server).members, **changes}
        return server.sign(chosen.id, self.sad, digests or self.digests, **members)


def a_replay(setting: Setting) -> None:
    sad = _Sad(setting)
    good(sad.sign())
    refuses(sad.sign())


def the_same_hash_many_times(setting: Setting) -> None:
    sad = _Sad(setting)
    refuses(sad.sign(*sad.digests * 5))


def more_than_authorised(setting: Setting) -> None:
    sad = _Sad(setting, 2)
    good(sad.sign(sad.digests[0]))
    refuses(sad.sign(*sad.digests))
    good(sad.sign(sad.digests[1]))


def more_than_multisign(setting: Setting) -> None:
    over = setting.chosen.digests(setting.chosen.most + 1)
    refuses(setting.server.authorize(setting.chosen.id, over))
    refuses(setting.server.authorize(setting.chosen.id, over[:1], numSignatures=len(over)))


def a_foreign_hash(setting: Setting) -> None:
    sad = _Sad(setting)
    foreign = setting.chosen.digests(1)
    refuses(sad.sign(*foreign))
    refuses(sad.sign(*sad.digests, *foreign))
    good(sad.sign())


def no_bearer(setting: Setting) -> None:
    server, chosen = setting.server, setting.chosen
    digests = chosen.digests(1)
    body = {"credentialID": chosen.id, "numSignatures": 1, server.words.hashes: [text(digests[0])]}
    for bearer in ("", "no-such-token", "x" * 5000):
        with server.seen_by(bearer) as stranger:
            for method in ("credentials/list", "credentials/info", "credentials/authorize"):
                refuses(stranger.call(method, body), 400, 401)
            sad = _Sad(setting)
            signed = stranger.sign(chosen.id, sad.sad, sad.digests, **chosen.wish(server).members)
            refuses(signed, 400, 401)


def an_authoritys_key(setting: Setting) -> None:
    for each in setting.server.call("credentials/list", {}).body["credentialIDs"]:
        told = setting.server.call("credentials/info", {"credentialID": each}).body
        chain = certificates(told)
        if chain and is_authority(chain[0]):
            refuses(setting.server.authorize(each, setting.chosen.digests(1)))


def a_sad_of_another_caller(setting: Setting) -> None:
    if setting.other is None:
        raise Skipped("no second caller was named (--other-token)")
    sad, members = _Sad(setting), setting.chosen.wish(setting.server).members
    refuses(setting.other.sign(setting.chosen.id, sad.sad, sad.digests, **members))
    good(sad.sign())


def a_sad_of_another_credential(setting: Setting) -> None:
    sad, members = _Sad(setting), setting.chosen.wish(setting.server).members
    listed = setting.server.call("credentials/list", {}).body["credentialIDs"]
    others = [each for each in listed if each != setting.chosen.id]
    for each in [*others[:3], "no-such-credential", "00000000-0000-0000-0000-000000000000"]:
        refuses(setting.server.sign(each, sad.sad, sad.digests, **members))
    good(sad.sign())


def a_sad_that_was_changed(setting: Setting) -> None:
    sad, members = _Sad(setting), setting.chosen.wish(setting.server).members
    turned = sad.sad[::-1]
    others: list[Any] = [turned, sad.sad + "x", sad.sad[:-4], "", "x", "\x00", 5, None, [], {}]
    for wrong in others:
        refuses(setting.server.sign(setting.chosen.id, wrong, sad.digests, **members))
    good(sad.sign())


def an_expired_sad(setting: Setting) -> None:
    server, chosen = setting.server, setting.chosen
    if setting.pause is None:
        raise Skipped("takes as long as a SAD lives (--wait)")
    digests = chosen.digests(1)
    told = good(server.authorize(chosen.id, digests)).body
    setting.pause(float(told.get("expiresIn", 3600)) + 1)
    refuses(server.sign(chosen.id, told["SAD"], digests, **chosen.wish(server).members))
    body = {"credentialID": chosen.id, "SAD": told["SAD"], server.words.hashes: [text(digests[0])]}
    refuses(server.call("credentials/extendTransaction", body), *range(400, 500), 501)


def one_sad_in_several_hands(setting: Setting) -> None:
    sad = _Sad(setting)
    with ThreadPoolExecutor(_TRIES) as pool:
        answers = list(pool.map(lambda _number: _closing(setting, sad.sign), range(_TRIES)))
    signed = sum("signatures" in answer.body for answer in answers)
    want(signed == 1, f"{signed} of {_TRIES} simultaneous calls with one SAD were signed")
    want(all(answer.status < 500 or answer.status == 503 for answer in answers), "a server error")


def digests_of_odd_lengths(setting: Setting) -> None:
    server, chosen = setting.server, setting.chosen
    for digest in (b"", b"short", b"x" * 20, b"x" * 31, b"x" * 33, b"x" * 65):
        answer = server.authorize(chosen.id, [digest])
        if "SAD" in answer.body:  # whoever takes it here must refuse it there
            answer = server.sign(chosen.id, answer.body["SAD"], [digest], **chosen.wish(server).members)
        refuses(answer)


def weak_hashes(setting: Setting) -> None:
    server, chosen = setting.server, setting.chosen
    name = server.words.hash_algorithm
    for identifier, size in ((SHA1_OID, 20), (MD5_OID, 16)):
        for digest in (b"x" * size, chosen.digests(1)[0]):
            answer = server.authorize(chosen.id, [digest])
            sad = answer.body.get("SAD", "none")
            members = {"signAlgo": "1.2.840.113549.1.1.1", name: identifier}
            refuses(server.sign(chosen.id, sad, [digest], **members))
    sad = _Sad(setting)
    for weak in ("1.2.840.113549.1.1.5", "1.2.840.113549.1.1.4", "1.2.840.10045.4.1", "1.2.3", ""):
        refuses(sad.sign(signAlgo=weak))
    refuses(sad.sign(signAlgo=ABSENT))


def base64_that_is_none(setting: Setting) -> None:
    server, chosen = setting.server, setting.chosen
    for wrong in ("***", "AAAAA", "あ", "\x00", text(chosen.digests(1)[0]) + "====", "e30=e30="):
        refuses(server.authorize(chosen.id, [], numSignatures=1, **{server.words.hashes: [wrong]}))


def members_of_other_types(setting: Setting) -> None:
    server, chosen = setting.server, setting.chosen
    digests = chosen.digests(1)
    counts: list[Any] = [0, -1, 1.5, True, "1", None, [], 10**30]
    for count in counts:
        refuses(server.authorize(chosen.id, digests, numSignatures=count))
    arrays: list[Any] = [None, 5, {}, [], [None], [5], [[]]]
    for hashes in arrays:
        refuses(server.authorize(chosen.id, digests, **{server.words.hashes: hashes}))
    identifiers: list[Any] = [None, 5, [], {}, "", "\x00", "x" * 10_000, "../../etc/passwd", "' OR 1=1 --"]
    for identifier in identifiers:
        refuses(server.authorize(identifier, digests))


def bodies_that_are_no_object(setting: Setting) -> None:
    bodies = {
        "no JSON": b"{",
        "nothing but a word": b"hello",
        "an array": b"[]",
        "a string": b'"x"',
        "null": b"null",
        "NaN": b'{"numSignatures":NaN}',
        "not UTF-8": b'{"credentialID":"\xff"}',
        "a lone surrogate": b'{"credentialID":"\\ud800"}',
        "deep": b"[" * 100_000,
        "an endless number": b'{"numSignatures":' + b"9" * 100_000 + b"}",
    }
    for method in ("credentials/info", "credentials/authorize", "signatures/signHash"):
        for name, body in bodies.items():
            answer = setting.server.call(method, body)
            _named(f"{method}, {name}", answer)


def a_key_that_stands_twice(setting: Setting) -> None:
    """Two readers of it would see two requests."""
    server, chosen = setting.server, setting.chosen
    one, other = (text(each) for each in chosen.digests(2))
    head = f'{{"credentialID":{json.dumps(chosen.id)},"numSignatures":1,'
    hashes = f'"{server.words.hashes}":["{one}"],"{server.words.hashes}":["{other}"]}}'
    refuses(server.call("credentials/authorize", (head + hashes).encode()))


def a_body_of_ten_megabytes(setting: Setting) -> None:
    server = setting.server
    body = b'{"clientData":"' + b"x" * _LARGE + b'"}'
    refuses(server.call("signatures/signHash", body), 400, 413)
    good(server.call("info", {}))


def refusals_have_a_form(setting: Setting) -> None:
    """Machines read why: JSON with an error code, whatever was wrong."""
    server, chosen = setting.server, setting.chosen
    no(server.call("signatures/signHash", b"{"))
    no(server.call("credentials/info", {"credentialID": "no-such-credential"}))
    no(server.authorize(chosen.id, chosen.digests(1), numSignatures="x"))
    no(_Sad(setting).sign(*chosen.digests(1)))


def client_data_comes_back_nowhere(setting: Setting) -> None:
    """It may name a patient; no answer quotes what was sent."""
    server, canary = setting.server, "CANARY-d41d8cd9"
    for method in ("credentials/info", "credentials/authorize", "signatures/signHash"):
        body = {"credentialID": canary, "SAD": canary, server.words.hashes: [canary], "clientData": canary}
        answer = refuses(server.call(method, body))
        want(canary not in answer.text, f"{method} quotes the request")


def _named(name: str, answer: Answer) -> None:
    try:
        refuses(answer)
    except Failed as problem:
        raise Failed(f"{name}: {problem}") from None


def _closing(setting: Setting, act: Callable[[], Answer]) -> Answer:
    """In a thread of its own, whose connection is not left open."""
    try:
        return act()
    finally:
        setting.server.close()


_SAD, _BODY = "section 9; SCAL 2", "10.1"
CHECKS = (
    Check("a SAD is spent once", _SAD, "W1", a_replay),
    Check("one authorised hash is not signed five times", _SAD, "W1", the_same_hash_many_times),
    Check("no more is signed than was authorised", _SAD, "W1", more_than_authorised),
    Check("no more is authorised than multisign says", "11.5, 11.6", "W3", more_than_multisign),
    Check("a hash that was not authorised is not signed", _SAD, "W11", a_foreign_hash),
    Check("nobody gets in without a bearer", "8.2", "W2", no_bearer),
    Check("no authority's key can be authorised", "11.6", "W2", an_authoritys_key),
    Check("a SAD is its caller's own", _SAD, "W8, W11", a_sad_of_another_caller),
    Check("a SAD is its credential's own", _SAD, "W11", a_sad_of_another_credential),
    Check("a SAD that was changed is none", "signHash", "W7", a_sad_that_was_changed),
    Check("a SAD runs out, and is not extended then", "11.6, extendTransaction", "W3", an_expired_sad),
    Check("of simultaneous calls with one SAD one wins", _SAD, "W7", one_sad_in_several_hands),
    Check("digests of odd lengths are not signed", "signHash", "W4", digests_of_odd_lengths),
    Check("SHA-1, MD5 and unknown algorithms are not signed", "5", "W13", weak_hashes),
    Check("what is no base64 is not authorised", "signHash", "W4", base64_that_is_none),
    Check("members of other types are bad requests", _BODY, "W4", members_of_other_types),
    Check("bodies that are no JSON object are bad requests", _BODY, "W4", bodies_that_are_no_object),
    Check("a key that stands twice is refused", "RFC 8259 section 4", "W4", a_key_that_stands_twice),
    Check("ten megabytes are refused and harm nobody", _BODY, "W4", a_body_of_ten_megabytes),
    Check("every refusal is JSON with an error code", "10.2", "W4", refusals_have_a_form),
    Check("no answer quotes what was sent", "7.4", "W12", client_data_comes_back_nowhere),
)
