"""The way to the outside linter: by name, so that only a process in which a key is about to sign loads it."""

from typing import cast

from django.utils.module_loading import import_string

LINTER = "signing.issuing.outside_lint.stopping"


def problems(certificate: bytes) -> list[str]:
    """What somebody else's linter finds; empty when an authority may sign. Quotes nothing of the certificate."""
    return [str(finding) for finding in cast(list[object], import_string(LINTER)(certificate))]
