"""What the API says when it says no: one table per version, in the standard's English (remote-signing.md 2.4).

Conformance tests compare the descriptions. A refusal of the services and a fault in the request are both codes here.
"""

from collections.abc import Mapping
from typing import NamedTuple


class Answer(NamedTuple):
    """One error of the standard. `retry_after` in seconds, 0 where waiting does not help."""

    status: int
    error: str
    description: str
    retry_after: int = 0


class BadRequest(Exception):
    """The request is not what the method takes; `code` stands in the table, `name` is the parameter's."""

    def __init__(self, code: str, name: str = "") -> None:
        super().__init__(code)
        self.code = code
        self.name = name


def _invalid(description: str) -> Answer:
    return Answer(400, "invalid_request", description)


_UNKNOWN = Answer(500, "server_error", "The request could not be carried out.")

V1: dict[str, Answer] = {
    # the frame
    "not_json": _invalid("The request body is not a JSON object"),
    "too_large": Answer(413, "invalid_request", "The request body is too large"),
    "method": Answer(405, "invalid_request", "This address answers POST only"),
    "not_offered": Answer(501, "invalid_request", "The method is not supported, see info"),
    "no_such_address": Answer(404, "invalid_request", "There is no such address"),
    "missing_string": _invalid("Missing (or invalid type) string parameter {name}"),
    "missing_integer": _invalid("Missing (or invalid type) integer parameter {name}"),
    "missing_array": _invalid("Missing (or invalid type) array parameter {name}"),
    "missing_boolean": _invalid("Invalid type of boolean parameter {name}"),
    "invalid": _invalid("Invalid parameter {name}"),
    # the caller
    "token_missing": Answer(401, "invalid_request", "Malformed authorization header"),
    "token_malformed": Answer(400, "invalid_request", "Malformed authorization header"),
    "token_invalid": Answer(401, "invalid_token", "The access or refresh token is expired or has been revoked"),
    "token_scope": Answer(403, "insufficient_scope", "The access token is for signing its own hashes only"),
    # credentials
    "user_id": _invalid("userID parameter MUST be null"),
    "credential_unknown": _invalid("Invalid parameter credentialID"),
    "credential_disabled": _invalid("The credential identified by credentialID is disabled"),
    "credential_expired": _invalid("The signing certificate is expired"),
    # authorize
    "signatures_low": _invalid("Invalid value for parameter numSignatures"),
    "hashes_too_many": _invalid("Numbers of signatures is too high"),
    "hashes_missing": _invalid("Empty hash array"),
    "hash_not_base64": _invalid("Invalid Base64 hash string parameter"),
    "hash_length": _invalid("Invalid digest value length"),
    "step_up_required": Answer(
        400, "step_up_required", "The signer has to approve these hashes: use CSC v2, or oauth2code"
    ),
    # signHash
    "sad_missing": _invalid("Missing (or invalid type) string parameter SAD"),
    "sad_unknown": _invalid("Invalid parameter SAD"),
    "sad_expired": _invalid("SAD expired"),
    "sad_spent": _invalid("Hash is not authorized by the SAD"),
    "hash_not_authorised": _invalid("Hash is not authorized by the SAD"),
    "session_ended": Answer(401, "invalid_token", "The session of the signer has ended"),
    "outcome_unknown": Answer(503, "temporarily_unavailable", "The outcome is unknown: authorize again", 1),
    "unavailable": Answer(503, "temporarily_unavailable", "The service is not available, try again", 5),
    "signer_unavailable": Answer(503, "temporarily_unavailable", "Signing is not available, try again", 5),
}  # fmt: skip

V2: dict[str, Answer] = {
    **V1,
    "token_missing": Answer(401, "invalid_request", "Malformed authorization header"),
    "token_malformed": _invalid("Malformed authorization header"),
    "credential_expired": _invalid("Signing certificate is expired"),
    "authentication_data": Answer(
        400, "invalid_authentication_data", "The authentication data is invalid"
    ),
    "step_up_required": Answer(400, "step_up_required", "The signer has to approve these hashes: authorize anew"),
    "approvals_many": Answer(
        429, "temporarily_unavailable", "Too many authorizations wait for the signer", 30
    ),
    # authorizeCheck
    "handle_unknown": _invalid("Invalid parameter handle"),
    "approval_refused": Answer(400, "access_denied", "The signer has refused"),
    "approval_expired": Answer(400, "access_denied", "The signer has not approved in time"),
}  # fmt: skip


def told(table: Mapping[str, Answer], code: str, name: str = "") -> Answer:
    """The answer of a version's table to a code; what no row names is a bare server_error."""
    found = table.get(code, _UNKNOWN)
    return found._replace(description=found.description.format(name=name))
