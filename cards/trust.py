"""Whom we believe: the JPKI anchors and revocation lists of one folder, found by key id.

The folder is the operator's (settings.JPKI_TRUST); nothing is ever fetched.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from cryptography import x509
from cryptography.x509.oid import ExtensionOID, NameOID

Extension = TypeVar("Extension", bound=x509.ExtensionType)
_LISTS_UNDERSTOOD = {ExtensionOID.ISSUING_DISTRIBUTION_POINT}


class TrustError(Exception):
    """The trust folder cannot be used; the text names the file."""


@dataclass(frozen=True, slots=True)
class TrustStore:
    """Anchors and revocation lists."""

    anchors: tuple[x509.Certificate, ...]
    lists: tuple[x509.CertificateRevocationList, ...]

    @classmethod
    def load(cls, folder: Path) -> "TrustStore":
        """Every `*.pem` is an anchor (or several), every `*.crl` a list in DER or PEM; raises TrustError."""
        anchors: list[x509.Certificate] = []
        lists: list[x509.CertificateRevocationList] = []
        for path in sorted(folder.glob("*.pem")) + sorted(folder.glob("*.crl")):
            try:
                content = path.read_bytes()
                if path.suffix == ".pem":
                    anchors += x509.load_pem_x509_certificates(content)
                elif content.startswith(b"-----"):
                    lists.append(x509.load_pem_x509_crl(content))
                else:
                    lists.append(x509.load_der_x509_crl(content))
            except (OSError, ValueError) as problem:
                raise TrustError(f"{path}: {type(problem).__name__}") from None
        if not anchors:
            raise TrustError(f"{folder}: no anchor")
        return cls(tuple(anchors), tuple(lists))

    @property
    def is_test(self) -> bool:
        """Whether any anchor's name says TEST; production settings refuse such a store."""
        return any(is_test(anchor) for anchor in self.anchors)

    def anchor(self, key_id: bytes) -> x509.Certificate | None:
        """The anchor that has this subject key identifier."""
        return next((anchor for anchor in self.anchors if key_id and subject_key_id(anchor) == key_id), None)

    def newest_list(
        self, certificate: x509.Certificate, anchor: x509.Certificate
    ) -> x509.CertificateRevocationList | None:
        """The newest list of this authority generation that covers this certificate."""
        lists = [item for item in self.lists if _covers(item, certificate, anchor)]
        return max(lists, key=lambda item: item.last_update_utc, default=None)


def is_test(anchor: x509.Certificate) -> bool:
    """Our own and the real test authority call themselves O=JPKI-TEST (domain.md 3.1)."""
    names = anchor.subject.get_attributes_for_oid(NameOID.ORGANIZATION_NAME)
    return any("TEST" in str(name.value).upper() for name in names)


def extension(
    item: x509.Certificate | x509.CertificateRevocationList, kind: type[Extension]
) -> Extension | None:
    """One extension's value, or None where it is absent; broken DER raises what the parser raises."""
    try:
        return item.extensions.get_extension_for_class(kind).value
    except x509.ExtensionNotFound:
        return None


def subject_key_id(certificate: x509.Certificate) -> bytes:
    """The certificate's own key id, b"" where it has none."""
    value = extension(certificate, x509.SubjectKeyIdentifier)
    return value.digest if value else b""


def authority_key_id(item: x509.Certificate | x509.CertificateRevocationList) -> bytes:
    """The issuer's key id, b"" where the item does not say."""
    value = extension(item, x509.AuthorityKeyIdentifier)
    return (value.key_identifier or b"") if value else b""


def _covers(
    item: x509.CertificateRevocationList, certificate: x509.Certificate, anchor: x509.Certificate
) -> bool:
    """Same authority by key id; where a list names its part (RFC 5280 5.2.5), the certificate's part."""
    if authority_key_id(item) != subject_key_id(anchor):
        return False
    if any(found.critical and found.oid not in _LISTS_UNDERSTOOD for found in item.extensions):
        return False
    part = extension(item, x509.IssuingDistributionPoint)
    if part is None:
        return True
    if part.indirect_crl or part.only_some_reasons or part.only_contains_ca_certs:
        return False
    if part.full_name is None:
        return part.relative_name is None
    points = extension(certificate, x509.CRLDistributionPoints) or ()
    return any(name in (point.full_name or ()) for point in points for name in part.full_name)
