"""Who is calling, remembered for seconds: it refuses early and saves a look; what is spent is decided by the rows.

A revocation is heard at once (NOTIFY, migration 0060) and found by the next look at the latest (decision 11).
"""

from uuid import UUID

from signing.activation import Caller
from signing.authorising.policy_rows import Policy
from signing.keystore import KeyKind
from signing.turns.binary import TRUE, read_int, read_moment
from signing.turns.calls import Known
from signing.turns.line import Rows

RECHECK = 5.0  # seconds
_MOST = 50_000


class Memory:
    """By the token's digest."""

    def __init__(self) -> None:
        self._known: dict[bytes, Known] = {}
        self._of_session: dict[int, set[bytes]] = {}
        self.heard = 0
        """How many times something was forgotten: who looks meanwhile remembers nothing."""

    def find(self, token: bytes, now: float) -> Known | None:
        """None where it must be looked up."""
        known = self._known.get(token)
        return known if known is not None and now - known.checked < RECHECK else None

    def learn(self, tokens: list[bytes], rows: Rows, now: float, heard: int) -> dict[bytes, Known]:
        """What KNOW has answered for these tokens; `heard` as it was before it was asked."""
        for token in tokens:
            self._known.pop(token, None)
        found = {}
        for row in rows:
            token = tokens[read_int(row[0] or b"") - 1]
            found[token] = _known(row, now)
        if heard == self.heard:
            if len(self._known) + len(found) > _MOST:
                self._known.clear()
                self._of_session.clear()
            for token, known in found.items():
                self._known[token] = known
                self._of_session.setdefault(known.caller.session, set()).add(token)
        return found

    def hear(self, news: str) -> None:
        """`session ID` forgets what that session's tokens lead to, anything else everything."""
        self.heard += 1
        kind, _, number = news.partition(" ")
        if kind == "session" and number.isdecimal():
            for token in self._of_session.pop(int(number), ()):
                self._known.pop(token, None)
        else:
            self._known.clear()
            self._of_session.clear()


def _known(row: tuple[bytes | None, ...], now: float) -> Known:
    value = [column or b"" for column in row]
    return Known(
        caller=Caller(
            client=read_int(value[1]),
            client_id=value[2].decode(),
            session=read_int(value[3]),
            credential=read_int(value[7]),
            session_expires_at=read_moment(value[6]),
            key_kind=KeyKind(value[13].decode()),
            certificate=read_int(value[14]) if row[14] is not None else 0,
            thumbprint=value[15].hex(),
            facility=value[16].decode(),
            scope=value[19].decode(),
            auth_mode="oauth2code" if value[20] == TRUE else "implicit",
        ),
        session_id=value[4],
        means=value[5].decode(),
        credential_id=UUID(bytes=value[8]),
        credential_octets=value[8],
        has_signed=value[22] == TRUE,
        policy=_policy(row[23:26]),
        is_bound=value[21] == TRUE,
        certificate_begins=read_moment(value[17]) if row[17] is not None else None,
        certificate_ends=read_moment(value[18]) if row[18] is not None else None,
        authority=value[9].decode(),
        state=value[10].decode(),
        not_after=read_moment(value[11]) if row[11] is not None else None,
        expires_at=read_moment(value[12]),
        checked=now,
    )


def _policy(row: tuple[bytes | None, ...]) -> Policy | None:
    above, *wishes = row
    return None if above is None else Policy(read_int(above), *(wish == TRUE for wish in wishes))
