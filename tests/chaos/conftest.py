"""The applicants' hour is collected only where it is asked for; tests/journeys/form has a selection of it."""

import os

collect_ignore = [] if os.environ.get("CHAOS") == "long" else ["test_applicants.py", "test_outbox.py"]
