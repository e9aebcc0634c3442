"""The worklist: its filters, its questions to the database, its lines in words, its pages (RV-1, RV-3)."""
