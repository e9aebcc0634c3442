"""What belongs to the person who applies: account and session, card readings, e-mail, PIN, price, receipt."""
