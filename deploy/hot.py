"""The hot path alone, as production runs it behind nginx (decision 9): `uvicorn deploy.hot:application`."""

import os

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "deploy.settings")
django.setup()

from deploy import checks  # noqa: E402  (Django must be ready first)
from signing.api.hot import application as application  # noqa: E402

checks.refuse_unsafe_start()
