"""Every outbox handler with subjects that name nothing, with nonsense, and rung twice: the row tells the rest."""

import uuid

import pytest
from django.db import transaction

from deploy.events import HANDLERS
from enrollment.models import Application
from outbox import jobs
from outbox.models import Job
from signing.models import Credential
from tests.support import cases
from tests.support.credentials import active_credential

pytestmark = pytest.mark.django_db
NONSENSE = ["", "not-a-uuid", "nowhere", "../../etc/passwd", "1; DROP TABLE outbox_job", "審査", "a" * 190]


@pytest.mark.parametrize("kind", sorted(HANDLERS))
def test_a_subject_that_names_nothing_leaves_the_worker_alive_and_everything_as_it_was(kind: str) -> None:
    case, credential = cases.submitted(), active_credential()
    before = (Application.objects.values().get(), Credential.objects.values().get())
    for subject in (*NONSENSE, str(uuid.uuid4())):
        with transaction.atomic():
            job = jobs.enqueue(kind, subject)
        jobs.run(job.pk)
        jobs.run(job.pk)  # the bell rings twice
        job.refresh_from_db()
        assert job.state in (Job.State.DONE, Job.State.READY, Job.State.FAILED), subject
        assert job.attempts == 1
    assert (
        Application.objects.values().get(pk=case.pk),
        Credential.objects.values().get(pk=credential.pk),
    ) == before
