"""What the authorization server says of itself (RFC 8414, 9126, 9207, 9396, 8705); tests hold every member to it."""

from typing import Any

from django.conf import settings

from signing.api.oauth import grants, wanted

_ENDPOINTS = {
    "token_endpoint": "/oauth2/token",
    "revocation_endpoint": "/oauth2/revoke",
    "pushed_authorization_request_endpoint": "/oauth2/pushed_authorize",
}


def members() -> dict[str, Any]:
    methods = grants.AUTH_METHODS if settings.API_ORIGIN else grants.BY_SECRET
    told: dict[str, Any] = {
        "issuer": settings.ORIGIN,
        "authorization_endpoint": f"{settings.ORIGIN}/oauth2/authorize",
        **{name: settings.ORIGIN + path for name, path in _ENDPOINTS.items()},
        "scopes_supported": grants.SCOPES,
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "grant_types_supported": ["authorization_code"],
        "token_endpoint_auth_methods_supported": methods,
        "revocation_endpoint_auth_methods_supported": methods,
        "code_challenge_methods_supported": ["S256"],
        "authorization_details_types_supported": list(wanted.TYPES),
        "require_pushed_authorization_requests": False,
        "authorization_response_iss_parameter_supported": True,
        "request_parameter_supported": False,
        "request_uri_parameter_supported": False,  # addresses of others; pushed ones are told above
        "prompt_values_supported": ["none", "login", "consent", "select_account"],
        "tls_client_certificate_bound_access_tokens": bool(settings.API_ORIGIN),
        "ui_locales_supported": ["ja", "en"],
    }
    if settings.API_ORIGIN:
        told["mtls_endpoint_aliases"] = {
            name: settings.API_ORIGIN + path for name, path in _ENDPOINTS.items()
        }
    return told


def methods() -> list[str]:
    """What `info.methods` names of the authorization server, told from its own metadata (CSC section 11.1)."""
    offered = {
        "authorization_endpoint": "oauth2/authorize",
        **{n: p.removeprefix("/") for n, p in _ENDPOINTS.items()},
    }
    return [method for endpoint, method in offered.items() if endpoint in members()]


def supports_rar() -> bool:
    """Whether authorization_details are read (RFC 9396 section 10)."""
    return "authorization_details_types_supported" in members()
