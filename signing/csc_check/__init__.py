"""What any CSC server can be asked over HTTP alone: conformance, abuse, speed (`manage.py csc_check URL`).

Nothing here knows our product: no Django, no models, only the standard's text and the standard library, with
`cryptography` to check signatures.
"""
