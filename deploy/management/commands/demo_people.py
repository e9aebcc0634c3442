"""`manage.py demo_people`: the demo's people, officers and EHR as JSON, secrets included; refused outside the demo."""

import json
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from deploy.demo import seed


class Command(BaseCommand):
    help = "The demo's people, officers and EHR as JSON, secrets included."
    requires_system_checks = []

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.IS_DEMO:
            raise CommandError("There are no demo people here: this is not a demo (INKAN_ENV).")
        self.stdout.write(json.dumps(seed.as_json(), ensure_ascii=False, indent=2))
