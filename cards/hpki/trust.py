"""Whom we believe about an HPKI card: one folder of anchors and revocation lists (settings.HPKI_TRUST).

The file's name says whose it is: `root.pem`, `jma.pem`, `medis-2.pem` (a second generation); lists are `*.crl`.
Nothing is ever fetched: the operator puts fresh lists there.
"""

from dataclasses import dataclass
from pathlib import Path

from cryptography import x509

from cards.hpki import profile
from cards.trust import TrustError, TrustStore, subject_key_id


@dataclass(frozen=True, slots=True)
class HpkiTrust:
    """The anchors with the code of the authority that each belongs to."""

    store: TrustStore
    codes: dict[bytes, str]

    @classmethod
    def load(cls, folder: Path) -> "HpkiTrust":
        """Raises TrustError for a folder without a root and an authority, or with a file that cannot be read."""
        store = TrustStore.load(folder)
        codes = {
            subject_key_id(certificate): path.stem.partition("-")[0]
            for path in sorted(folder.glob("*.pem"))
            for certificate in x509.load_pem_x509_certificates(path.read_bytes())
        }
        if profile.ROOT not in codes.values() or len(set(codes.values())) < 2:
            raise TrustError(f"{folder}: a root and an authority are needed")
        return cls(store, codes)

    @property
    def is_test(self) -> bool:
        """Whether any anchor's name says TEST; production settings refuse such a folder."""
        return self.store.is_test

    def authority(self, key_id: bytes) -> tuple[str, x509.Certificate | None]:
        """The authority with this key id and its code; a root issues no cards."""
        code = self.codes.get(key_id, "")
        return ("", None) if code in ("", profile.ROOT) else (code, self.store.anchor(key_id))

    def root(self, key_id: bytes) -> x509.Certificate | None:
        return self.store.anchor(key_id) if self.codes.get(key_id) == profile.ROOT else None
