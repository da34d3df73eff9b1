"""The OpenAPI description of every collection: one for everybody, whatever the reader may see."""

from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema, extend_schema_view

from portal.collections import Collection
from portal.columns import Field
from portal.people.tokens import TokenAuthentication
from portal.serializers import serializer_class

_COMMON = {
    "q": "Words to find.",
    "sort": "Column names by comma, - for descending.",
    "columns": "Column names by comma.",
    "size": "Records on a page, at most 500.",
    "cursor": "From “next” of the page before.",
    "page": "Number of the page, from 1.",
}
IF_MATCH = OpenApiParameter("If-Match", str, OpenApiParameter.HEADER, description="The ETag that was read, or *.")


def field_schema(field: Field) -> dict[str, Any]:
    """A column as JSON Schema."""
    schema: dict[str, Any] = dict(field.kind.schema)
    if field.choices and schema.get("type") == "string":
        schema["enum"] = list(dict.fromkeys([*(value for value, _ in field.choices), ""]))
    if field.nullable and "type" in schema:
        schema["type"] = [schema["type"], "null"]
        if "enum" in schema:
            schema["enum"].append(None)
    notes = [f"{field.label}.", field.column.help, f"Needs {field.column.perm}." if field.column.perm else ""]
    schema["description"] = " ".join(note for note in notes if note)
    return schema


def record_schema(collection: Collection) -> dict[str, Any]:
    properties: dict[str, Any] = {"key": {"type": "string", "description": "Last part of its address."}}
    properties |= {field.name: field_schema(field) for field in collection.fields.values()}
    properties["version"] = {"type": "integer"}
    return {"type": "object", "properties": properties, "required": ["key"]}


def list_schema(collection: Collection) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": {
            "items": {"type": "array", "items": record_schema(collection)},
            "next": {"type": ["string", "null"], "format": "uri"},
            "total": {"type": ["integer", "null"], "description": "Exact up to 1,000; null beyond."},
        },
        "required": ["items", "next", "total"],
    }


def parameters(collection: Collection) -> list[OpenApiParameter]:
    """The query grammar as parameters: every question that can be asked of every column."""
    found = [OpenApiParameter(name, str, description=text) for name, text in _COMMON.items()]
    for field in collection.fields.values():
        for each in field.kind.operators:
            name = f"{field.name}.{each.name}" if each.name else field.name
            found.append(OpenApiParameter(name, str, many=each.many, description=f"{field.label} {each.label} this."))
    return found


def _answers(schema: dict[str, Any], code: int = 200) -> dict[int, OpenApiResponse]:
    return {code: OpenApiResponse(response=schema)}


def describe_list(collection: Collection, view: type[Any]) -> type[Any]:
    """Describe the view class of a collection's list: reading, and creating where there is a form."""
    slug, one = collection.slug, record_schema(collection)
    methods: dict[str, Any] = {
        "get": extend_schema(
            operation_id=f"{slug}_list",
            parameters=parameters(collection),
            responses=_answers(list_schema(collection)),
            tags=[slug],
        )
    }
    if hasattr(view, "post"):
        methods["post"] = extend_schema(
            operation_id=f"{slug}_create",
            request=serializer_class(slug, is_new=True),
            responses=_answers(one, 201),
            tags=[slug],
        )
    described: type[Any] = extend_schema_view(**methods)(view)
    return described


def describe_record(collection: Collection, view: type[Any]) -> type[Any]:
    """Describe the view class of a collection's records."""
    slug, one = collection.slug, record_schema(collection)
    methods: dict[str, Any] = {
        "get": extend_schema(operation_id=f"{slug}_read", responses=_answers(one), tags=[slug]),
    }
    if hasattr(view, "patch"):
        methods["patch"] = extend_schema(
            operation_id=f"{slug}_change",
            request=serializer_class(slug),
            responses=_answers(one),
            parameters=[IF_MATCH],
            tags=[slug],
        )
    if hasattr(view, "delete"):
        gone = {204: OpenApiResponse(description="Deleted.")}
        methods["delete"] = extend_schema(
            operation_id=f"{slug}_delete", responses=gone, parameters=[IF_MATCH], tags=[slug]
        )
    described: type[Any] = extend_schema_view(**methods)(view)
    return described


class TokenScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    target_class = TokenAuthentication
    name = "token"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {"type": "http", "scheme": "bearer"}
