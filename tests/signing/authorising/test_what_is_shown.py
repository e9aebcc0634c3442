"""SG-3: what the signer reads before approving: facility, system, each document by its place; whatever was sent."""

import pytest
from pytest_django import Settings

from ledger import clock
from ledger.log import Actor
from ledger.models import Entry
from signing.activation import Caller
from signing.api import client_certificates
from signing.authorising import answering, approvals, labels
from signing.errors import Refused
from signing.flow import Approval as State
from signing.models import AccessToken, Activation, Approval, ClientCertificate
from tests.signing.authorising.asking import NARCOTICS, Signer, ask, withdrawn
from tests.support.card_site import facilities
from tests.support.card_site.nginx import SECRET
from tests.support.csc import Api, digest

pytestmark = pytest.mark.requirement("SG-3")
LINES = "処方箋 2 件 #麻薬\n#1 処方箋 内科\n#2 処方箋 皮膚科"


class TestLines:
    """`#N NAME` names a hash; everything else stays in the text, so that nothing is hidden."""

    @pytest.mark.parametrize(
        ("description", "count", "text", "names"),
        [
            (LINES, 2, "処方箋 2 件 #麻薬", ("処方箋 内科", "処方箋 皮膚科")),
            ("#2\u3000二番目", 2, "", ("", "二番目")),
            ("#3 多すぎる\n#0 無い\n#01 八進", 2, "#3 多すぎる\n#0 無い\n#01 八進", ("", "")),
            ("#1 一\n#1 もう一つ", 1, "#1 もう一つ", ("一",)),
            ("#1", 1, "#1", ("",)),
            ("#麻薬 処方箋", 1, "#麻薬 処方箋", ("",)),
            (f"#1 {'長' * 201}", 1, f"#1 {'長' * 201}", ("",)),
            ("#99999999999 x", 1, "#99999999999 x", ("",)),
            ("#1 麻薬 #麻薬\r\n#2 x\u2028#3 y", 3, "", ("麻薬 #麻薬", "x", "y")),
            ("", 1, "", ("",)),
        ],
    )
    def test_each_is_read_as_it_is_written(
        self, description: str, count: int, text: str, names: tuple[str, ...]
    ) -> None:
        assert labels.read(description, count) == (text, names)

    def test_labels_that_the_protocol_carries_count(self) -> None:
        assert labels.told("#1 x", ("一", ""), 2) == ("#1 x", ("一", ""))
        assert labels.told("#1 x", ("", ""), 2) == ("", ("x", ""))

    def test_what_cannot_be_seen_or_turns_the_text_shows_as_a_mark(self) -> None:
        assert labels.seen("a\u202eb\u200bc\x00d\ue000e\nf") == "a�b�c�d�e\nf"
        assert labels.seen("髙橋\U000e0100 𠮷 ゔ") == "髙橋\U000e0100 𠮷 ゔ"


def test_the_page_names_each_document_and_the_record_keeps_the_names(v2: Api, signer: Signer) -> None:
    handle, approval = ask(v2, digest(1), digest(2), description=LINES)
    text = signer.page(approval).content.decode()
    for word in ("処方箋 内科", "処方箋 皮膚科", digest(2).hex()[:16], '<details class="more" open>'):
        assert word in text, word
    assert "#1" not in text and "施設の証明書を使っていません" in text
    signer.approve(approval)
    v2.call("credentials/authorizeCheck", {"handle": handle})
    assert Activation.objects.get().labels == ["処方箋 内科", "処方箋 皮膚科"]
    assert "内科" not in str([entry.data for entry in Entry.objects.all()])


def test_hostile_words_are_text_on_the_page(v2: Api, signer: Signer) -> None:
    hostile = '#麻薬 <script>alert(1)</script>\u202e\n#1 "><img src=x onerror=alert(1)>\u200b'
    _handle, approval = ask(v2, digest(1), description=hostile)
    for page in (signer.page(approval), signer.client.get("/me/approvals/")):
        text = page.content.decode()
        assert page.status_code == 200
        assert "<script>alert" not in text and "<img src=x" not in text and "\u202e" not in text
        assert "&lt;script&gt;" in text


def test_what_was_told_is_part_of_what_is_approved(v2: Api, signer: Signer) -> None:
    """Whoever changes the row's words afterwards is found out: the challenge is another one."""
    _handle, approval = ask(v2, digest(1), description=LINES)
    before = approvals.challenge(approval)
    approval.description = b"lunch"
    assert approvals.challenge(approval) != before


class TestFacility:
    """The approval is bound to the certificate over which it was asked for, as a SAD is."""

    @pytest.fixture
    def bound(self, v2: Api, settings: Settings) -> Caller:
        """The caller, bound to its facility's certificate."""
        settings.API_ORIGIN, settings.PROXY_SECRET = facilities.API_ORIGIN, SECRET
        facilities.bound(v2.day.client.client_id)
        return over(v2, ClientCertificate.objects.get())

    def asked(self, v2: Api, caller: Caller) -> tuple[str, Approval]:
        made = approvals.ask(
            caller,
            v2.day.credential.public_id,
            [digest(1)],
            why=["many"],
            at=clock.now(),
            description=NARCOTICS,
        )
        rows = Approval.objects.select_related("certificate", "client", "credential__signer")
        return made.handle, rows.latest("pk")

    def test_row_page_challenge_and_log_name_it(self, v2: Api, signer: Signer, bound: Caller) -> None:
        handle, approval = self.asked(v2, bound)
        assert approval.certificate_id == bound.certificate
        text = signer.page(approval).content.decode()
        assert facilities.NAME in text and "電子カルテ" in text
        assert facilities.NAME in signer.client.get("/me/approvals/").content.decode()
        other = approvals.challenge(approval)
        approval.certificate = None
        assert approvals.challenge(approval) != other
        signer.approve(approval)
        made = approvals.check(bound, handle, clock.now())
        assert not isinstance(made, approvals.Waiting)
        assert made.activation.certificate_id == bound.certificate
        for kind in ("signing.approval_asked", "signing.approval_taken"):
            assert Entry.objects.get(kind=kind).data["certificate"] == bound.thumbprint

    def test_over_another_certificate_or_none_it_is_not_there(
        self, v2: Api, signer: Signer, bound: Caller
    ) -> None:
        handle, approval = self.asked(v2, bound)
        signer.approve(approval)
        approval.refresh_from_db()
        facilities.bound(v2.day.client.client_id)
        for caller in (over(v2, ClientCertificate.objects.latest("pk")), v2.day.caller):
            with pytest.raises(Refused, match="handle_unknown"):
                approvals.check(caller, handle, clock.now())
            with pytest.raises(Refused, match="handle_unknown"):
                approvals.take(approval, caller, clock.now())
        assert not isinstance(approvals.check(bound, handle, clock.now()), approvals.Waiting)

    def test_one_asked_for_without_a_certificate_is_not_fetched_over_one(
        self, v2: Api, signer: Signer
    ) -> None:
        handle, approval = ask(v2, digest(1))
        signer.approve(approval)
        facilities.bound(v2.day.client.client_id)
        with pytest.raises(Refused, match="handle_unknown"):
            approvals.check(over(v2, ClientCertificate.objects.get()), handle, clock.now())

    def test_it_ends_with_the_certificate(self, v2: Api, signer: Signer, bound: Caller) -> None:
        _handle, approval = self.asked(v2, bound)
        row = ClientCertificate.objects.get()
        client_certificates.end(bytes(row.thumbprint), clock.now(), Actor("operator", "o"))
        assert withdrawn(approval) == ("certificate_ended", "waiting")
        assert signer.page(approval).status_code == 410
        with pytest.raises(Refused, match="approval_unknown"):
            answering.by_card(approval, v2.day.credential, "{}", clock.now())

    def test_what_is_asked_at_a_browser_is_fetched_over_what_the_page_named(
        self, v2: Api, signer: Signer, bound: Caller
    ) -> None:
        """No certificate is shown there: all of the system's that lived then count, none that came later."""
        caller = v2.day.caller
        digests, at = [digest(1)], clock.now()
        for _ in range(2):
            approvals.ask(
                caller,
                v2.day.credential.public_id,
                digests,
                why=["many"],
                at=at,
                next_path="/oauth2/authorize?x",
            )
        first, second = Approval.objects.order_by("pk")
        assert facilities.NAME in signer.page(first).content.decode()
        Approval.objects.update(state=State.APPROVED)
        facilities.bound(v2.day.client.client_id, clock.now())
        newer = ClientCertificate.objects.latest("pk")
        with pytest.raises(Refused, match="handle_unknown"):
            approvals.take(first, over(v2, newer), clock.now())
        assert approvals.take(second, bound, clock.now()).activation.certificate_id == bound.certificate


def over(v2: Api, row: ClientCertificate) -> Caller:
    """The day's caller with this certificate."""
    AccessToken.objects.filter(session=v2.day.session).update(certificate=row)
    return v2.day.caller._replace(
        certificate=row.pk, thumbprint=bytes(row.thumbprint).hex(), facility=row.facility
    )
