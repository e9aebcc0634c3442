import uuid

import pytest
from django.db import connection

from outbox import notices
from outbox.models import Notice

pytestmark = pytest.mark.django_db
DOCTOR, STRANGER = uuid.uuid4(), uuid.uuid4()
SECRET = '{"password": "abc23", "url": "/r/xyz/"}'


def post(title: str = "審査が完了しました", **options: str) -> Notice:
    return notices.post(DOCTOR, "link", title, "この端末で開いてください。", **options)


def test_the_inbox_shows_the_owners_notices_newest_first() -> None:
    post("一通目")
    post("二通目")
    notices.post(STRANGER, "link", "他人宛", "")
    assert [notice.title for notice in notices.inbox(DOCTOR)] == ["二通目", "一通目"]
    assert notices.inbox(DOCTOR)[0].body == "この端末で開いてください。"


def test_a_notice_is_read_once_and_only_by_its_owner() -> None:
    notice = post()
    assert not notices.mark_read(STRANGER, notice.public_id)
    assert notices.unread(DOCTOR) == 1
    assert notices.mark_read(DOCTOR, notice.public_id)
    first = notices.inbox(DOCTOR)[0].read_at
    assert notices.mark_read(DOCTOR, notice.public_id)
    assert notices.inbox(DOCTOR)[0].read_at == first
    assert notices.unread(DOCTOR) == 0


def test_the_secret_is_its_owners_alone() -> None:
    notice = post(secret=SECRET, about="credential-1")
    assert notices.secret_of(DOCTOR, notice.public_id) == SECRET
    assert notices.secret_of(STRANGER, notice.public_id) == ""
    assert notices.secret_of(DOCTOR, uuid.uuid4()) == ""
    with connection.cursor() as cursor:
        cursor.execute("SELECT secret FROM outbox_notice")
        assert b"abc23" not in bytes(cursor.fetchone()[0])


def test_the_list_does_not_even_read_the_secret() -> None:
    post(secret=SECRET)
    assert "secret" in notices.inbox(DOCTOR)[0].get_deferred_fields()


def test_an_erased_secret_is_gone_and_the_notice_stays() -> None:
    notice, other = post(secret=SECRET, about="credential-1"), post(secret=SECRET, about="credential-2")
    assert notices.erase_secret("credential-1") == 1
    assert notices.erase_secret("credential-1") == 0
    assert notices.secret_of(DOCTOR, notice.public_id) == ""
    assert notices.secret_of(DOCTOR, other.public_id) == SECRET
    assert Notice.objects.get(pk=notice.pk).secret_erased_at is not None


def test_a_repeated_task_posts_one_notice() -> None:
    assert post(dedupe="credential-1:link").pk == post(dedupe="credential-1:link").pk
    assert post().pk != post().pk
