"""The product's own nginx in front of the hot path, and systems that show it their facilities' certificates.

Rendered from deploy/nginx, logs and limits included; what an operator's nginx.conf has around it is Debian's, but for
one worker instead of one per core. The certificates are of the product's TEST authority, and the tokens are bound to
them, so that each request is answered only over its own (RFC 8705 section 3).
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from cards.hpki.pki import CardHierarchy
from tests.bench.signing import works
from tests.bench.signing.works import Told, Works, spent
from tests.support import services
from tests.support.card_site.nginx import SECRET, Nginx

FACILITIES = 16


class Front:
    """`measured` as that of `Works`, through nginx; the CPU of nginx is a part of its own."""

    def __init__(self, behind: Works, nginx: Nginx) -> None:
        self._works, self._nginx = behind, nginx

    def measured(self, **order: Any) -> Told:
        address = str(self._nginx.ports[3])
        load = self._works.load(address=address, certificates=self._works.certificates, **order)
        return works.measured(load, self._parts)

    def _parts(self) -> dict[str, float]:
        return {"nginx": spent(self._nginx.pid), **self._works.parts()}


@contextmanager
def fronted(name: str) -> Iterator[Front]:
    trust = services.RUN / f"{name}-hpki"
    at = datetime.now(UTC)
    CardHierarchy.create(at).publish(trust, at)  # of the card origin, which nobody asks here
    with Nginx() as nginx:
        ours = {"INKAN_API_ORIGIN": nginx.api_origin, "INKAN_PROXY_SECRET": SECRET}
        with Works(name, facilities=FACILITIES, **ours) as behind:
            nginx.start(
                services.RUN / f"{name}-nginx",
                origin="http://localhost:8000",  # as the programs have it where nothing is said
                pages="127.0.0.1:9",
                hot=f"unix:{behind.address}",
                trust=trust,
                facilities=behind.home / "facility-test",
            )
            yield Front(behind, nginx)
