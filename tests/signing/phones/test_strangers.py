"""Strangers who got hold of something: a QR code photographed, a link ended, a phone that was let in too long."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from ledger import log
from signing import credentials, links
from signing.errors import Refused
from signing.links import shown
from signing.models import Authenticator, EnrollmentLink
from signing.phones import life as phones
from tests.signing.phones.binding import Holder, new_phone
from tests.support.credentials import NOON, active_credential
from vault import tokens

pytestmark = [pytest.mark.django_db, pytest.mark.requirement("RV-9")]
OWNER = log.Actor("signer", "owner")
MINUTE = timedelta(minutes=1)


def refusal(action: Callable[[], object]) -> str:
    with pytest.raises(Refused) as caught:
        action()
    return caught.value.code


def stranger_asks(holder: Holder, means: str, at: object = NOON) -> tuple[str, str]:
    """A QR code in a stranger's own browser; the token behind it, and that browser."""
    pc = tokens.new_token()
    given = links.show(holder.credential, means=means, browser_token=pc, at=at)  # type: ignore[arg-type]
    return given.url_path.split("/")[2], pc


def bind_by(holder: Holder, means: str, at: object) -> Authenticator:
    token, _pc = stranger_asks(holder, means, at)
    browser = tokens.new_token()
    row = shown.enter(token, browser, "iPhone", at)  # type: ignore[arg-type]
    return holder._ready(row, browser, new_phone(), at).finish()  # type: ignore[arg-type]


def test_a_phone_that_gave_the_qr_code_up_does_not_finish_it_behind_the_owners_number() -> None:
    """The stranger opened it first, gave it up, and waits until the owner has compared the two digits."""
    holder = Holder()
    given = links.show(holder.credential, means="hpki_card", browser_token="pc", at=NOON)
    token = given.url_path.split("/")[2]
    strange, own = tokens.new_token(), tokens.new_token()
    kept = holder._ready(shown.enter(token, strange, "iPhone", NOON), strange, new_phone(), NOON)
    shown.release(links.find(token))
    assert refusal(kept.finish) == "link_not_opened"

    kept = holder._ready(shown.enter(token, strange, "iPhone", NOON), strange, new_phone(), NOON)
    shown.release(links.find(token))
    mine = holder._ready(shown.enter(token, own, "iPhone", NOON), own, new_phone(), NOON)
    assert refusal(kept.finish) == "wrong_browser"
    bound = mine.finish()
    assert list(Authenticator.objects.all()) == [bound]


def test_a_qr_code_that_its_holder_undid_is_not_renewed_by_whoever_asked_for_it() -> None:
    holder = Holder()
    stranger_asks(holder, "jma_numbers")
    asked = EnrollmentLink.objects.get()
    links.undo_shown(asked.public_id, actor=OWNER, at=NOON + MINUTE)
    assert refusal(lambda: shown.renew(asked, at=NOON + MINUTE)) == "authentication_old"
    assert not EnrollmentLink.objects.filter(state="open").exists()


def test_a_qr_code_does_not_come_back_over_the_phone_that_was_bound_meanwhile() -> None:
    holder = Holder()
    stranger_asks(holder, "hpki_card")
    asked = EnrollmentLink.objects.get()
    shown.agree(asked)
    new = links.create(holder.credential, at=NOON)
    holder.ready_by_link(new, new_phone(), NOON).finish()
    assert refusal(lambda: shown.renew(asked, at=NOON + MINUTE)) == "authentication_old"


@pytest.mark.parametrize("end", ["remove", "undo", "stop"])
def test_what_the_phone_asked_for_dies_with_the_phone(end: str) -> None:
    holder = Holder()
    phone = holder.bind(new_phone())
    token, _pc = stranger_asks(holder, "authenticator")
    strange = tokens.new_token()
    ready = holder._ready(shown.enter(token, strange, "iPhone", NOON), strange, new_phone(), NOON)
    if end == "remove":
        phones.remove(holder.credential, OWNER, "signer_request", NOON + MINUTE)
    elif end == "undo":
        phones.undo(holder.credential, OWNER, NOON + MINUTE)
    else:
        assert phones.stop(phone, "counter_went_back", NOON + MINUTE)
    assert refusal(ready.finish) == "link_void"
    assert EnrollmentLink.objects.latest("pk").shown_token is None


def test_a_qr_code_of_before_a_suspension_serves_nobody_after_it() -> None:
    holder = Holder()
    token, _pc = stranger_asks(holder, "authenticator")
    inbox = EnrollmentLink.objects.create(
        credential=holder.credential, kind="inbox", token_digest=b"i" * 32, created_at=NOON, expires_at=NOON
    )
    credentials.suspend(holder.credential, OWNER, "lost_phone", NOON + MINUTE)
    credentials.resume(holder.credential, OWNER, "signer_request", NOON + 2 * MINUTE)
    assert refusal(lambda: shown.enter(token, "b", "iPhone", NOON + 3 * MINUTE)) == "link_void"
    inbox.refresh_from_db()
    assert inbox.state == "open"  # a suspension is for now; the link of the inbox has its password
    credentials.revoke(holder.credential, OWNER, "unspecified", NOON + 4 * MINUTE)
    inbox.refresh_from_db()
    assert inbox.state == "void"  # and nobody is told in three months that it ran out


@pytest.mark.requirement("BD-13")
def test_the_phone_that_the_undone_one_let_in_goes_with_it() -> None:
    holder = Holder()
    bind_by(holder, "jma_numbers", NOON)
    asked = EnrollmentLink.objects.get()
    for hours in (1, 2):
        last = bind_by(holder, "authenticator", NOON + timedelta(hours=hours))
    assert links.undo_shown(asked.public_id, actor=OWNER, at=NOON + timedelta(days=1))
    last.refresh_from_db()
    assert last.state == "removed"
    assert not Authenticator.objects.filter(state__in=phones.BOUND).exists()


@pytest.mark.requirement("BD-13")
def test_a_phone_that_the_owner_bound_by_a_card_since_stays() -> None:
    holder = Holder()
    bind_by(holder, "jma_numbers", NOON)
    asked = EnrollmentLink.objects.get()
    bind_by(holder, "hpki_card", NOON + timedelta(hours=1))
    own = bind_by(holder, "authenticator", NOON + timedelta(hours=2))
    assert not links.undo_shown(asked.public_id, actor=OWNER, at=NOON + timedelta(days=1))
    own.refresh_from_db()
    assert own.state == "active"


def renewed(holder: Holder) -> None:
    """As `succession.take_over` leaves it: the phone that is bound has moved, replaced ones have not."""
    former = holder.credential
    former.state = "revoked"
    former.save()
    holder.credential = active_credential(former.signer)
    rows = Authenticator.objects.filter(credential=former, state="active")
    assert rows.update(credential=holder.credential) == 1


def test_a_phone_is_put_back_behind_the_certificate_that_stands() -> None:
    holder, mine = Holder(), new_phone()
    first = holder.bind(mine)
    holder.bind(new_phone(), NOON + MINUTE)
    renewed(holder)
    assert phones.undo(holder.credential, OWNER, NOON + timedelta(hours=1)) == first
    first.refresh_from_db()
    assert (first.state, first.credential) == ("active", holder.credential)
    assert holder.sign_in(mine, NOON + timedelta(hours=1)).session.credential == holder.credential


@pytest.mark.requirement("BD-13")
def test_undoing_reaches_a_phone_that_has_moved_to_a_renewed_certificate() -> None:
    holder = Holder()
    bound = bind_by(holder, "jma_numbers", NOON)
    asked = EnrollmentLink.objects.get()
    renewed(holder)
    assert links.undo_shown(asked.public_id, actor=OWNER, at=NOON + timedelta(days=1))
    bound.refresh_from_db()
    assert bound.state == "removed"
