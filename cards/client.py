"""What a program does with a My Number Card, over any `transmit(bytes) -> bytes`.

A transport raises OSError when the card is gone. The rules of a careful client (virtual-card.md
"Recommendation" 4): the counter is read before every VERIFY, a VERIFY is never repeated by itself, both
"locked" status words count, PINs are neither logged nor part of an error. The file with the 12-digit number is
never selected (domain.md section 9); a test watches every command for it.
"""

from collections.abc import Callable

from cards import attributes, files
from cards.apdu import Answer, ApduError, Command, Status, encode, parse_answer, tries_of
from cards.exchange import LARGEST_CERTIFICATE, CardAttributes, Medium
from cards.files import CardPin

_CHUNK = 256
# DigestInfo of SHA-256 without the 32 bytes of the digest (RFC 8017 section 9.2, note 1)
SHA256_DIGEST_INFO = bytes.fromhex("3031300d060960864801650304020105000420")
_LARGEST_TEXT = 4096


class CardError(Exception):
    """The card, or what answers in its place, did not do what a My Number Card does."""


class OtherCard(CardError):
    """A card without this application: an HPKI card, for example (BD-02). No PIN was sent."""


class Removed(CardError):
    """The card is gone; nothing was spent beyond what the counter says."""


class WrongPin(CardError):
    """Not the PIN; `tries_left` (1 or more) remain. Nothing is ever retried by itself."""

    def __init__(self, tries_left: int) -> None:
        super().__init__(f"{tries_left} tries left")
        self.tries_left = tries_left


class Locked(CardError):
    """No tries left: only the municipality unlocks (ST-06)."""


class LastTry(CardError):
    """One try is left and nobody has said that it may be spent; nothing was sent."""


class MyNumberCard:
    """One session with one card; `spend_last_try=False` refuses a VERIFY that could lock the card."""

    def __init__(self, transmit: Callable[[bytes], bytes], *, spend_last_try: bool = True) -> None:
        self._transmit = transmit
        self._spend_last_try = spend_last_try
        self._application = b""

    def medium(self) -> Medium:
        """ "card" or "phone" by the token; raises CardError for an old resident card (domain.md 3.5)."""
        self._select(files.JPKI_APPLICATION, files.TOKEN)
        token = self._read(0, files.TOKEN_SIZE).rstrip(b" \x00")
        if token == files.CARD_TOKEN:
            return "card"
        if token == files.PHONE_TOKEN:
            return "phone"
        raise CardError("neither a My Number Card nor a phone")

    def tries_left(self, which: CardPin) -> int:
        """Asking costs nothing."""
        self._select(which.value.application, which.value.file)
        status = self._exchange(Command(0x00, 0x20, 0x00, 0x80)).status
        if status in (Status.LOCKED, Status.LOCKED_ISO):
            return 0
        tries = tries_of(status)
        if tries is None:
            raise CardError(f"counter: {status:04X}")
        return tries

    def authentication_certificate(self) -> bytes:
        """DER; free on a card, on a phone only after `authenticate` in the same session."""
        return self._certificate(files.AUTHENTICATION_CERTIFICATE)

    def signature_certificate(self, password: str) -> bytes:
        """DER; it carries the four attributes, so the card wants the password first."""
        self._verify(CardPin.SIGNATURE, password)
        return self._certificate(files.SIGNATURE_CERTIFICATE)

    def attributes(self, pin: str) -> CardAttributes:
        """Name, address, birth date and sex from the text file, under the third PIN."""
        self._verify(CardPin.ATTRIBUTES, pin)
        self._select(files.TEXT_APPLICATION, files.ATTRIBUTES)
        try:
            size = files.text_size(self._read(0, 7))
            if size > _LARGEST_TEXT:
                raise CardError("text file: too large")
            return attributes.from_text_file(files.read_text(self._read_all(size)))
        except files.TextFileError as problem:
            raise CardError(f"text file: {problem}") from None

    def authenticate(self, pin: str, digest: bytes) -> bytes:
        """PKCS#1 v1.5 signature by the authentication key over a SHA-256 digest."""
        self._verify(CardPin.AUTHENTICATION, pin)
        return self._sign(files.AUTHENTICATION_KEY, digest)

    def sign(self, password: str, digest: bytes) -> bytes:
        """PKCS#1 v1.5 signature by the signature key over a SHA-256 digest."""
        self._verify(CardPin.SIGNATURE, password)
        return self._sign(files.SIGNATURE_KEY, digest)

    def _verify(self, which: CardPin, typed: str) -> None:
        """One VERIFY; raises PinFormatError before anything is sent, WrongPin, Locked or LastTry."""
        pin = which.normalised(typed)
        tries = self.tries_left(which)
        if tries == 0:
            raise Locked
        if tries == 1 and not self._spend_last_try:
            raise LastTry
        status = self._exchange(Command(0x00, 0x20, 0x00, 0x80, pin.encode("ascii"))).status
        if status == Status.OK:
            return
        left = 0 if status in (Status.LOCKED, Status.LOCKED_ISO) else tries_of(status)
        if left is None:
            raise CardError(f"verify: {status:04X}")
        if left == 0:
            raise Locked
        raise WrongPin(left)

    def _sign(self, key: int, digest: bytes) -> bytes:
        if len(digest) != 32:
            raise ValueError("a SHA-256 digest has 32 bytes")
        self._select(files.JPKI_APPLICATION, key)
        return self._must(Command(0x80, 0x2A, 0x00, 0x80, SHA256_DIGEST_INFO + digest, _CHUNK), "sign")

    def _certificate(self, file: int) -> bytes:
        self._select(files.JPKI_APPLICATION, file)
        start = self._read(0, 4)
        if start[:2] != b"\x30\x82" or len(start) < 4:
            raise CardError("certificate: not DER")
        size = int.from_bytes(start[2:4], "big") + 4
        if size > LARGEST_CERTIFICATE:
            raise CardError("certificate: too large")
        return self._read_all(size)

    def _select(self, application: bytes, file: int) -> None:
        """Selecting another application forgets a verified PIN, so the same one is not selected again."""
        if application != self._application:
            _none, status = self._exchange(Command(0x00, 0xA4, 0x04, 0x0C, application))
            if status == Status.NOT_FOUND:
                raise OtherCard("no such application")
            if status != Status.OK:
                raise CardError(f"select application: {status:04X}")
            self._application = application
        self._must(Command(0x00, 0xA4, 0x02, 0x0C, file.to_bytes(2, "big")), "select file")

    def _read_all(self, size: int) -> bytes:
        content = b""
        while len(content) < size:
            part = self._read(len(content), min(_CHUNK, size - len(content)))
            if not part:
                raise CardError("file: shorter than it says")
            content += part
        return content

    def _read(self, offset: int, size: int) -> bytes:
        part = self._must(Command(0x00, 0xB0, offset >> 8, offset & 0xFF, le=size), "read")
        return part[:size]

    def _must(self, command: Command, what: str) -> bytes:
        data, status = self._exchange(command)
        if status != Status.OK:
            raise CardError(f"{what}: {status:04X}")
        return data

    def _exchange(self, command: Command) -> Answer:
        try:
            return parse_answer(self._transmit(encode(command)))
        except OSError:
            raise Removed from None
        except ApduError:
            raise CardError("not an answer") from None
