"""`manage.py prepare_demo`: makes an installation ready for `make run` and prints the table of demo people.

Everything here may be repeated: what exists is kept (decision 38: a second `make run` goes on with the data).
"""

from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand

from deploy.celery import declare_queues
from deploy.demo import seed
from vault.keyring import Keyring


class Command(BaseCommand):
    help = "Keys, database, queues and demo data."
    requires_system_checks = []

    def handle(self, *args: Any, **options: Any) -> None:
        for path in (settings.KEYRING_PATH, settings.SIGNER_KEYRING_PATH, settings.ISSUER_KEYRING_PATH):
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            if not path.exists():
                Keyring.create(path)
        settings.STATIC_ROOT.mkdir(exist_ok=True)  # empty: the demo serves files from where they stand
        call_command("migrate", interactive=False, verbosity=0)
        declare_queues()
        seed.ensure()
        self.stdout.write(seed.table())
