"""Which words of a caller make which signature, and that nothing beside the table does (security.md threat 17)."""

import base64
from typing import Any

import pytest
from asn1crypto import algos
from asn1crypto.keys import PublicKeyInfo
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from pyhanko.sign.general import optimal_pss_params

from signing.api.algorithms import CURVES, HASHES, PSS, PSS_PARAMETERS, RSA, SIGNATURES, chosen, key_facts
from signing.api.errors import BadRequest
from signing.keystore import Algorithm, KeyKind, fits

SHA1, MD5_RSA, SHA1_RSA, DSA = (
    "1.3.14.3.2.26",
    "1.2.840.113549.1.1.4",
    "1.2.840.113549.1.1.5",
    "1.2.840.10040.4.1",
)
SHA256 = "2.16.840.1.101.3.4.2.1"
RSA_KINDS = [kind for kind in KeyKind if kind.is_rsa]
CURVE_KINDS = [kind for kind in KeyKind if not kind.is_rsa]


def refused(
    sign_algo: str, parameters: str = "", hash_algo: str = "", kind: KeyKind = KeyKind.RSA_2048
) -> str:
    with pytest.raises(BadRequest) as refusal:
        chosen(sign_algo, parameters, hash_algo, kind)
    return f"{refusal.value.code} {refusal.value.name}"


def pss(name: str = "sha256", mask: str = "", salt: int = 32, **more: Any) -> str:
    """Base64 of RSASSA-PSS-params as a foreign library writes them."""
    parts = {
        "hash_algorithm": {"algorithm": name},
        "mask_gen_algorithm": {"algorithm": "mgf1", "parameters": {"algorithm": mask or name}},
        "salt_length": salt,
        **more,
    }
    return base64.b64encode(algos.RSASSAPSSParams(parts).dump()).decode()


@pytest.mark.parametrize("kind", list(KeyKind))
@pytest.mark.parametrize("identifier", list(SIGNATURES))
def test_a_listed_algorithm_signs_with_its_kind_of_key_alone(kind: KeyKind, identifier: str) -> None:
    if fits(kind, SIGNATURES[identifier]):
        assert chosen(identifier, "", "", kind) is SIGNATURES[identifier]
    else:
        assert refused(identifier, kind=kind) == "invalid signAlgo"


def test_the_identifiers_are_those_of_the_standards() -> None:
    for identifier, algorithm in SIGNATURES.items():
        assert algos.SignedDigestAlgorithmId(identifier).native == f"{algorithm.hash_name}_{algorithm.scheme}"
    assert {algos.DigestAlgorithmId(one).native for one in HASHES} == set(HASHES.values())


@pytest.mark.parametrize("kind", RSA_KINDS)
@pytest.mark.parametrize(("identifier", "name"), list(HASHES.items()))
def test_bare_rsa_takes_the_digest_named_beside_it(kind: KeyKind, identifier: str, name: str) -> None:
    assert chosen(RSA, "", identifier, kind) == f"rsa-{name}"


@pytest.mark.parametrize("kind", CURVE_KINDS)
def test_a_curve_signs_neither_bare_rsa_nor_pss(kind: KeyKind) -> None:
    assert refused(RSA, "", SHA256, kind) == "invalid signAlgo"
    assert refused(PSS, pss(), SHA256, kind) == "invalid signAlgo"


@pytest.mark.parametrize(
    "identifier", ["1.2.3", SHA1_RSA, MD5_RSA, DSA, SHA256, "rsa", "1.2.840.10045.4.1", " "]
)
def test_what_stands_in_no_table_is_refused(identifier: str) -> None:
    for kind in KeyKind:
        assert refused(identifier, "", SHA256, kind) == "invalid signAlgo"


def test_what_is_missing_is_named() -> None:
    assert refused("") == "missing_string signAlgo"
    assert refused(RSA) == "missing_string hashAlgo"
    assert refused(RSA, hash_algo=SHA1) == "invalid hashAlgo"
    assert refused(PSS, hash_algo=SHA256) == "missing_string signAlgoParams"
    with pytest.raises(BadRequest) as refusal:
        chosen(RSA, "", "", KeyKind.RSA_2048, hash_name="hashAlgorithmOID")
    assert refusal.value.name == "hashAlgorithmOID"


def test_a_digest_beside_an_algorithm_that_names_its_own_is_ignored() -> None:
    assert chosen("1.2.840.113549.1.1.13", "", SHA256, KeyKind.RSA_2048) is Algorithm.RSA_SHA512


class TestPss:
    @pytest.mark.parametrize("kind", RSA_KINDS)
    @pytest.mark.parametrize(("name", "salt"), [("sha256", 32), ("sha384", 48), ("sha512", 64)])
    def test_a_salt_as_long_as_the_digest_is_taken(self, kind: KeyKind, name: str, salt: int) -> None:
        assert chosen(PSS, pss(name, salt=salt), "", kind) == f"rsa-pss-{name}"

    @pytest.mark.parametrize("kind", RSA_KINDS)
    @pytest.mark.parametrize("name", ["sha256", "sha384", "sha512"])
    def test_pyhankos_own_parameters_are_taken(self, kind: KeyKind, name: str) -> None:
        key = rsa.generate_private_key(65537, kind.bits).public_key()

        class Certificate:
            public_key = algos_key(key)

        parameters = base64.b64encode(optimal_pss_params(Certificate(), name).dump()).decode()
        assert chosen(PSS, parameters, "", kind) == f"rsa-pss-long-{name}"

    def test_the_longest_salt_is_the_keys_own(self) -> None:
        longest = pss(salt=2048 // 8 - 32 - 2)
        assert chosen(PSS, longest, "", KeyKind.RSA_2048) is Algorithm.PSS_LONG_SHA256
        assert refused(PSS, longest, kind=KeyKind.RSA_3072) == "invalid signAlgoParams"

    def test_each_encoding_of_the_table_says_what_it_is_taken_for(self) -> None:
        for kind, table in PSS_PARAMETERS.items():
            assert len(table) == 3 * 2 * 2 * 2 * 2
            for der, algorithm in table.items():
                read = algos.RSASSAPSSParams.load(der, strict=True).native
                salt = read["salt_length"]
                size = {"sha256": 32, "sha384": 48, "sha512": 64}[algorithm.hash_name]
                assert salt == (size if algorithm.scheme == "rsa-pss" else kind.bits // 8 - size - 2)
                assert read["hash_algorithm"]["algorithm"] == algorithm.hash_name
                assert read["mask_gen_algorithm"]["algorithm"] == "mgf1"
                assert read["mask_gen_algorithm"]["parameters"]["algorithm"] == algorithm.hash_name

    @pytest.mark.parametrize(
        "parameters",
        [
            pss(salt=0),
            pss(salt=20),
            pss(salt=31),
            pss(salt=64),
            pss(salt=2**40),
            pss("sha1", salt=20),
            pss("sha224", salt=28),
            pss(mask="sha1"),
            pss(mask="sha512"),
            "MAA=",  # nothing said: SHA-1
            "MA==",
            "MIIB",
            "not base64!",
            pss()[:-4],
            pss() + "AAAA",
            "A" * 100_000,
        ],
    )
    def test_other_parameters_are_refused(self, parameters: str) -> None:
        assert refused(PSS, parameters) == "invalid signAlgoParams"

    def test_another_digest_beside_the_parameters_is_refused(self) -> None:
        assert chosen(PSS, pss(), SHA256, KeyKind.RSA_2048) is Algorithm.PSS_SHA256
        assert refused(PSS, pss(), SHA1) == "invalid hashAlgo"
        assert refused(PSS, pss(), "2.16.840.1.101.3.4.2.3") == "invalid hashAlgo"


def algos_key(key: rsa.RSAPublicKey) -> Any:
    return PublicKeyInfo.load(key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo))


@pytest.mark.parametrize("kind", RSA_KINDS)
def test_the_facts_of_an_rsa_key(kind: KeyKind) -> None:
    assert key_facts(kind) == {
        "algo": [RSA, *(f"1.2.840.113549.1.1.{number}" for number in (11, 12, 13)), PSS],
        "len": kind.bits,
    }


@pytest.mark.parametrize("kind", CURVE_KINDS)
def test_the_facts_of_a_curve(kind: KeyKind) -> None:
    assert key_facts(kind) == {
        "algo": [f"1.2.840.10045.4.3.{number}" for number in (2, 3, 4)],
        "len": kind.bits,
        "curve": CURVES[kind],
    }
