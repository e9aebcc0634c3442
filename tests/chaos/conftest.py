"""What takes many minutes is collected only where it is asked for; make test has selections of it."""

import os

collect_ignore = [] if os.environ.get("CHAOS") == "long" else ["test_applicants.py", "test_outbox.py"]
