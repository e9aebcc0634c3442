"""The certification authority behind a seam.

Doors: `authority`, `issuer_of`, `ensure`, `announce`, `publish`, `publish_due`.
"""

from signing.issuing.lists import announce, publish, publish_due
from signing.issuing.setup import authority, ensure, issuer_of

__all__ = ["announce", "authority", "ensure", "issuer_of", "publish", "publish_due"]
