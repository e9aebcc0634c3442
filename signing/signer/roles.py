"""What each instance answers: `signers` holds the signers' keys, `authorities` the CAs' and the log's (decision 8).

Neither has a database, and neither checks a SAD: see README.md, residual risk.
"""

import hashlib
import logging
import secrets
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, NamedTuple, Protocol, TypeAlias

from asn1crypto import crl as asn1_crl
from asn1crypto import ocsp as asn1_ocsp
from asn1crypto import x509 as asn1

from signing.keystore import Algorithm, KeyKind, NotSigned, OpenKey, check_digest
from signing.signer.journal import Entry, IssuedLog, Journal
from signing.signer.keys import Keys, Order, Result, sign_one
from signing.signer.making import KeyOrder
from signing.signer.wire import HANDLE_SIZE, ITEM_SIZE, MAX_FRAME, MAX_ITEMS, MAX_LIST_FRAME, Outcome

MAX_GENERATED = 64
MAX_OPEN = 32_768  # an RSA-2048 key that has signed holds 9 kB; to open one again costs 10 us
_SWEEP_SECONDS = 60.0
MAX_WRAPPED = 8192
LOG_KEY = "log"
RESPONDER_KEYS = "ocsp-"

log = logging.getLogger(__name__)


class BadRequest(ValueError):
    """The frame is CBOR but not what the operation takes; answered with `malformed`."""


Operations: TypeAlias = dict[str, Callable[[Any], object]]
Together: TypeAlias = dict[str, Callable[[Sequence[Any]], list[object]]]
Orders: TypeAlias = dict[str, Callable[[Any], KeyOrder]]


class Role(Protocol):
    keys: Keys
    operations: Operations
    together: Together
    """What several callers ask at one moment may be answered at once; a BadRequest is one of the answers."""
    orders: Orders
    """What is made beside everything else and answered when it is there (making.py)."""
    max_frame: int

    def settle(self) -> None:
        """Called before the replies of a turn leave."""
        ...


def _batch(argument: Any) -> list[Any]:
    if not isinstance(argument, list) or not 0 < len(argument) <= MAX_ITEMS:
        raise BadRequest
    return argument


def _bytes(value: Any, low: int, high: int) -> bytes:
    if not isinstance(value, bytes) or not low <= len(value) <= high:
        raise BadRequest
    return value


def _attempt(make: Callable[[], bytes]) -> tuple[Outcome, bytes | str]:
    """A signature, a certain refusal, or nobody knows."""
    try:
        return Outcome.SIGNED, make()
    except NotSigned as refusal:
        return _told(refusal)
    except Exception as problem:
        log.exception("the key module failed while signing")
        return _told(problem)


def _told(result: Result) -> tuple[Outcome, bytes | str]:
    """The store's result as it travels; what failed stands in the log already."""
    if isinstance(result, bytes):
        return Outcome.SIGNED, result
    if isinstance(result, NotSigned):
        return Outcome.NOT_SIGNED, result.reason
    return Outcome.UNKNOWN, "module_failed"


class _Order(NamedTuple):
    key: bytes  # a handle, or a wrapped key for once
    item: bytes
    digest: bytes
    algorithm: str


def _order(value: Any) -> _Order:
    if not isinstance(value, list) or len(value) != 4 or not isinstance(value[3], str):
        raise BadRequest
    return _Order(
        _bytes(value[0], HANDLE_SIZE, MAX_WRAPPED),
        _bytes(value[1], ITEM_SIZE, ITEM_SIZE),
        _bytes(value[2], 1, 64),
        value[3],
    )


def _orders(argument: Any) -> list[_Order] | BadRequest:
    try:
        return [_order(value) for value in _batch(argument)]
    except BadRequest as problem:
        return problem


class _Held(NamedTuple):
    key: OpenKey
    until: float


class Signers:
    """generate, open, close, sign. `clock` gives the product's time as POSIX seconds."""

    max_frame = MAX_FRAME

    def __init__(self, keys: Keys, journal: Journal, clock: Callable[[], float]) -> None:
        self.keys, self._journal, self._clock = keys, journal, clock
        self._held: dict[bytes, _Held] = {}
        self._generation = keys.generation
        self._swept = 0.0
        self._unwritten: list[Entry] = []
        self.operations: Operations = {
            "open": self.open,
            "close": self.close,
            "sign": self.sign,
        }
        self.together: Together = {"sign": self.sign_together}
        self.orders: Orders = {"generate": self.generate}

    def generate(self, argument: Any) -> KeyOrder:
        """`[n, kind]` -> n times [wrapped, public key]. A key nobody stores is simply lost (decision 17)."""
        if not isinstance(argument, list) or len(argument) != 2:
            raise BadRequest
        count, kind = argument
        if not isinstance(count, int) or not 0 < count <= MAX_GENERATED or kind not in list(KeyKind):
            raise BadRequest
        return KeyOrder(count, KeyKind(kind))

    def open(self, argument: Any) -> object:
        """[[wrapped, until]] -> [[1, [handle, public key]] or [0, reason]]; a handle dies at `until`.

        Beyond MAX_OPEN the key goes that has rested longest: who still wants it hears `not_open` and opens it again.
        """
        self._sweep()
        return [self._open(*_opening(value)) for value in _batch(argument)]

    def _open(self, wrapped: bytes, until: float) -> list[object]:
        try:
            key = self.keys.open(wrapped)
        except NotSigned as refusal:
            return [Outcome.NOT_SIGNED, refusal.reason]
        while len(self._held) >= MAX_OPEN:
            self._drop(next(iter(self._held)))
        # Random, so that after a restart an old handle meets nothing instead of somebody else's key.
        handle = secrets.token_bytes(HANDLE_SIZE)
        self._held[handle] = _Held(key, until)
        return [Outcome.SIGNED, [handle, key.public_key]]

    def close(self, argument: Any) -> object:
        """[handle] -> how many of them were open."""
        handles = [_bytes(value, HANDLE_SIZE, HANDLE_SIZE) for value in _batch(argument)]
        return sum(self._drop(handle) for handle in handles)

    def sign(self, argument: Any) -> object:
        """[[handle or wrapped, item, digest, algorithm]] -> [[outcome, signature or reason]] in the same order."""
        (answer,) = self.sign_together([argument])
        if isinstance(answer, BadRequest):
            raise answer
        return answer

    def sign_together(self, arguments: Sequence[Any]) -> list[object]:
        """`sign` for each; a BadRequest stands in its place. One call to the store, which so never waits for us."""
        frames = [_orders(argument) for argument in arguments]
        orders = [order for frame in frames if isinstance(frame, list) for order in frame]
        answers = iter(self._sign(orders))
        return [
            [list(next(answers)) for _ in frame] if isinstance(frame, list) else frame for frame in frames
        ]

    def _sign(self, orders: Sequence[_Order]) -> list[tuple[Outcome, bytes | str]]:
        once: dict[bytes, OpenKey] = {}
        answers: list[tuple[Outcome, bytes | str]] = []
        asked: list[tuple[int, Order]] = []
        handed: set[bytes] = set()
        for place, order in enumerate(orders):
            prepared = self._prepared(order, once, handed)
            if isinstance(prepared, Order):
                asked.append((place, prepared))
                handed.add(order.item)
            answers.append((Outcome.NOT_SIGNED, prepared if isinstance(prepared, str) else ""))
        made = self.keys.sign_many([order for _, order in asked])
        for (place, _), result in zip(asked, made, strict=True):
            answers[place] = self._noted(orders[place], result)
        for key in once.values():
            self.keys.close(key.handle)
        return answers

    def _prepared(self, order: _Order, once: dict[bytes, OpenKey], handed: set[bytes]) -> Order | str:
        """What the store is asked, or why it is not asked at all."""
        if order.item in self._journal or order.item in handed:
            return "already_signed"
        try:
            algorithm = check_digest(order.digest, order.algorithm)
            return Order(self._key(order.key, once).handle, order.digest, algorithm)
        except NotSigned as refusal:
            return refusal.reason

    def _noted(self, order: _Order, result: Result) -> tuple[Outcome, bytes | str]:
        outcome, content = _told(result)
        if outcome is not Outcome.NOT_SIGNED:
            self._journal.remember(order.item)
            self._unwritten.append(Entry(order.item, order.digest))
        return outcome, content

    def _key(self, key: bytes, once: dict[bytes, OpenKey]) -> OpenKey:
        if len(key) != HANDLE_SIZE:
            if key not in once:
                once[key] = self.keys.open(key)
            return once[key]
        held = self._held.get(key)
        if held is None or held.until <= self._clock():
            self._drop(key)
            raise NotSigned("not_open")
        if len(self._held) > MAX_OPEN // 2:  # the order in which they rest matters from here on
            self._held[key] = self._held.pop(key)
        return held.key

    def _drop(self, handle: bytes) -> bool:
        held = self._held.pop(handle, None)
        if held is not None:
            self.keys.close(held.key.handle)
        return held is not None

    def _sweep(self) -> None:
        if self._generation != self.keys.generation:  # the store was lost, and all that was open in it
            self._generation = self.keys.generation
            self._held.clear()
        now = self._clock()
        if now - self._swept < _SWEEP_SECONDS:  # a dead handle signs nothing anyway
            return
        self._swept = now
        for handle in [handle for handle, held in self._held.items() if held.until <= now]:
            self._drop(handle)

    def settle(self) -> None:
        if self._unwritten:
            self._journal.write(self._unwritten)
            self._unwritten.clear()


def _opening(value: Any) -> tuple[bytes, float]:
    if not isinstance(value, list) or len(value) != 2 or not isinstance(value[1], int | float):
        raise BadRequest
    return _bytes(value[0], HANDLE_SIZE + 1, MAX_WRAPPED), float(value[1])


class Authorities:
    """issue, answer, public, log_sign, with resident keys that never leave the store.

    A key signs one kind of thing: a CA's certificates and lists, a responder's answers, the log's roots.
    """

    max_frame = MAX_LIST_FRAME

    def __init__(self, keys: Keys, issued: IssuedLog) -> None:
        self.keys, self._log = keys, issued
        self._unwritten: list[tuple[str, bytes]] = []
        self.operations: Operations = {
            "issue": self.issue,
            "answer": self.answer,
            "public": self.public,
            "log_sign": self.log_sign,
        }
        self.together: Together = {}
        self.orders: Orders = {}

    def issue(self, argument: Any) -> object:
        """[[key name, to-be-signed certificate or CRL]] -> [[outcome, signature or reason]], RSA_SHA256."""
        items = [_issuing(value) for value in _batch(argument)]
        return [list(_attempt(partial(self._issue, name, body))) for name, body in items]

    def _issue(self, name: str, body: bytes) -> bytes:
        if name == LOG_KEY or name.startswith(RESPONDER_KEYS):
            raise NotSigned("no_such_key")
        if not is_issuable(body):
            raise NotSigned("neither_certificate_nor_list")
        return self._sign(name, body)

    def answer(self, argument: Any) -> object:
        """[[responder's key name, OCSP ResponseData]] -> [[outcome, signature or reason]], RSA_SHA256.

        Not journalled: each is made anew every day and dies within two, and the responder's certificate is.
        """
        items = [_issuing(value) for value in _batch(argument)]
        return [list(_attempt(partial(self._answer, name, body))) for name, body in items]

    def _answer(self, name: str, body: bytes) -> bytes:
        if not name.startswith(RESPONDER_KEYS):
            raise NotSigned("no_such_key")
        if not is_answer(body):
            raise NotSigned("no_answer")
        key, digest = self.keys.resident(name), hashlib.sha256(body).digest()
        return sign_one(self.keys, Order(key.handle, digest, Algorithm.RSA_SHA256))

    def public(self, argument: Any) -> object:
        """[key name] -> [[1, SubjectPublicKeyInfo] or [0, reason]]; a key is made when its name is first asked for."""
        names = _batch(argument)
        if not all(isinstance(name, str) for name in names):
            raise BadRequest
        return [list(_attempt(partial(self._public, name))) for name in names]

    def _public(self, name: str) -> bytes:
        return self.keys.resident(name).public_key

    def log_sign(self, argument: Any) -> object:
        """bytes -> [outcome, signature or reason] by the log key (decision 23)."""
        body = _bytes(argument, 1, MAX_WRAPPED)
        return list(_attempt(partial(self._sign, LOG_KEY, body)))

    def _sign(self, name: str, body: bytes) -> bytes:
        key, digest = self.keys.resident(name), hashlib.sha256(body).digest()
        self._unwritten.append((name, digest))
        return sign_one(self.keys, Order(key.handle, digest, Algorithm.RSA_SHA256))

    def settle(self) -> None:
        if self._unwritten:
            self._log.write(self._unwritten)
            self._unwritten.clear()


def _issuing(value: Any) -> tuple[str, bytes]:
    if not isinstance(value, list) or len(value) != 2 or not isinstance(value[0], str):
        raise BadRequest
    return value[0], _bytes(value[1], 1, MAX_LIST_FRAME)


def is_issuable(body: bytes) -> bool:
    """An authority's key signs certificates and lists and nothing else."""
    kinds: Sequence[Any] = (asn1.TbsCertificate, asn1_crl.TbsCertList)
    return any(_parses(kind, body) for kind in kinds)


def _parses(kind: Any, body: bytes) -> bool:
    try:
        parsed = kind.load(body, strict=True)
        return str(parsed["signature"]["algorithm"].native) == "sha256_rsa" and bool(parsed["issuer"].native)
    except (ValueError, TypeError, KeyError):
        return False


def is_answer(body: bytes) -> bool:
    """A responder's key signs a list of statuses and nothing else (RFC 6960 section 4.2.1, ResponseData)."""
    try:
        statuses = asn1_ocsp.ResponseData.load(body, strict=True)["responses"]
        return len(statuses) > 0 and all(one["cert_id"]["serial_number"].native > 0 for one in statuses)
    except (ValueError, TypeError, KeyError):
        return False
