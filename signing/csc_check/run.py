"""The suites in order, for every face that the server has."""

import ssl
from collections.abc import Callable
from typing import Any, NamedTuple

from signing.csc_check import abuse, conformance, speed
from signing.csc_check.credential import choose
from signing.csc_check.findings import FAILED, Finding, Setting, carry_out
from signing.csc_check.server import Server

SUITES = ("conformance", "abuse", "speed")
_CHECKS = {"conformance": conformance.CHECKS, "abuse": abuse.CHECKS}


class Wanted(NamedTuple):
    """`address`: of the server, with or without /csc/v1 behind it; `credential` "" means: the first that may sign.

    `tls`: what every handshake shows and trusts; None: no certificate, and the system's authorities.
    """

    address: str
    token: str = ""
    other_token: str = ""
    credential: str = ""
    suites: tuple[str, ...] = SUITES
    pause: Callable[[float], object] | None = None
    seconds: float = 3.0
    connections: int = 8
    tls: ssl.SSLContext | None = None


class Run(NamedTuple):
    findings: list[Finding]
    figures: list[dict[str, Any]]

    @property
    def has_passed(self) -> bool:
        return all(each.verdict != FAILED for each in self.findings)


def run(wanted: Wanted) -> Run:
    """Raises Unreachable where nothing answers; a server without a face or a credential has failed."""
    findings: list[Finding] = []
    figures: list[dict[str, Any]] = []
    answered = faces(wanted.address, wanted.tls)
    found = [version for version, status in answered.items() if status == 200]
    if not found:
        findings.append(_failed("", _no_face(answered)))
    for version in found:
        with (
            Server(_root(wanted.address), version, wanted.token, wanted.tls) as server,
            server.seen_by(wanted.other_token) as other,
        ):
            chosen = choose(server, wanted.credential)
            if chosen is None:
                findings.append(_failed(version, "no credential that may sign: is the token good?"))
                continue
            setting = Setting(server, chosen, other if wanted.other_token else None, wanted.pause)
            for suite in wanted.suites:
                if suite == "speed":
                    measured = speed.measure(setting, wanted.seconds, wanted.connections)
                    figures += measured.figures
                    findings += measured.refused
                else:
                    findings += carry_out(suite, _CHECKS[suite], setting)
    return Run(findings, figures)


def faces(address: str, tls: ssl.SSLContext | None = None) -> dict[str, int]:
    """By which status each version answers `info`; where the address ends in one, that one."""
    tail = address.rstrip("/").rpartition("/csc/")[2]
    answered = {}
    for version in [tail] if tail in ("v1", "v2") else ["v1", "v2"]:
        with Server(_root(address), version, tls=tls) as server:
            answered[version] = server.call("info", {}).status
    return answered


def _no_face(answered: dict[str, int]) -> str:
    told = ", ".join(f"/csc/{version}/info: {status}" for version, status in answered.items())
    is_locked = {401, 403} & set(answered.values())
    return f"no info here ({told})" + ("; is a client --certificate wanted?" if is_locked else "")


def _root(address: str) -> str:
    return address.rstrip("/").removesuffix("/csc/v1").removesuffix("/csc/v2")


def _failed(version: str, said: str) -> Finding:
    return Finding("conformance", version, "the server can be asked", FAILED, said, "11.1", "")
