"""`manage.py prepare_demo`: makes an installation ready for `make run` and prints the table of demo people.

Everything here may be repeated: what exists is kept (decision 38: a second `make run` goes on with the data). The
keys' processes must run, for the authorities' certificates are made here once.
"""

import time
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError

from deploy import health
from deploy.celery import declare_queues
from deploy.demo import seed
from signing.issuing import setup
from vault import keyring

PATIENCE = 30.0


def _wait_for_the_keys() -> None:
    until = time.monotonic() + PATIENCE
    for name, probe in (("signer", health.signer), ("issuer", health.issuer)):
        while True:
            try:
                probe()
                break
            except health.NotReady:
                if time.monotonic() > until:
                    raise CommandError(f"The {name} process does not answer; see logs/{name}.log.") from None
                time.sleep(0.1)


class Command(BaseCommand):
    help = "Keys, database, queues and demo data."
    requires_system_checks = []

    def handle(self, *args: Any, **options: Any) -> None:
        settings.STATIC_ROOT.mkdir(exist_ok=True)  # empty: the demo serves files from where they stand
        keyring.web()
        call_command("migrate", interactive=False, verbosity=0)
        declare_queues()
        _wait_for_the_keys()
        setup.ensure()
        seed.ensure()
        self.stdout.write(seed.table())
