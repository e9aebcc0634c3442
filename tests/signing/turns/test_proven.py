"""What turns have signed is proven to be its own signer's, by the file that a signer has (ledger/verify_proof.py)."""

from datetime import timedelta

import pytest
from pytest_django import Settings

from ledger import clock, daily, verify_proof
from ledger.models import Entry
from signing.models import AccessToken, ClientCertificate, SignatureRecord
from signing.records import proofs
from tests.ledger import keys
from tests.signing.records.proving import published
from tests.signing.turns.running import Hot
from tests.signing.turns.test_turns import check_log, together
from tests.support import days
from tests.support.card_site import facilities
from tests.support.card_site.nginx import SECRET
from tests.support.csc import digest

KEY = keys.elliptic()


@pytest.mark.requirement("SG-6")
def test_of_signers_of_one_turn_each_proves_its_own(hot: Hot, settings: Settings) -> None:
    """Eight doctors of a hospital at one moment, over its certificate; some take two turns' worth of hashes."""
    settings.API_ORIGIN, settings.PROXY_SECRET = facilities.API_ORIGIN, SECRET
    hospital = days.ehr("みどり病院")
    hot.headers = facilities.headers(facilities.bound(hospital.client_id))
    everyone = [days.day(clock.now(), caller=hospital) for _ in range(8)]
    AccessToken.objects.update(certificate=ClientCertificate.objects.get())
    for turn in range(5):  # who meets whom in a turn is a matter of moments

        def pair(number: int, turn: int = turn) -> None:
            mine = [digest(100 * turn + 10 * number + each) for each in range(number % 3 + 1)]
            assert hot.signs(everyone[number], hot.sad(everyone[number], *mine), *mine).status == 200

        together(8, pair)
        if Entry.objects.filter(kind="signing.signed", subject="many").exists():
            break
    shared = list(Entry.objects.filter(kind="signing.signed", subject="many"))
    assert shared
    check_log()
    today, settings.CLOCK_OFFSET = clock.today(clock.now()), timedelta(days=1)
    daily.close_day(today, KEY.sign, KEY.pem)
    root = published(today)
    numbers = [entry.number for entry in shared]
    for record in SignatureRecord.objects.filter(log_shard=shared[0].shard, log_number__in=numbers):
        credential = str(record.credential.public_id)
        shown = verify_proof.verify(proofs.proof(record), root, [KEY.pem], bytes(record.digest), credential)
        assert shown["本人確認の番号 session"] == str(record.session.public_id)
        assert record.certificate is not None
        assert shown["施設の証明書 facility's certificate"] == bytes(record.certificate.thumbprint).hex()
