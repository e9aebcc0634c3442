"""`python -m deploy.nginx FOLDER --certificate … --key …`: writes the configuration and the bundles of HPKI anchors.

INKAN_ORIGIN, INKAN_CARD_ORIGIN, INKAN_PROXY_SECRET and INKAN_HPKI_TRUST are read as the programs read them, and
INKAN_API_ORIGIN with INKAN_FACILITY_TRUST where callers show certificates. Run it again whenever a revocation list is
renewed, then reload nginx (deploy/README.md).
"""

import argparse
import sys
from pathlib import Path

from cards.trust import TrustError
from deploy import environment
from deploy.nginx import render


def _site(given: argparse.Namespace) -> render.Site:
    values = environment.read()
    wanted: tuple[str, ...] = ("INKAN_ORIGIN", "INKAN_CARD_ORIGIN", "INKAN_PROXY_SECRET", "INKAN_HPKI_TRUST")
    if values["INKAN_API_ORIGIN"]:
        wanted = (*wanted, "INKAN_FACILITY_TRUST")
    missing = [name for name in wanted if not values[name]]
    if missing:
        raise render.Unsuitable(f"{', '.join(missing)} must be set")
    return render.Site(
        origin=str(values["INKAN_ORIGIN"]).rstrip("/"),
        card_origin=str(values["INKAN_CARD_ORIGIN"]),
        secret=str(values["INKAN_PROXY_SECRET"]),
        trust=Path(str(values["INKAN_HPKI_TRUST"])),
        certificate=given.certificate,
        key=given.key,
        card_certificate=given.card_certificate or given.certificate,
        card_key=given.card_key or given.key,
        pages=given.pages,
        hot=given.hot,
        listen=given.listen,
        card_listen=given.card_listen,
        plain_listen=given.plain_listen,
        operators=tuple(given.operators),
        access_log=given.access_log,
        api_origin=str(values["INKAN_API_ORIGIN"] or ""),
        facility_trust=Path(str(values["INKAN_FACILITY_TRUST"] or "")),
        api_certificate=given.api_certificate,
        api_key=given.api_key,
        api_listen=given.api_listen,
    )


def main(arguments: list[str] | None = None) -> int:
    defaults = render.Site._field_defaults
    parser = argparse.ArgumentParser(prog="python -m deploy.nginx")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--certificate", required=True, help="of INKAN_ORIGIN, with its chain (PEM)")
    parser.add_argument("--key", required=True)
    parser.add_argument("--card-certificate", default="", help="of INKAN_CARD_ORIGIN; default: the same")
    parser.add_argument("--card-key", default="")
    parser.add_argument("--api-certificate", default="", help="of INKAN_API_ORIGIN; default: the same")
    parser.add_argument("--api-key", default="")
    for name in ("pages", "hot", "listen", "card-listen", "api-listen", "plain-listen", "access-log"):
        parser.add_argument(f"--{name}", default=defaults[name.replace("-", "_")])
    parser.add_argument("--operators", nargs="*", default=list(defaults["operators"]), metavar="ADDRESS")
    given = parser.parse_args(arguments)
    try:
        for path in render.write(_site(given), given.folder.resolve()):
            print(path)
    except (render.Unsuitable, TrustError, OSError) as problem:
        print(problem, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
