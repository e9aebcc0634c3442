"""The product dies at several points of one application, and nothing that was typed or uploaded is lost."""

from pathlib import Path

from tests.journeys.city import City
from tests.journeys.eyes import Eyes
from tests.journeys.form.proofs import holds_the_files, holds_the_names, is_believed_by_openssl
from tests.journeys.form.restarts import applies_with_interruptions
from tests.journeys.stories import DOCTOR


def test_an_application_survives_the_death_of_web_worker_and_everything(town: City, tmp_path: Path) -> None:
    person = town.hero(DOCTOR, Eyes("seen", is_strict=False))
    receipt = applies_with_interruptions(town, person)
    kept = town.product.tells("kept", receipt)[receipt]
    holds_the_names(kept, DOCTOR)
    holds_the_files(kept, person.sent)
    is_believed_by_openssl(kept, tmp_path)
    person.withdraws()
