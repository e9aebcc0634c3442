"""Detached CMS, by our own eyes and openssl's."""

import subprocess
from hashlib import sha256
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cards import chip, cms
from cards.client import MyNumberCard
from cards.virtual import VirtualCard

from .conftest import World

CONTENT = "氏名：田中　花子\r\nline\nend".encode()


@pytest.fixture(scope="session")
def structure(made: World, tmp_path_factory: pytest.TempPathFactory) -> bytes:
    card = VirtualCard.create(tmp_path_factory.mktemp("cms") / "card.json", chip.card(made.card))
    signature = MyNumberCard(card.transmit).sign("ABC123", sha256(CONTENT).digest())
    return cms.detached(CONTENT, signature, made.card.signature_certificate)


def openssl_verifies(structure: bytes, content: bytes, world: World, folder: Path) -> bool:
    world.trust(folder)
    (folder / "s.p7s").write_bytes(structure)
    (folder / "content").write_bytes(content)
    command = [
        "openssl",
        "cms",
        "-verify",
        "-binary",
        "-inform",
        "DER",
        "-in",
        f"{folder}/s.p7s",
        "-content",
        f"{folder}/content",
        "-CAfile",
        f"{folder}/signature-2.pem",
        "-no_check_time",
        "-purpose",
        "any",
        "-out",
        "/dev/null",
    ]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    assert run.returncode in (0, 4), run.stderr
    return run.returncode == 0


def test_openssl_verifies_what_the_card_signed(structure: bytes, world: World, tmp_path: Path) -> None:
    assert openssl_verifies(structure, CONTENT, world, tmp_path)
    assert not openssl_verifies(structure, CONTENT + b" ", world, tmp_path)


def test_we_verify_it_too_and_get_the_certificate(structure: bytes, world: World) -> None:
    assert cms.verify(structure, CONTENT) == world.card.signature_certificate
    with pytest.raises(cms.CmsError):
        cms.verify(structure, CONTENT + b" ")


def test_a_signature_of_something_else_is_not_wrapped(world: World, client: MyNumberCard) -> None:
    signature = client.sign("ABC123", sha256(b"other").digest())
    with pytest.raises(cms.CmsError):
        cms.detached(CONTENT, signature, world.card.signature_certificate)
    with pytest.raises(cms.CmsError):
        cms.detached(CONTENT, signature, b"not a certificate")


@given(position=st.integers(0, 5000), value=st.integers(0, 255), cut=st.none() | st.integers(0, 5000))
@settings(deadline=None, max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_bent_structure_verifies_as_this_certificate_or_not_at_all(
    structure: bytes, made: World, position: int, value: int, cut: int | None
) -> None:
    bent = bytearray(structure)
    bent[position % len(bent)] = value
    try:
        found = cms.verify(bytes(bent[:cut]), CONTENT)
    except cms.CmsError:
        return
    # a changed byte outside the signed parts leaves the same key; jpki.verify judges the certificate
    assert len(found) == len(made.card.signature_certificate)


@pytest.mark.parametrize(
    "content", [b"", b"\x30\x00", b"0" * 100, bytes.fromhex("300b06092a864886f70d010701")]
)
def test_what_is_no_cms_is_refused(content: bytes) -> None:
    with pytest.raises(cms.CmsError):
        cms.verify(content, CONTENT)
