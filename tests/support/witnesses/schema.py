"""As much of JSON Schema as signing/api/openapi.json uses; a word that it does not know is an error, not a pass."""

from collections.abc import Mapping
from typing import Any

_TYPES: dict[str, type | tuple[type, ...]] = {
    "object": dict,
    "array": list,
    "string": str,
    "integer": int,
    "boolean": bool,
}
_KNOWN = {
    *("type", "properties", "required", "additionalProperties", "items", "enum", "description", "default"),
    *("format", "minimum", "maximum", "minItems", "maxItems", "maxLength"),
}


def problems(
    value: Any, schema: Mapping[str, Any], document: Mapping[str, Any], place: str = ""
) -> list[str]:
    """Where the value is not what the schema says; empty where it is."""
    if "$ref" in schema:
        return problems(value, _referred(schema["$ref"], document), document, place)
    assert set(schema) <= _KNOWN, f"{place}: unknown words {set(schema) - _KNOWN}"
    kind = schema["type"]
    if not isinstance(value, _TYPES[kind]) or (kind == "integer" and isinstance(value, bool)):
        return [f"{place}: no {kind}"]
    if "enum" in schema and value not in schema["enum"]:
        return [f"{place}: not one of {schema['enum']}"]
    if kind == "object":
        return _of_object(value, schema, document, place)
    if kind == "array" and "items" in schema:
        return [
            problem
            for number, each in enumerate(value)
            for problem in problems(each, schema["items"], document, f"{place}/{number}")
        ]
    return []


def _of_object(
    value: dict[str, Any], schema: Mapping[str, Any], document: Mapping[str, Any], place: str
) -> list[str]:
    known = schema.get("properties", {})
    found = [f"{place}: {name} is missing" for name in schema.get("required", []) if name not in value]
    if schema.get("additionalProperties") is False:
        found += [f"{place}: {name} is not in the document" for name in value if name not in known]
    for name, each in value.items():
        if name in known:
            found += problems(each, known[name], document, f"{place}/{name}")
    return found


def _referred(reference: str, document: Mapping[str, Any]) -> Mapping[str, Any]:
    found: Any = document
    for part in reference.removeprefix("#/").split("/"):
        found = found[part]
    assert isinstance(found, dict)
    return found
