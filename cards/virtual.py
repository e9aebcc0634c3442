"""A My Number Card in software: bytes in, bytes out (virtual-card.md "APDU table").

No sockets, no clock, no threads; counters and locks survive in the card's file (`cards.chip`). No byte sequence
raises: what is no command gets a status word. Selection and verified secrets live as long as this object, which
stands for one session with a powered card.
"""

import hmac
from collections.abc import Callable
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import padding, utils

from cards import chip, files
from cards.apdu import ApduError, Command, Status, answer, parse, tries_status
from cards.chip import Application, Secret

_PIN_REFERENCE = 0x80  # "the secret whose file is selected"


class _Refusal(Exception):
    """Ends a command with a status word."""

    def __init__(self, status: int) -> None:
        self.status = status


class VirtualCard:
    """One powered card whose memory is the file `state_path`; raises chip.ChipUnreadable if there is none."""

    def __init__(self, state_path: Path, *, locked_status: Status = Status.LOCKED) -> None:
        self._path = state_path
        self._locked_status = locked_status
        self._chip = chip.read(state_path)
        self._commands: dict[tuple[int, int], Callable[[Command], bytes]] = {
            (0x00, 0xA4): self._select,
            (0x00, 0xB0): self._read_binary,
            (0x00, 0xB2): self._read_record,
            (0x00, 0x20): self._verify,
            (0x00, 0x24): self._change,
            (0x80, 0x2A): self._sign,
        }
        self.reset()

    @classmethod
    def create(cls, state_path: Path, memory: chip.Chip) -> "VirtualCard":
        """Write a new card's memory, replacing what was there, and power it."""
        chip.write(state_path, memory)
        return cls(state_path)

    def reset(self) -> None:
        """Power off and on: nothing is selected, nothing verified; the counters stay."""
        self._selected = b""
        self._file: int | None = None
        self._verified: set[int] = set()

    def transmit(self, raw: bytes) -> bytes:
        """Answer one command APDU: data and status word. Never raises, whatever the bytes."""
        try:
            command = parse(raw)
        except ApduError:
            return answer(Status.WRONG_LENGTH)
        handler = self._commands.get((command.cla, command.ins))
        if handler is None:
            return answer(Status.INS_UNKNOWN if command.cla in (0x00, 0x80) else Status.CLA_UNKNOWN)
        try:
            return answer(Status.OK, handler(command))
        except _Refusal as refusal:
            return answer(refusal.status)

    @property
    def _application(self) -> Application:
        if not self._selected:
            raise _Refusal(Status.NO_CURRENT_EF)
        return self._chip.applications[self._selected]

    def _current(self) -> int:
        if self._file is None:
            raise _Refusal(Status.NO_CURRENT_EF)
        return self._file

    def _select(self, command: Command) -> bytes:
        if command.p1 == 0x04:
            return self._select_application(command.data)
        if command.p1 != 0x02:
            raise _Refusal(Status.WRONG_P1_P2)
        if len(command.data) != 2:
            raise _Refusal(Status.WRONG_LENGTH)
        number = int.from_bytes(command.data, "big")
        application = self._chip.applications.get(self._selected, Application())
        if number not in application.files.keys() | application.keys.keys() | application.secrets.keys():
            raise _Refusal(Status.NOT_FOUND)
        self._file = number
        return b""

    def _select_application(self, aid: bytes) -> bytes:
        if aid not in self._chip.applications:
            raise _Refusal(Status.NOT_FOUND)
        if aid != self._selected:
            self._verified.clear()
        self._selected, self._file = aid, None
        return b""

    def _read_binary(self, command: Command) -> bytes:
        ef = self._application.files.get(self._current())
        if ef is None:
            raise _Refusal(Status.NO_CURRENT_EF)
        if ef.guards and not self._verified.intersection(ef.guards):
            raise _Refusal(Status.NOT_VERIFIED)
        offset = command.p1 << 8 | command.p2
        if offset >= len(ef.content):
            raise _Refusal(Status.OFFSET_OUTSIDE)
        return ef.content[offset : offset + (command.le or 0)]

    def _read_record(self, command: Command) -> bytes:
        if command.p2 != files.RECORD_FILE << 3 | 0x04:
            raise _Refusal(Status.NOT_FOUND)
        record = self._application.records.get(command.p1)
        if record is None:
            raise _Refusal(Status.RECORD_NOT_FOUND)
        return record[: command.le or 0]

    def _verify(self, command: Command) -> bytes:
        if (command.p1, command.p2) != (0x00, _PIN_REFERENCE):
            raise _Refusal(Status.WRONG_P1_P2)
        number = self._current()
        with chip.alone(self._path):
            secret = self._reloaded(number)
            if not command.data:
                raise _Refusal(tries_status(secret.tries))
            if secret.tries == 0:
                raise _Refusal(self._locked_status)
            secret.tries -= 1  # counted before it is compared: pulling the plug saves no try
            chip.write(self._path, self._chip)
            self._verified.discard(number)
            if not hmac.compare_digest(secret.value.encode("ascii"), command.data):
                raise _Refusal(tries_status(secret.tries))
            secret.tries = secret.limit
            chip.write(self._path, self._chip)
        self._verified.add(number)
        return b""

    def _change(self, command: Command) -> bytes:
        if (command.p1, command.p2) != (0x01, _PIN_REFERENCE):
            raise _Refusal(Status.WRONG_P1_P2)
        number = self._current()
        if number not in self._verified:
            raise _Refusal(Status.NOT_VERIFIED)
        place = next((pin for pin in files.CardPin if pin.value[:2] == (self._selected, number)), None)
        if place is None:
            raise _Refusal(Status.CONDITIONS)
        try:
            new = place.normalised(command.data.decode("ascii"))
        except (UnicodeDecodeError, files.PinFormatError):
            raise _Refusal(Status.WRONG_DATA) from None
        with chip.alone(self._path):
            self._reloaded(number).value = new
            chip.write(self._path, self._chip)
        return b""

    def _sign(self, command: Command) -> bytes:
        if (command.p1, command.p2) != (0x00, _PIN_REFERENCE):
            raise _Refusal(Status.WRONG_P1_P2)
        key = self._application.keys.get(self._current())
        if key is None:
            raise _Refusal(Status.CONDITIONS)
        if key.guard not in self._verified:
            raise _Refusal(Status.NOT_VERIFIED)
        try:  # the card pads what it is given; it does not look inside the DigestInfo
            return key.load().sign(command.data, padding.PKCS1v15(), utils.NoDigestInfo())
        except ValueError:
            raise _Refusal(Status.WRONG_DATA) from None

    def _reloaded(self, number: int) -> Secret:
        """The secret as it stands in the file now: another session may have counted meanwhile."""
        self._chip = chip.read(self._path)
        secret = self._application.secrets.get(number)
        if secret is None:
            raise _Refusal(Status.CONDITIONS)
        return secret
