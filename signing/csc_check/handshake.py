"""What is shown and what is trusted in the TLS handshake: a client certificate, and the server's own authority."""

import ssl
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key


def context(certificate: str = "", key: str = "", ca: str = "") -> ssl.SSLContext | None:
    """From files in PEM; None where none is named. Only the CAs of `ca` are trusted where it is named.

    `certificate` may hold its chain behind it, and its key where `key` is not named.
    Raises ValueError, which names the option and the file, never what is in it.
    """
    if key and not certificate:
        raise ValueError("--key is the key of a --certificate: name both")
    if not certificate and not ca:
        return None
    made = _trusting(ca)
    if certificate:
        option = "--key" if key else "--certificate"
        _check_pair(certificate, key or certificate, option)
        made.load_cert_chain(certificate, key or certificate)
    return made


def _trusting(ca: str) -> ssl.SSLContext:
    if not ca:
        return ssl.create_default_context()
    _read(ca, "--ca")
    try:
        return ssl.create_default_context(cafile=ca)
    except ssl.SSLError:
        raise ValueError(f"--ca {ca}: no certificate in PEM is in it") from None


def _check_pair(certificate: str, key: str, option: str) -> None:
    """OpenSSL says of a bad file only that it is bad, and asks the terminal for a password."""
    public, private = _read(certificate, "--certificate"), _read(key, option)
    try:
        shown = x509.load_pem_x509_certificate(public).public_key()
    except (ValueError, UnsupportedAlgorithm):
        raise ValueError(f"--certificate {certificate}: no certificate in PEM is in it") from None
    try:
        held = load_pem_private_key(private, None).public_key()
    except TypeError:
        raise ValueError(f"{option} {key}: the key is locked by a password; give it unlocked") from None
    except (ValueError, UnsupportedAlgorithm):
        raise ValueError(f"{option} {key}: no private key in PEM is in it") from None
    form = (Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    if shown.public_bytes(*form) != held.public_bytes(*form):
        raise ValueError(f"{option} {key}: not the key of the certificate in {certificate}")


def _read(file: str, option: str) -> bytes:
    try:
        return Path(file).read_bytes()
    except OSError as problem:
        raise ValueError(f"{option} {file}: {problem.strerror}") from None
