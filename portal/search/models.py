"""One index over every record that can be found."""

from typing import Any

from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVectorField
from django.db import models


class SearchEntry(models.Model):
    """One record as the search sees it, under the label of its model (``services.entity``).

    ``document`` holds every word of its search columns and the ends of the words of its name, so that ``pay``,
    ``gateway`` and ``ateway`` all find ``payments-gateway`` (portal.search.words). ``name`` is lower case.
    """

    model = models.CharField(max_length=100)
    object_id = models.BigIntegerField()
    # In the order of code points, so that one index gives the names that begin with a text, and gives them sorted.
    name = models.CharField(max_length=300, db_collation="C")
    document = SearchVectorField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["model", "object_id"], name="one_search_entry")]
        indexes = [
            GinIndex(fields=["document"], name="search_words", fastupdate=False),
            models.Index(fields=["name"], name="search_name"),
        ]

    def __str__(self) -> str:
        return self.name


@SearchVectorField.register_lookup
class Words(models.Lookup):
    """``document__words=text``: the document has every word of a tsquery written out by portal.search.words."""

    lookup_name = "words"
    prepare_rhs = False

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, tuple[Any, ...]]:
        column, params = self.process_lhs(compiler, connection)
        return f"{column} @@ %s::tsquery", (*params, self.rhs)
