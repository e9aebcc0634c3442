"""Which key store the settings name for a role, made in the process that is to own it."""

from pathlib import Path

from django.conf import settings
from django.utils.module_loading import import_string

from signing.keystore import KeyStore
from signing.keystore.software import SoftwareStore
from vault.keyring import Keyring

PKCS11_STORE = "signing.keystore.pkcs11.Pkcs11Store"


def keyring(role: str) -> Keyring:
    path = settings.SIGNER_KEYRING_PATH if role == "signers" else settings.ISSUER_KEYRING_PATH
    if settings.IS_DEMO and not path.exists():
        return Keyring.create(path)
    return Keyring.load(path)


def make(role: str) -> KeyStore:
    """Raises keystore.ModuleRefused where the module, token or PIN cannot be used."""
    if settings.KEYSTORE == "software":
        return SoftwareStore(keyring(role), settings.HOME / "keys" / role)
    token, pin = settings.PKCS11_TOKEN, settings.PKCS11_PIN
    if role == "authorities":
        token, pin = settings.ISSUER_PKCS11_TOKEN, settings.ISSUER_PKCS11_PIN
    # By name: the binding is an optional dependency that only this process and only this choice loads.
    store: KeyStore = import_string(PKCS11_STORE)(Path(settings.PKCS11_MODULE), token, pin)
    return store
