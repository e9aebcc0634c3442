"""The hot path alone, as production runs it behind nginx (decision 9): `uvicorn deploy.hot:application`."""

import gc
import os

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "deploy.settings")
django.setup()

from deploy import checks  # noqa: E402  (Django must be ready first)
from signing.api.hot import application as application  # noqa: E402

checks.refuse_unsafe_start()
gc.collect()
gc.freeze()  # what is loaded now stays: nobody looks through it again
gc.set_threshold(50_000, 20, 50)  # a request leaves no circles behind; whoever does is found a little later
