"""Files belong to the draft from the first second: signing out, another device and another process find them."""

import json
import subprocess
import sys

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse

from enrollment.models import Attachment
from tests.enrollment.files.drawn import ONE_DAY, at, noise
from vault import files

pytestmark = pytest.mark.django_db(transaction=True)
OTHER_PROCESS = """
import json, sys
import django
django.setup()
from vault import files
print(json.dumps([len(files.read(name)) for name in sys.argv[1:]]))
"""


def test_three_files_survive_a_sign_out_another_device_and_another_process() -> None:
    person = at("photo")
    person.post("photo", {"file": noise(1), **ONE_DAY})
    person.post("licence-front", {"file": noise(2)})
    person.post("identity", {"file": noise(3), "kind": "passport", "day_on_paper": "2031-01-01"})
    rows = {row.slot: row for row in Attachment.objects.all()}
    assert set(rows) == {"photo", "licence_front", "identity"}
    person.browser.post(reverse("sign_out"))
    assert person.browser.get(reverse("file", args=[rows["photo"].public_id])).status_code == 302
    person.browser = Client()
    person.sign_in()
    for slot, row in rows.items():
        page = person.get(slot.replace("_", "-")).content.decode()
        assert row.given_name in page and "保存済み" in page
        picture = person.browser.get(reverse("file", args=[row.public_id]))
        assert picture.content == files.read(row.shown_file)
    assert "撮影日" in person.get("photo").content.decode()
    names = [row.original_file for row in rows.values()]
    environment = {
        "DJANGO_SETTINGS_MODULE": "deploy.settings",
        "INKAN_HOME": str(settings.HOME),
        "PATH": "/usr/bin:/bin",
        "PYTHONPATH": str(settings.ROOT),
    }
    found = subprocess.run(
        [sys.executable, "-c", OTHER_PROCESS, *names],
        capture_output=True,
        text=True,
        check=True,
        env=environment,
        timeout=60,
    )
    assert json.loads(found.stdout) == [len(files.read(name)) for name in names]
