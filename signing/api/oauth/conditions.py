"""Whether the day's session answers a request by itself: prompt, max_age, login_hint.

The words are OpenID Connect's (Core 1.0 section 3.1.2.1), which CSC clients and the incumbent's send. A session that
lives is never lost by them: who is asked again proves it by phone or card within the same day.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from signing.api.oauth.wanted import Unacceptable
from signing.models import SigningSession

_PROMPTS = {"none", "login", "consent", "select_account"}
_LONGEST_AGE = 10  # digits
_LONGEST_HINT = 64


class Conditions(NamedTuple):
    """`since`: an authentication after it answers `is_login`; `credential`: whose hashes they must be."""

    is_silent: bool
    is_login: bool
    max_age: timedelta | None
    login_hint: str
    credential: UUID | None
    since: datetime


def read(asked: Mapping[str, str], credential: UUID | None, since: datetime) -> Conditions:
    """Raises Unacceptable."""
    prompts = set(asked.get("prompt", "").split())
    if not prompts <= _PROMPTS or ("none" in prompts and len(prompts) > 1):
        raise Unacceptable("invalid_request", "prompt is unknown, or none stands beside another")
    age = asked.get("max_age", "")
    if age and not (age.isascii() and age.isdigit() and len(age) <= _LONGEST_AGE):
        raise Unacceptable("invalid_request", "max_age is no number of seconds")
    hint = asked.get("login_hint", "")
    if len(hint) > _LONGEST_HINT:
        raise Unacceptable("invalid_request", "login_hint is too long")
    return Conditions(
        is_silent=prompts == {"none"},
        is_login=bool(prompts - {"none"}),
        max_age=timedelta(seconds=min(int(age), 10**9)) if age else None,
        login_hint=hint,
        credential=credential,
        since=since,
    )


def is_right_person(conditions: Conditions, session: SigningSession) -> bool:
    """The person whom the caller means, where it says so: a shared PC may hold a colleague's session."""
    credential = session.credential
    if conditions.credential not in (None, credential.public_id):
        return False
    hint = conditions.login_hint
    return not hint or hint.casefold() == credential.signer.person_id.casefold()


def is_answered(conditions: Conditions, session: SigningSession, at: datetime) -> bool:
    """Whether the person's last proof is young enough for what is asked."""
    proved = proved_at(session)
    if proved >= conditions.since:
        return True
    if conditions.is_login:
        return False
    return conditions.max_age is None or at - proved <= conditions.max_age


def proved_at(session: SigningSession) -> datetime:
    return session.proved_at or session.started_at
