"""Check one signature's proof against the published daily root, offline. One file: Python 3.10+ and `cryptography`.

    python verify_proof.py proof.json --root 2026-11-20.json [--key key.pem] [--digest HEX | --file DOCUMENT]
                           [--credential UUID]

It shares no code with the service on purpose: whoever doubts the service can read these lines alone. The way up:

    leaf of the signature   SHA-256(00 | its id, 16 bytes | document digest)
    root of the call        RFC 6962 tree over the call's leaves
    the log entry           format 1: says who signed, and holds the call's root
                            format 2: holds the root of an RFC 6962 tree over several signers, each leaf being
                            SHA-256(00 | activation | credential | session, 16 bytes each | size of the call, 4 bytes |
                            root of the call | client "," certificate "," means)
    leaf of the entry       SHA-256(00 | salt | canonical JSON of the entry)
    root of the day         RFC 6962 tree over the log; stands in the statement that the log key has signed

Exit status: 0 everything holds, 1 something does not, 2 the files cannot be read.
"""

import argparse
import base64
import hashlib
import json
import re
import sys
import uuid
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_public_key

# What a proof of each format holds: the entry is about one signer, or about several.
FORMATS = {
    "inkan-signature-proof/1": ("call", "day", "entry", "format", "signature"),
    "inkan-signature-proof/2": ("call", "day", "entry", "format", "signature", "signer", "signers"),
}
RESULTS = {"signing.signed": "署名済み signed", "signing.outcome_unknown": "結果不明 outcome unknown"}
HASHES = {32: "sha256", 48: "sha384", 64: "sha512"}
_SIGNER = ("activation", "certificate", "client", "credential", "means", "session")
_SEVERAL = "many"  # subject of an entry about several credentials
JST = timezone(timedelta(hours=9), "JST")
_LARGEST = 10_000_000  # bytes of a file; a proof has a few thousand
_DEEPEST = 64  # hashes of a path
_PEM = re.compile(r"-----BEGIN PUBLIC KEY-----.+?-----END PUBLIC KEY-----\n?", re.DOTALL)


class Refused(Exception):
    """What does not hold, in words."""


class Unreadable(Exception):
    """The file is no proof, root or key."""


def verify(
    proof: Any, root: Any, keys: Sequence[str] = (), digest: bytes | None = None, credential: str = ""
) -> dict[str, str]:
    """Check everything; what the proof then shows, as words. `keys`: PEM texts that are believed.

    Without keys the one beside the root is used: that shows that proof and root belong together, not whose they are.
    `digest` and `credential` are what the proof is expected to be about. Raises Refused.
    """
    signer = _checked_call(proof, digest)
    if credential and signer["credential"] != credential.lower():
        raise Refused("別の電子証明書による署名です / the signature is another credential's")
    entry = proof["entry"]
    record = entry["record"]
    statement = _checked_statement(root, keys)
    day = _object(proof["day"], "day", ("date", "index", "path", "size"))
    if day["date"] != statement["day"] or day["size"] != statement["size"]:
        raise Refused("この証明は、別の日の根に対するものです / the proof is for another day's root")
    if record["number"] > _number(statement["heads"].get(record["shard"]), "heads"):
        raise Refused("根は、この記録をまだ含みません / the root does not cover the entry")
    found = _climbed(_leaf(_octets(entry["salt"], "salt") + _canonical(record)), day)
    if found.hex() != statement["root"]:
        raise Refused("記録が、日次の根に含まれていません / the entry is not under the day's root")
    return _shown(proof["signature"], signer, record, statement)


def _checked_call(proof: Any, digest: bytes | None) -> dict[str, str]:
    """From the digest to the root that stands in the entry; who signed, as the entry holds it."""
    known = isinstance(proof, dict) and isinstance(proof.get("format"), str) and FORMATS.get(proof["format"])
    if not known:
        raise Refused("知らない形式の証明です / unknown format of proof")
    signature = _object(_object(proof, "proof", known)["signature"], "signature", ("digest", "id"))
    signed = _octets(signature["digest"], "digest")
    if len(signed) not in HASHES:
        raise Refused("ハッシュ値の長さが正しくありません / wrong length of the digest")
    if digest is not None and digest != signed:
        raise Refused("文書のハッシュ値が一致しません / the document's digest is another one")
    call = _object(proof["call"], "call", ("index", "path", "size"))
    record = _checked_record(_object(proof["entry"], "entry", ("record", "salt"))["record"])
    found = _climbed(_leaf(_uuid(signature["id"]).bytes + signed), call)
    if "signer" in proof:
        return _one_of_several(proof, record, found)
    if call["size"] != record["data"].get("count"):
        raise Refused("同時に署名した件数が一致しません / another number of signatures in the call")
    if found.hex() != record["data"].get("root"):
        raise Refused("署名が、記録に含まれていません / the signature is not in the log entry")
    return _the_only(record)


def _the_only(record: Any) -> dict[str, str]:
    """Whom an entry names that is about one signer."""
    data, names = record["data"], ("activation", "certificate", "means", "session")
    about = {name: data.get(name, "") for name in names}
    signer = {**about, "client": record["actor"]["id"], "credential": record["subject"]}
    if not all(isinstance(value, str) for value in signer.values()) or record["actor"]["kind"] != "caller":
        raise Refused("記録の形が正しくありません / malformed entry")
    _uuid(signer["credential"])
    return signer


def _one_of_several(proof: Any, record: Any, root: bytes) -> dict[str, str]:
    """The signer whose leaf stands in an entry about several; `root` is that of the signer's call."""
    signer = _object(proof["signer"], "signer", _SIGNER)
    if not all(isinstance(value, str) for value in signer.values()):
        raise Refused("署名者の形が正しくありません / malformed signer")
    ids = b"".join(_uuid(signer[name]).bytes for name in ("activation", "credential", "session"))
    words = ",".join(signer[name] for name in ("client", "certificate", "means"))
    size = _number(proof["call"]["size"], "size")
    if size >= 1 << 32 or "," in signer["certificate"] + signer["means"]:
        raise Refused("署名者の形が正しくありません / malformed signer")
    signers = _object(proof["signers"], "signers", ("index", "path", "size"))
    if signers["size"] != record["data"].get("sads"):
        raise Refused("同時に署名した人の数が一致しません / another number of signers in the log entry")
    found = _climbed(_leaf(ids + size.to_bytes(4, "big") + root + _utf8(words)), signers)
    if found.hex() != record["data"].get("callers"):
        raise Refused("署名者が、記録に含まれていません / the signer is not in the log entry")
    actor = record["actor"]
    if record["subject"] not in (signer["credential"], _SEVERAL) or (
        actor["kind"] == "caller" and actor["id"] != signer["client"]
    ):
        raise Refused("記録は、別の署名者についてのものです / the log entry is about somebody else")
    return dict(signer)


def _checked_record(given: Any) -> Any:
    names = ("actor", "at", "authority", "data", "kind", "number", "shard", "subject", "version")
    record = _object(given, "record", names)
    if record["version"] != 1 or not isinstance(record["kind"], str) or record["kind"] not in RESULTS:
        raise Refused("署名の記録ではありません / the entry is not about signatures")
    _object(record["actor"], "actor", ("id", "kind"))
    if not isinstance(record["data"], dict) or not isinstance(record["shard"], str):
        raise Refused("記録の形が正しくありません / malformed entry")
    _number(record["number"], "number")
    try:
        datetime.fromisoformat(record["at"])
    except (TypeError, ValueError):
        raise Refused("記録の形が正しくありません / malformed entry") from None
    return record


def _checked_statement(root: Any, keys: Sequence[str]) -> dict[str, Any]:
    _object(root, "root", ("key", "signature", "statement"))
    if not all(isinstance(root[name], str) for name in root):
        raise Refused("根の形が正しくありません / malformed root")
    try:
        signature = base64.b64decode(root["signature"], validate=True)
    except ValueError:
        raise Refused("根の署名が読めません / the root's signature cannot be read") from None
    if not any(_is_signed(root["statement"].encode(), signature, key) for key in keys or [root["key"]]):
        raise Refused("根の署名が、記録の鍵によるものではありません / the root is not signed by the log key")
    try:
        statement = json.loads(root["statement"])
    except ValueError:
        raise Refused("根が読めません / the root cannot be read") from None
    names = ("day", "heads", "log", "previous", "root", "size", "version")
    if _object(statement, "statement", names)["version"] != 1 or not isinstance(statement["heads"], dict):
        raise Refused("知らない形式の根です / unknown format of root")
    return dict(statement)


def _is_signed(message: bytes, signature: bytes, pem: str) -> bool:
    try:
        key = load_pem_public_key(pem.encode())
        if isinstance(key, RSAPublicKey):
            key.verify(signature, message, PKCS1v15(), SHA256())
        elif isinstance(key, EllipticCurvePublicKey):
            key.verify(signature, message, ECDSA(SHA256()))
        elif isinstance(key, Ed25519PublicKey):
            key.verify(signature, message)
        else:
            return False
    except (InvalidSignature, UnsupportedAlgorithm, ValueError):
        return False
    return True


def _climbed(leaf: bytes, way: Any) -> bytes:
    """The root to which the path leads (RFC 9162 section 2.1.3.2)."""
    index, size = _number(way["index"], "index"), _number(way["size"], "size")
    path = way["path"]
    if not isinstance(path, list) or len(path) > _DEEPEST or index >= size:
        raise Refused("経路の形が正しくありません / malformed path")
    place, last, found = index, size - 1, leaf
    for text in path:
        sibling = _octets(text, "path")
        if len(sibling) != 32 or last == 0:
            raise Refused("経路の長さが正しくありません / wrong length of the path")
        if place & 1 or place == last:
            found = _node(sibling, found)
            while place and not place & 1:
                place, last = place >> 1, last >> 1
        else:
            found = _node(found, sibling)
        place, last = place >> 1, last >> 1
    if last:
        raise Refused("経路の長さが正しくありません / wrong length of the path")
    return found


def _leaf(content: bytes) -> bytes:
    return hashlib.sha256(b"\x00" + content).digest()


def _node(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()


def _utf8(text: str) -> bytes:
    try:
        return text.encode()
    except ValueError:
        raise Refused("署名者の形が正しくありません / malformed signer") from None


def _canonical(record: Any) -> bytes:
    """Sorted keys, UTF-8, no white space, strings as they are."""
    try:
        return json.dumps(record, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
    except (ValueError, RecursionError):
        raise Refused("記録の形が正しくありません / malformed entry") from None


def _object(given: Any, what: str, names: Sequence[str]) -> Any:
    if not isinstance(given, dict) or sorted(given) != sorted(names):
        raise Refused(f"{what}: 項目が足りないか、余分です / members missing or not known")
    return given


def _octets(given: Any, what: str) -> bytes:
    if not isinstance(given, str) or not re.fullmatch(r"(?:[0-9a-f]{2})+", given):
        raise Refused(f"{what}: 16進数ではありません / not lower-case hexadecimal")
    return bytes.fromhex(given)


def _number(given: Any, what: str) -> int:
    if type(given) is not int or given < 0:
        raise Refused(f"{what}: 数ではありません / not a number")
    return given


def _uuid(given: Any) -> uuid.UUID:
    try:
        found = uuid.UUID(given)
    except (ValueError, TypeError, AttributeError):
        raise Refused("番号が読めません / an id cannot be read") from None
    if str(found) != given:
        raise Refused("番号が読めません / an id cannot be read")
    return found


def _shown(signature: Any, signer: dict[str, str], record: Any, statement: Any) -> dict[str, str]:
    digest = signature["digest"]
    found = {
        "結果 result": RESULTS[record["kind"]],
        "署名の番号 signature": signature["id"],
        "ハッシュ値 digest": f"{HASHES[len(digest) // 2]} {digest}",
        "日時 time": datetime.fromisoformat(record["at"]).astimezone(JST).isoformat(timespec="seconds"),
        "電子証明書 credential": signer["credential"],
        "システム system": signer["client"],
        "施設の証明書 facility's certificate": signer["certificate"],
        "本人確認 means": signer["means"],
        "本人確認の番号 session": signer["session"],
        "記録番号 log entry": f"{record['shard']}/{record['number']}",
        "日次の根 daily root": f"{statement['day']} {statement['root']}",
    }
    return {name: value for name, value in found.items() if value}


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            content = file.read(_LARGEST + 1)
    except OSError as problem:
        raise Unreadable(f"{path}: {problem.strerror}") from None
    if len(content) > _LARGEST:
        raise Unreadable(f"{path}: 大きすぎます / too large")
    return content


def _json(path: Path) -> Any:
    """A name that comes twice in one object, or a number with a fraction, is no JSON of ours."""

    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) != len(pairs):
            raise ValueError("a name comes twice")
        return found

    def refuse(text: str) -> Any:
        raise ValueError(f"{text} is not expected")

    try:
        text = _read(path).decode("utf-8-sig")
        return json.loads(text, object_pairs_hook=once, parse_float=refuse, parse_constant=refuse)
    except (ValueError, RecursionError):
        raise Unreadable(f"{path}: JSONとして読めません / cannot be read as JSON") from None


def _digest(text: str, path: Path | None, length: int) -> bytes | None:
    if text:
        try:
            return bytes.fromhex(text)
        except ValueError:
            raise Unreadable("--digest: 16進数ではありません / not hexadecimal") from None
    if path is None or length not in HASHES:
        return None
    found = hashlib.new(HASHES[length])
    try:
        with path.open("rb") as file:
            while part := file.read(1 << 20):
                found.update(part)
    except OSError as problem:
        raise Unreadable(f"{path}: {problem.strerror}") from None
    return found.digest()


def _signed_length(proof: Any) -> int:
    try:
        return len(proof["signature"]["digest"]) // 2
    except (KeyError, TypeError):
        return 0


def _fingerprint(pem: str) -> str:
    try:
        der = load_pem_public_key(pem.encode()).public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    except (ValueError, UnsupportedAlgorithm):
        return "?"
    return hashlib.sha256(der).hexdigest()


def main(arguments: Sequence[str] | None = None, say: Callable[[str], object] = print) -> int:
    parser = argparse.ArgumentParser(
        description="Check a signature's proof against the published daily root."
    )
    parser.add_argument("proof", type=Path, help="the proof from /me/signatures/ (JSON)")
    parser.add_argument("--root", type=Path, required=True, help="the day's root from /log/<date>.json")
    parser.add_argument("--key", type=Path, help="the log's public key (PEM), kept from elsewhere or earlier")
    parser.add_argument("--credential", default="", help="the credential that is said to have signed (UUID)")
    which = parser.add_mutually_exclusive_group()
    which.add_argument("--digest", default="", help="what was sent to be signed, in hexadecimal")
    which.add_argument("--file", type=Path, help="the very bytes whose digest was sent to be signed")
    given = parser.parse_args(arguments)
    try:
        proof, root = _json(given.proof), _json(given.root)
        keys = _PEM.findall(_read(given.key).decode(errors="replace")) if given.key else []
        if given.key and not keys:
            raise Unreadable(f"{given.key}: 公開鍵ではありません / no public key")
        digest = _digest(given.digest, given.file, _signed_length(proof))
        shown = verify(proof, root, keys, digest, given.credential.strip())
    except Unreadable as problem:
        say(f"読めません / unreadable: {problem}")
        return 2
    except Refused as problem:
        say(f"一致しません / REFUSED: {problem}")
        return 1
    say("確かめられました / OK")
    for name, value in shown.items():
        say(f"  {name}: {value}")
    if not given.key:
        say("  ご注意: 根に付いていた鍵で確かめました。鍵の指紋を、別の方法で入手したものと比べてください。")
        say(f"  The key came with the root. Compare its SHA-256: {_fingerprint(root['key'])}")
    if digest is None:
        say("  文書とは比べていません / no document was compared (--digest, --file)")
    return 0


if __name__ == "__main__":
    sys.exit(main())
