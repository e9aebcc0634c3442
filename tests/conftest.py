"""For every test: the outside network is refused, and requirement ids are written down (`make requirements`)."""

import ipaddress
import socket
from collections.abc import Iterator
from typing import Any

import pytest

pytest_plugins = ["tests.support.requirements", "tests.support.signers", "tests.cheap"]


class OutsideNetwork(Exception):
    """A test tried to reach something that is not on this machine."""


def _is_here(family: int, address: Any) -> bool:
    if family == socket.AF_UNIX:
        return True
    if family not in (socket.AF_INET, socket.AF_INET6):
        return False
    host = address[0]
    if host in ("", "localhost"):
        return True
    try:
        return ipaddress.ip_address(host.partition("%")[0]).is_loopback
    except ValueError:
        return False


@pytest.fixture(scope="session", autouse=True)
def no_outside_network() -> Iterator[None]:
    """Sockets reach loopback and UNIX sockets only; names other than localhost are not looked up."""
    connect, connect_ex, look_up = socket.socket.connect, socket.socket.connect_ex, socket.getaddrinfo

    def guarded(call: Any) -> Any:
        def guard(self: socket.socket, address: Any) -> Any:
            if not _is_here(self.family, address):
                raise OutsideNetwork(f"refused: {address}")
            return call(self, address)

        return guard

    def guarded_look_up(host: Any, *args: Any, **kwargs: Any) -> Any:
        name = host.decode() if isinstance(host, bytes) else host
        if name is not None and not _is_here(socket.AF_INET, (name,)):
            raise OutsideNetwork(f"refused: {name}")
        return look_up(host, *args, **kwargs)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket.socket, "connect", guarded(connect))
        patch.setattr(socket.socket, "connect_ex", guarded(connect_ex))
        patch.setattr(socket, "getaddrinfo", guarded_look_up)
        yield
