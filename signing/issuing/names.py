"""The embedded authority's CAs and who issues for whom, as data. Plain.

All say TEST: none stands under the ministry's root (decision 30). `REGISTRARS` keeps the registering association apart
from the issuing CA, because one may issue for another (decision 4; seen in the field for JPA, domain.md section 1.1).
"""

from collections.abc import Callable
from datetime import date, datetime
from functools import partial
from typing import NamedTuple, TypeAlias

from signing.certificates import Period, fixed_years, nth_birthday

ROOT = "root"
Rdn: TypeAlias = tuple[tuple[str, str], ...]
Validity: TypeAlias = Callable[[datetime, date], Period]


class Registrar(NamedTuple):
    """An association as registration authority: whose CA issues for it, and for how long."""

    issuer: str
    validity: Validity


def _years(at: datetime, _birth_date: date, *, years: int) -> Period:
    return fixed_years(at, years)


def _birthday(at: datetime, birth_date: date, *, count: int) -> Period:
    return nth_birthday(at, birth_date, count)


# domain.md section 1.6: MEDIS five years, JMA and JPA until the fifth birthday after the day of issue.
REGISTRARS: dict[str, Registrar] = {
    "jma": Registrar("jma", partial(_birthday, count=5)),
    "medis": Registrar("medis", partial(_years, years=5)),
    "jpa": Registrar("jpa", partial(_birthday, count=5)),
}

# Shape of the names in domain.md section 1.1: relying parties look for "forNonRepudiation" in the CN.
NAMES: dict[str, Rdn] = {
    ROOT: (("C", "JP"), ("O", "Inkan TEST"), ("OU", "Inkan TEST HPKI Root CA")),
    "jma": (("C", "JP"), ("O", "Inkan TEST JMA"), ("CN", "HPKI-01-InkanTestJma-forNonRepudiation")),
    "medis": (("C", "JP"), ("O", "Inkan TEST MEDIS"), ("CN", "HPKI-01-InkanTestMedis-forNonRepudiation")),
    "jpa": (("C", "JP"), ("O", "Inkan TEST JPA"), ("CN", "HPKI-01-InkanTestJpa-forNonRepudiation")),
}
ISSUERS = tuple(code for code in NAMES if code != ROOT)


def key_name(code: str) -> str:
    """The resident key's name in the authorities' instance."""
    return f"ca-{code}"


def responder_key_name(code: str) -> str:
    """The key of the CA's OCSP responder, in the same instance: it signs answers and nothing else."""
    return f"ocsp-{code}"
