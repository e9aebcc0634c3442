"""The applicant's pages: HTTP only. Every object is fetched through the session's applicant."""
