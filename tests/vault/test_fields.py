from collections.abc import Iterator
from typing import Any

import pytest
from django.core.exceptions import FieldError
from django.db import connection, models
from django.test.utils import isolate_apps

from vault.fields import EncryptedBinaryField, EncryptedJSONField, EncryptedTextField
from vault.keyring import CannotOpen


@pytest.fixture
def patient(transactional_db: None) -> Iterator[Any]:
    with isolate_apps("vault"):

        class Patient(models.Model):
            name = EncryptedTextField()
            picture = EncryptedBinaryField(null=True)
            notes = EncryptedJSONField(default=dict)

            class Meta:
                app_label = "vault"

            def __str__(self) -> str:
                return str(self.pk)

        with connection.schema_editor() as editor:
            editor.create_model(Patient)
        yield Patient
        with connection.schema_editor() as editor:
            editor.delete_model(Patient)


def raw(column: str) -> bytes:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {column} FROM vault_patient")
        return bytes(cursor.fetchone()[0])


def test_values_come_back_and_the_column_holds_none_of_them(patient: Any) -> None:
    patient.objects.create(name="髙橋 𠮷子", picture=b"\0pixels", notes={"年": 2026, "list": [1, None]})
    found = patient.objects.get()
    assert (found.name, found.picture, found.notes) == (
        "髙橋 𠮷子",
        b"\0pixels",
        {"年": 2026, "list": [1, None]},
    )
    assert "髙橋".encode() not in raw("name")
    assert b"pixels" not in raw("picture")
    assert b"2026" not in raw("notes")


def test_nothing_is_nothing_and_empty_is_empty(patient: Any) -> None:
    patient.objects.create(name="", picture=None)
    found = patient.objects.get()
    assert (found.name, found.picture, found.notes) == ("", None, {})
    assert patient.objects.filter(picture__isnull=True).count() == 1


def test_updates_are_sealed_too(patient: Any) -> None:
    patient.objects.create(name="old")
    patient.objects.update(name="new name")
    assert patient.objects.get().name == "new name"
    assert b"new name" not in raw("name")


def test_a_ciphertext_moved_to_another_column_does_not_open(patient: Any) -> None:
    patient.objects.create(name="a", picture=b"b")
    with connection.cursor() as cursor:
        cursor.execute("UPDATE vault_patient SET name = picture")
    with pytest.raises(CannotOpen):
        patient.objects.get()


@pytest.mark.parametrize("lookup", ["name", "name__contains", "name__in"])
def test_searching_is_refused_instead_of_finding_nothing(patient: Any, lookup: str) -> None:
    with pytest.raises(FieldError, match="cannot be searched"):
        patient.objects.filter(**{lookup: "a"}).exists()
