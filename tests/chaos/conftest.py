"""The hour's stories are collected only where they are asked for; tests/journeys/form has a selection of them."""

import os

collect_ignore = [] if os.environ.get("CHAOS") == "long" else ["test_applicants.py", "test_approvals.py"]
