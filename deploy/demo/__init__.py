"""Demo people, the card reader's mount and the mailbox page; never loaded in production (decision 22)."""
