"""Kana to passport romaji (form-rules RJ-01 to RJ-45); the door is `enrollment.names`."""
