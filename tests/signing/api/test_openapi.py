"""The OpenAPI document is true: every path, member, answer and error of it is asked for, by requests made from it."""

import json
from typing import Any

import pytest
from django.test import Client

from signing.api import csc_v1, csc_v2, errors, openapi
from tests.support.csc import Api
from tests.support.witnesses.schema import problems

pytestmark = pytest.mark.requirement("SG-7")
DOCUMENT: dict[str, Any] = json.loads(openapi.DOCUMENT)
FACES = {"v1": csc_v1.FACE, "v2": csc_v2.FACE}
TABLES = {"v1": errors.V1, "v2": errors.V2}
PATHS = sorted(DOCUMENT["paths"])
MISSING = "Missing (or invalid type) {kind} parameter {name}"


def operation(path: str) -> Any:
    return DOCUMENT["paths"][path]["post"]


def request_schema(path: str) -> Any:
    return operation(path)["requestBody"]["content"]["application/json"]


class Asker:
    """Makes requests from the document: its example with the ids, SADs and handles of this run."""

    def __init__(self, api: Api, path: str) -> None:
        _csc, version, self.method = path.removeprefix("/").split("/", 2)
        self.api = Api(api.day, version)
        self.example: dict[str, Any] = dict(request_schema(path)["example"])
        if "credentialID" in self.example:
            self.example["credentialID"] = self.api.id
        if "SAD" in self.example:
            self.example["SAD"] = self.authorised(room=1)
        if "handle" in self.example:
            self.example["handle"] = self.waiting()

    def authorised(self, room: int) -> str:
        path = f"/csc/{self.api.version}/credentials/authorize"
        body = {**request_schema(path)["example"], "credentialID": self.api.id, "numSignatures": 1 + room}
        return str(self.api.call("credentials/authorize", body).json()["SAD"])

    def waiting(self) -> str:
        body = {**request_schema("/csc/v2/credentials/authorize")["example"], "credentialID": self.api.id}
        answer = self.api.call("credentials/authorize", {**body, "description": "#narcotics"})
        return str(answer.json()["handle"])

    def ask(self, **changes: Any) -> Any:
        """None takes a member away."""
        body = {name: value for name, value in {**self.example, **changes}.items() if value is not None}
        return self.api.call(self.method, body)


def test_it_names_every_method_that_is_offered_and_no_other() -> None:
    served = {f"/csc/{version}/{name}" for version, face in FACES.items() for name in face.names}
    assert set(PATHS) == served
    assert all(set(DOCUMENT["paths"][path]) == {"post"} for path in PATHS)
    assert DOCUMENT["openapi"] == "3.1.0"
    assert DOCUMENT["x-not-offered"] == {version: list(face.not_offered) for version, face in FACES.items()}


@pytest.mark.parametrize("version", FACES)
def test_its_errors_are_the_tables(version: str) -> None:
    table = {(each.status, each.error, each.description) for each in TABLES[version].values()}
    assert {tuple(row) for row in DOCUMENT["x-errors"][version]} == table
    codes = set(DOCUMENT["components"]["schemas"]["Error"]["properties"]["error"]["enum"])
    assert {each.error for each in TABLES[version].values()} <= codes


@pytest.mark.parametrize("path", PATHS)
def test_the_example_is_good_and_the_answer_is_what_it_says(issued: Api, path: str) -> None:
    asker = Asker(issued, path)
    assert problems(asker.example, request_schema(path)["schema"], DOCUMENT) == []
    answer = asker.ask()
    told = operation(path)["responses"][str(answer.status_code)]
    assert answer.status_code in (200, 202)
    schema = told["content"]["application/json"]["schema"]
    assert problems(answer.json(), schema, DOCUMENT) == []


@pytest.mark.parametrize("path", PATHS)
def test_every_required_member_is_required_and_every_other_one_is_not(issued: Api, path: str) -> None:
    schema = request_schema(path)["schema"]
    for name in schema["required"]:
        answer = Asker(issued, path).ask(**{name: None})
        said = MISSING.format(kind=schema["properties"][name]["type"], name=name)
        assert (answer.status_code, answer.json()["error_description"]) == (400, said)
    others = {name: None for name in schema["properties"] if name not in (*schema["required"], "SAD")}
    named_hash = {name: value for name, value in Asker(issued, path).example.items() if "lgo" in name}
    assert Asker(issued, path).ask(**{**others, **named_hash}).status_code in (200, 202)


@pytest.mark.parametrize("path", PATHS)
def test_every_member_of_another_type_is_refused(issued: Api, path: str) -> None:
    for name, schema in request_schema(path)["schema"]["properties"].items():
        if name in ("lang", "authData", "pageToken", "userID"):
            continue  # read for their presence or in one method alone; see x-refusals
        wrong: Any = {"array": 5, "boolean": "yes"}.get(schema["type"], [])
        if name in ("signAlgoParams", "hashAlgo", "hashAlgorithmOID", "certificates", "operationMode"):
            wrong = 5
        assert Asker(issued, path).ask(**{name: wrong}).status_code == 400, name


@pytest.mark.parametrize("path", PATHS)
def test_every_refusal_that_it_names_happens(issued: Api, path: str) -> None:
    for each in operation(path)["x-refusals"]:
        answer = Asker(issued, path).ask(**each["with"])
        body = answer.json()
        assert problems(body, DOCUMENT["components"]["schemas"]["Error"], DOCUMENT) == []
        told = (answer.status_code, body["error"], body["error_description"])
        assert told == (each["status"], each["error"], each["error_description"]), each["with"]
        assert str(answer.status_code) in operation(path)["responses"]


@pytest.mark.parametrize("path", PATHS)
def test_who_may_ask_is_what_it_says(issued: Api, path: str) -> None:
    answer = Client().post(path, b"{}", content_type="application/json")
    assert answer.status_code == (200 if operation(path).get("security") == [] else 401)
    assert ("401" in operation(path)["responses"]) == (answer.status_code == 401)
    assert Client().get(path).status_code == 405


def test_it_is_served_to_everybody(client: Client) -> None:
    answer = client.get("/csc/openapi.json")
    assert (answer.status_code, answer["Content-Type"]) == (200, "application/json")
    assert answer.json() == DOCUMENT
