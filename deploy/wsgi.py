"""Django's WSGI door: everything but the signing hot path."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "deploy.settings")
application = get_wsgi_application()

from deploy import checks  # noqa: E402  (reads the settings that the line above has loaded)

checks.refuse_unsafe_start()
