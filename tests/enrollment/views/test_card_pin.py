"""The PIN of the HPKI card: sealed at once, found nowhere, erased where no card is made."""

import logging
import subprocess
from pathlib import Path

import pytest
from django.conf import settings
from django.test.client import Client
from django.urls import reverse

from enrollment import statement
from enrollment.authority_data import rows
from enrollment.authority_data.kinds import PriceRow
from enrollment.models import SealedPin, Statement
from tests.enrollment.desk.test_desk import desk
from tests.enrollment.test_at_rest import _dump
from tests.support import cases
from tests.support.people import Applying

pytestmark = pytest.mark.django_db
CANARY = "83056194"  # long enough to be found by chance nowhere


@pytest.fixture
def seen(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """Every answer that any browser gets."""
    pages: list[bytes] = []
    ask = Client.request

    def request(self: Client, **about: object) -> object:
        answer = ask(self, **about)
        pages.append(str(answer.headers).encode() + b"".join(answer))
        return answer

    monkeypatch.setattr(Client, "request", request)
    return pages


@pytest.mark.requirement("DQ-23")
def test_a_pin_is_nowhere_but_sealed(
    monkeypatch: pytest.MonkeyPatch, seen: list[bytes], caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    """Neither in a page, a row, an answer, the signed bytes, a file or a log; only the authority's key opens it."""
    monkeypatch.setitem(rows.FIELDS, "jma", rows.FIELDS["jma"]._replace(card_pin_digits=len(CANARY)))
    caplog.set_level(logging.DEBUG)
    person = Applying(card_pin={"pin": CANARY, "again": CANARY})
    person.until("card-pin")
    wrong = person.post("card-pin", {"pin": CANARY, "again": CANARY[::-1]})
    assert "again" in wrong.context["form"].errors and not SealedPin.objects.exists()
    application = person.submit()
    person.browser.get(reverse("status"))
    examiner = desk(cases.officer("examiner", ("jma", "EXAMINER")))
    assert examiner.get(reverse("admin:enrollment_case", args=[application.public_id])).status_code == 200
    read = [str(row.data) for row in application.answers.all()]
    read += [bytes(row.content).decode() for row in Statement.objects.all()]
    assert read and "card-pin" not in statement.read(Statement.objects.get().content)["answers"]
    haystacks = [*seen, _dump(), "\n".join(read).encode(), caplog.text.encode()]
    haystacks += [path.read_bytes() for path in settings.HOME.rglob("*") if path.is_file()]
    assert len(seen) > 20 and not [place for place, text in enumerate(haystacks) if CANARY.encode() in text]
    (tmp_path / "pin.der").write_bytes(bytes(SealedPin.objects.get().sealed))
    key, certificate = (settings.HOME / place for place in ("card-maker/jma.key", "authorities/jma.pem"))
    command = [
        "openssl",
        "cms",
        "-decrypt",
        "-inform",
        "DER",
        "-in",
        "pin.der",
        "-inkey",
        key,
        "-recip",
        certificate,
    ]
    opened = subprocess.run(command, cwd=tmp_path, capture_output=True, check=True)
    assert opened.stdout == CANARY.encode()


@pytest.mark.requirement("DQ-26")
def test_where_no_card_is_wanted_the_pin_goes_at_once_and_its_fields_with_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    free = tuple(PriceRow(rows.BEGIN, is_member, 0, 0) for is_member in (True, False))
    monkeypatch.setitem(rows.CARDS, "jma", (rows.CARDS["jma"][0]._replace(choice=True, without=free),))
    person = Applying()
    person.until("workplace")
    assert SealedPin.objects.exists() and "pickup" in person.get("delivery").context["form"].fields
    choice = person.answers("qualification")
    assert person.post("qualification", choice | {"wants_card": "no"}).status_code == 302
    assert not SealedPin.objects.exists()
    assert set(person.get("delivery").context["form"].fields) == {"phone", "accepted"}
    assert person.get("card-pin").status_code == 302  # the step is not there any more
    person.post("qualification", choice | {"wants_card": "yes"})
    assert not SealedPin.objects.exists() and person.get("card-pin").status_code == 200


@pytest.mark.requirement("DQ-23", "DQ-26")
def test_another_authority_s_card_asks_for_the_pin_anew() -> None:
    person = Applying()
    person.until("workplace")
    person.post("qualification", person.answers("qualification") | {"authority": "medis"})
    assert not SealedPin.objects.exists()
    assert not person.application.answers.filter(step="card-pin").exists()
