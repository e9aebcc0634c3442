"""The operators' pages: a credential by its exact number, work that was given up; no personal data (decision 6)."""
