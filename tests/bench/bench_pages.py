"""CPU of rendering each page of the application, beside a bare Django view; and with 100,000 applications beside 100.

`python -m tests.bench.bench_pages` (MANY=5000 for fewer). Every page is asked for through Django's whole handler,
middleware included, in this process; the bare view answers a word through the same handler in the same rounds, and so
does an empty page of the site's own layout. CPU is that of this process plus that of its PostgreSQL backend
(/proc/…/schedstat), so neither a busy machine nor a slow disk counts. Aim (issue "The application form, whole"): no
page more than 1.2 times slower with 100,000 applications than with 100. What the bare view costs in each phase takes
the machine's own drift out of that ratio.
"""

import importlib
import os

os.environ["TEST_DATABASE"] = "sqlite"  # the run's own server keeps no promises; this one does

import django

from tests.support import services


def main() -> None:
    server = services.PostgreSQL(services.RUN / "bench", fsync=True)
    os.environ["DATABASE_URL"] = server.new_database("bench")
    os.environ["DJANGO_SETTINGS_MODULE"] = "deploy.settings"
    django.setup()
    importlib.import_module("tests.bench.pages").main()


if __name__ == "__main__":
    main()
