"""`csc_check` against a peer that forgives everything and against ours: what it finds there, it does not find here."""

import json
import urllib.error
import urllib.request
from datetime import timedelta
from http.server import BaseHTTPRequestHandler
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from signing.csc_check.findings import FAILED, PASSED, SKIPPED, Finding, as_json, as_text
from signing.csc_check.run import Wanted, run
from signing.keystore import KeyKind
from signing.models import Activation
from tests.support import days
from tests.support.beside import BESIDE
from tests.support.web import listening
from tests.support.witnesses import dummy

pytestmark = BESIDE
SUITES = ("conformance", "abuse")
# What the dummy was seen to do (remote-signing.md 4.2): each is a check that must find it.
WEAKNESSES = {
    "a SAD is spent once",
    "one authorised hash is not signed five times",
    "no more is signed than was authorised",
    "no more is authorised than multisign says",
    "nobody gets in without a bearer",
    "no authority's key can be authorised",
    "a SAD that was changed is none",
    "of simultaneous calls with one SAD one wins",
    "digests of odd lengths are not signed",
    "SHA-1, MD5 and unknown algorithms are not signed",
    "what is no base64 is not authorised",
    "bodies that are no JSON object are bad requests",
    "a key that stands twice is refused",
    "every refusal is JSON with an error code",
}


def names(findings: list[Finding], verdict: str) -> set[str]:
    return {each.name for each in findings if each.verdict == verdict}


@pytest.mark.requirement("SG-7")
@pytest.mark.parametrize("kind", [KeyKind.RSA_2048, KeyKind.P256])
def test_ours_passes_every_check_in_both_versions(server: str, kind: KeyKind, tmp_path: Path) -> None:
    day, other = days.issued_day(kind), days.issued_day()
    report, out = tmp_path / "report.json", StringIO()
    call_command(
        "csc_check", server, token=day.bearer, other_token=other.bearer, suites=list(SUITES),
        report=str(report), stdout=out,
    )  # fmt: skip
    told = json.loads(report.read_text(encoding="utf-8"))
    assert told["passed"] is True
    assert {each["version"] for each in told["findings"]} == {"v1", "v2"}
    skipped = {each["name"] for each in told["findings"] if each["verdict"] == SKIPPED}
    assert skipped == {"a SAD runs out, and is not extended then"}  # that one waits; see below
    assert "FAILED" not in out.getvalue() and day.bearer not in out.getvalue()


@pytest.mark.requirement("SG-7")
def test_the_forgiving_peer_is_found_out(tmp_path: Path) -> None:
    with dummy.dummy(tmp_path) as address:
        done = run(Wanted(address, credential=dummy.RSA_SIGNER, suites=SUITES))
        curve = run(Wanted(address, credential=dummy.EC_SIGNER, suites=("conformance",)))
    assert not done.has_passed
    assert names(done.findings, FAILED) >= WEAKNESSES
    for rightly in ("every algorithm of key.algo signs", "signature i belongs to hash i"):
        assert rightly in names(done.findings, PASSED), rightly
        assert rightly in names(curve.findings, PASSED), rightly
    assert "a hash that was not authorised is not signed" in names(done.findings, PASSED)
    text = as_text(done.findings, [])
    assert "FAILED  abuse/v1        a SAD is spent once [W1]\n" in text and "it signed" in text
    assert as_json(done.findings, [])["passed"] is False


@pytest.mark.requirement("SG-7")
def test_a_sad_that_ran_out_is_refused_here(server: str) -> None:
    """The one check that waits; five minutes pass in the rows."""

    def pause(seconds: float) -> None:
        assert 300 < seconds < 302
        for row in Activation.objects.all():
            Activation.objects.filter(pk=row.pk).update(
                expires_at=row.expires_at - timedelta(seconds=seconds)
            )

    day = days.issued_day()
    done = run(Wanted(f"{server}/csc/v2", token=day.bearer, suites=("abuse",), pause=pause))
    assert "a SAD runs out, and is not extended then" in names(done.findings, PASSED)


@pytest.mark.requirement("SG-7")
def test_speed_is_told_beside_what_one_core_signs_alone(server: str) -> None:
    day = days.issued_day()
    out = StringIO()
    call_command(
        "csc_check", f"{server}/csc/v1", token=day.bearer, suites=["speed"], seconds=0.3, connections=2,
        stdout=out,
    )  # fmt: skip
    lines = [line for line in out.getvalue().splitlines() if line.startswith("speed")]
    assert [line.split("v1", 1)[1].split(":")[0].strip() for line in lines] == [
        "in process, no server", "one hash", "batch of 100", "batch of 300", "one hash, 2 connections",
    ]  # fmt: skip


class OneTooFew(BaseHTTPRequestHandler):
    """In front of another server: one signature of each batch gets lost on the way."""

    behind = ""

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        request = urllib.request.Request(
            f"{self.behind}{self.path}", body, {"Content-Type": "application/json"}
        )
        try:
            with urllib.request.urlopen(request) as response:
                told = json.loads(response.read())
        except urllib.error.HTTPError as refused:
            with refused:
                self.send_error(refused.code)
            return
        told["signatures"] = told.get("signatures", [])[1:]
        content = json.dumps(told).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None:
        """Nothing."""


@pytest.mark.requirement("SG-7")
def test_the_peers_speed_is_told_too_and_what_is_not_signed_has_none(tmp_path: Path) -> None:
    report, out = tmp_path / "report.json", StringIO()
    with dummy.dummy(tmp_path) as address:
        call_command(
            "csc_check", address, credential=dummy.RSA_SIGNER, suites=["speed"], seconds=0.2, connections=2,
            report=str(report), stdout=out,
        )  # fmt: skip
        OneTooFew.behind = address
        with listening(OneTooFew) as losing:
            done = run(Wanted(losing, credential=dummy.RSA_SIGNER, suites=("speed",), seconds=0.1))
    told = json.loads(report.read_text(encoding="utf-8"))
    assert told["passed"] is True and told["findings"] == []
    # its multisign is ten, so no batch of a hundred is asked for
    names = ["in process, no server", "one hash", "one hash, 2 connections"]
    assert [each["name"] for each in told["speed"]] == names
    for each in told["speed"]:
        assert each["signatures"] > 0 and each["per_second"] > 0 and each["p95_ms"] >= each["p50_ms"] > 0
    assert not done.has_passed
    assert [each["name"] for each in done.figures] == ["in process, no server"]
    assert {each.said for each in done.findings} == {"0 signatures for 1 hashes"}


def test_without_a_token_and_without_a_server_it_says_so(server: str) -> None:
    with pytest.raises(SystemExit) as ended:
        call_command("csc_check", server, suites=["abuse"], stdout=StringIO())
    assert ended.value.code == 1
    for address in ("http://127.0.0.1:9", "nonsense"):
        with pytest.raises(CommandError) as refused:
            call_command("csc_check", address, stdout=StringIO())
        assert refused.value.returncode == 2
