"""Model fields that are encrypted at rest with the web keyring.

The purpose is `app.model.field`, so a ciphertext moved to another column does not open. Encrypted columns
cannot be searched: look-ups other than `isnull` are refused.
"""

import json
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from django.core.exceptions import FieldError
from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models.lookups import Lookup

from vault import keyring

_ST = TypeVar("_ST", contravariant=True)
_GT = TypeVar("_GT", covariant=True)

if TYPE_CHECKING:

    class _Field(models.Field[_ST, _GT], Generic[_ST, _GT]): ...
else:  # Django's Field takes no type arguments at run time

    class _Field(models.Field, Generic[_ST, _GT]): ...


class _Encrypted(_Field[_ST, _GT], Generic[_ST, _GT]):
    empty_values = [None]

    def get_internal_type(self) -> str:
        return "BinaryField"

    def get_lookup(self, lookup_name: str) -> "type[Lookup[Any]] | None":
        if lookup_name != "isnull":
            raise FieldError(f"{self.purpose} is encrypted and cannot be searched")
        return super().get_lookup(lookup_name)

    @property
    def purpose(self) -> str:
        return f"{self.model._meta.label_lower}.{self.attname}"

    def get_db_prep_value(self, value: Any, connection: BaseDatabaseWrapper, prepared: bool = False) -> Any:
        if value is None:
            return None
        sealed = keyring.web().seal(self.purpose, self._encode(value))
        return connection.Database.Binary(sealed)  # type: ignore[attr-defined]  # the stubs leave the driver out

    def from_db_value(self, value: Any, expression: Any, connection: BaseDatabaseWrapper) -> Any:
        """Raises CannotOpen for a row that was changed outside the product."""
        return None if value is None else self._decode(keyring.web().open(self.purpose, bytes(value)))

    def value_to_string(self, obj: models.Model) -> str:
        raise FieldError(f"{self.purpose} is encrypted and is not serialized in clear")

    def _encode(self, value: Any) -> bytes:
        raise NotImplementedError

    def _decode(self, data: bytes) -> Any:
        raise NotImplementedError


class EncryptedTextField(_Encrypted[_ST, _GT]):
    """A str of any length."""

    _pyi_private_set_type: str  # read by the django-stubs plugin
    _pyi_private_get_type: str

    def _encode(self, value: str) -> bytes:
        return value.encode()

    def _decode(self, data: bytes) -> str:
        return data.decode()


class EncryptedBinaryField(_Encrypted[_ST, _GT]):
    """Bytes of any length."""

    _pyi_private_set_type: bytes  # read by the django-stubs plugin
    _pyi_private_get_type: bytes

    def _encode(self, value: bytes) -> bytes:
        return bytes(value)

    def _decode(self, data: bytes) -> bytes:
        return data


class EncryptedJSONField(_Encrypted[_ST, _GT]):
    """What JSON can say."""

    _pyi_private_set_type: Any  # read by the django-stubs plugin
    _pyi_private_get_type: Any

    def _encode(self, value: Any) -> bytes:
        return json.dumps(value, ensure_ascii=False, sort_keys=True).encode()

    def _decode(self, data: bytes) -> Any:
        return json.loads(data)
