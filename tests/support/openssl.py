"""What a stranger with nothing but openssl and our public addresses finds (foreign witness of house.md)."""

import subprocess
import urllib.request
from pathlib import Path


def _fetch(url: str) -> bytes:
    with urllib.request.urlopen(url, timeout=20) as answer:
        return bytes(answer.read())


def _openssl(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["openssl", *arguments], capture_output=True, text=True, check=False)


def _told(done: subprocess.CompletedProcess[str]) -> str:
    return (done.stdout + done.stderr).strip()


class Stranger:
    """Keeps what it fetched in a folder of its own."""

    def __init__(self, server: str, folder: Path) -> None:
        self.server, self.folder = server, folder
        folder.mkdir(parents=True, exist_ok=True)

    def _pem(self, kind: str, name: str, der: bytes) -> Path:
        raw, pem = self.folder / f"{name}.der", self.folder / f"{name}.pem"
        raw.write_bytes(der)
        done = _openssl(kind, "-inform", "DER", "-in", f"{raw}", "-out", f"{pem}")
        assert done.returncode == 0, _told(done)
        return pem

    def verifies_certificate(self, certificate: bytes, authority: str) -> str:
        """`openssl verify` over /pki/root.crt, /pki/<authority>.crt and its list; "OK" or what openssl says."""
        signer = self._pem("x509", "signer", certificate)
        root = self._pem("x509", "root", _fetch(f"{self.server}/pki/root.crt"))
        issuer = self._pem("x509", authority, _fetch(f"{self.server}/pki/{authority}.crt"))
        listed = self._pem("crl", f"{authority}-crl", _fetch(f"{self.server}/pki/{authority}.crl"))
        trust = ["-trusted", f"{root}", "-untrusted", f"{issuer}"]
        done = _openssl("verify", *trust, "-crl_check", "-CRLfile", f"{listed}", f"{signer}")
        return "OK" if done.returncode == 0 and _told(done) == f"{signer}: OK" else _told(done)

    def verifies_signature(self, certificate: bytes, signature: bytes, content: bytes) -> str:
        """`openssl dgst -sha256 -verify` with the certificate's key; "Verified OK" or what openssl says."""
        signer = self._pem("x509", "signer", certificate)
        key, signed, text = (self.folder / name for name in ("signer.pub", "signature", "content"))
        key.write_text(_openssl("x509", "-in", f"{signer}", "-noout", "-pubkey").stdout)
        signed.write_bytes(signature)
        text.write_bytes(content)
        return _told(_openssl("dgst", "-sha256", "-verify", f"{key}", "-signature", f"{signed}", f"{text}"))

    def reads(self, certificate: bytes) -> str:
        """Subject, issuer and extensions in openssl's words."""
        signer = self._pem("x509", "signer", certificate)
        return _openssl("x509", "-in", f"{signer}", "-noout", "-text", "-nameopt", "utf8").stdout
