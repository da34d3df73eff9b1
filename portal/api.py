"""``/api/v1/``: every collection, with the query string of its page; reading with ``values()``, writing by actions.

A list is ``{"items", "next", "total"}``; ``next`` is the address of the following page, ``total`` null beyond 1,000.
A record carries its version and a digest of the answer as ``ETag``, ``"3-…"``; a write names that version in
``If-Match`` (``"3"`` is enough, ``*`` for whatever it is).
"""

from collections.abc import Mapping
from typing import Any

from django.db import models
from django.http import QueryDict
from django.urls import reverse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.exceptions import NotFound, PermissionDenied
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from portal.api_errors import Unprocessable
from portal.collections import Collection, collections
from portal.declared import declared_fields
from portal.exports import item
from portal.loading import find_record
from portal.people.tokens import may_write
from portal.preconditions import etag, version_asked
from portal.query import BadQuery, Query, annotated, parse
from portal.refusing import read
from portal.serializers import serializer_class


class RootView(APIView):
    """What there is to read: the address of every collection the reader may see, and of the description of all."""

    @extend_schema(operation_id="root", responses={200: OpenApiTypes.OBJECT}, tags=["root"])
    def get(self, request: Request) -> Response:
        seen = [each for each in collections() if each.may(request.user, "view")]
        addresses = {each.slug: request.build_absolute_uri(each.api_url) for each in seen}
        description = request.build_absolute_uri(reverse("api-schema"))
        return Response({"collections": addresses, "description": description})


class CollectionView(APIView):
    """What lists and records share: the collection, the record rules, the answer's shape."""

    collection: Collection

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        if not self.collection.may(request.user, "view"):
            raise NotFound("There is no such collection.")

    def load(self, key: str) -> models.Model:
        record = find_record(self.collection, self.request.user, key)
        if record is None:
            raise NotFound(f"There is no {self.collection.title_one} “{key}”.")
        return record

    def require(self, act: str, record: models.Model | None = None) -> None:
        if not may_write(self.request):
            raise PermissionDenied("This token may only read. Make one with the scope “write”.")
        if not self.collection.may(self.request.user, act, record):
            what = record if record is not None else self.collection.title
            raise PermissionDenied(f"You may not {act} {what}.")

    def answer(self, record: models.Model, status_code: int = 200) -> Response:
        """The record with every column the reader may see, its key and version."""
        query = self.query({})
        row = annotated(self.collection.visible(query.reader).filter(pk=record.pk), query.reader, query.columns)
        values = row.values_list(*query.paths).get()
        version = getattr(record, "version", None)
        body = {"key": query.split(values)[0], **item(query, values)}
        headers = {"Location": f"{self.collection.api_url}{body['key']}/"}
        if version is not None:
            body["version"] = version
            headers["ETag"] = etag(version, body)
        return Response(body, status=status_code, headers=headers)

    def query(self, params: Any) -> Query:
        if params.get("format", "json") != "json":
            raise BadQuery([f"format={params['format'][:40]}: the API answers JSON. {self.collection.url} has files."])
        return parse(self.collection, self.request.user, params or QueryDict(), every_column=True)

    def validated(self, record: models.Model | None = None) -> dict[str, Any]:
        """The written values, read and checked; a name that may not be written is refused, not dropped."""
        reads = serializer_class(self.collection.slug, is_new=record is None)
        context = {"reader": self.request.user}
        return read(reads(instance=record, data=self.request.data, partial=record is not None, context=context))


class ListView(CollectionView):
    def get(self, request: Request) -> Response:
        query = self.query(request.query_params)
        extra = query.cursor_paths
        start = (query.page - 1) * query.size
        rows = list(query.rows().values_list(*query.paths, *extra)[start : start + query.size + 1])
        shown = [(row[: len(query.paths)], row[len(query.paths) :]) for row in rows[: query.size]]
        return Response(
            {
                "items": [{"key": query.split(row)[0], **item(query, row)} for row, _ in shown],
                "next": self._next(request, query, shown[-1][1]) if len(rows) > query.size else None,
                "total": query.total(),
            }
        )

    def _next(self, request: Request, query: Query, last: tuple[Any, ...]) -> str:
        params = request.query_params.copy()
        cursor = query.cursor_after(last)
        if cursor:
            params.pop("page", None)
            params["cursor"] = cursor
        else:
            params["page"] = str(query.page + 1)
        return request.build_absolute_uri(f"{request.path}?{params.urlencode()}")


class CreateMixin(CollectionView):
    def post(self, request: Request) -> Response:
        self.require("add")
        assert self.collection.create is not None  # noqa: S101  require() has asked
        kind = self.collection.kinds[0] if self.collection.kinds else ""
        values = self.collection.as_listed(self.validated())
        made = self.collection.create(by=request.user, model=self.collection.model, values=values, kind=kind)
        return self.answer(made, status.HTTP_201_CREATED)


class RecordView(CollectionView):
    def get(self, request: Request, key: str) -> Response:
        record = self.load(key)
        answer = self.answer(record)
        # Compressing an answer makes its ETag a weak one.
        held = [each.strip().removeprefix("W/") for each in request.headers.get("If-None-Match", "").split(",")]
        if answer.headers.get("ETag") in held:
            return Response(status=status.HTTP_304_NOT_MODIFIED, headers={"ETag": answer.headers["ETag"]})
        return answer


class ChangeMixin(CollectionView):
    def patch(self, request: Request, key: str) -> Response:
        record = self.load(key)
        self.require("change", record)
        version = version_asked(request, record)
        assert self.collection.update is not None  # noqa: S101  require() has asked
        values = self.validated(record)
        refuse_declared(record, values)
        saved = self.collection.update(by=request.user, record=record, values=values, version=version)
        return self.answer(saved)


class DeleteMixin(CollectionView):
    def delete(self, request: Request, key: str) -> Response:
        record = self.load(key)
        self.require("delete", record)
        assert self.collection.delete is not None  # noqa: S101  require() has asked
        self.collection.delete(by=request.user, record=record, version=version_asked(request, record))
        return Response(status=status.HTTP_204_NO_CONTENT)


def refuse_declared(record: models.Model, values: Mapping[str, Any]) -> None:
    """A value that a file declares is changed in the file."""
    declared = declared_fields(record)
    for name in values:
        if name in declared and getattr(record, name) != values[name]:
            raise Unprocessable({name: [f"is declared in {declared[name].text}. Change it there."]})
