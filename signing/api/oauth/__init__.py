"""The authorization server: code with PKCE, pushed requests, rich details, bound tokens (README.md of this folder).

`asking` reads and answers authorization requests; `endpoints` are what systems call; `server` and `grants` alone know
Authlib, with the errors that `asking` and `endpoints` pass on.
"""
