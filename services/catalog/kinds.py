"""What each kind of descriptor may say under ``spec``, as data.

A rule has a name, a shape, whether it must be there, and what it means to a reader. A rule with a relation holds
references to other entities, of the kind ``refers`` where they do not name one themselves.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto


class Shape(Enum):
    """How a value must look; services.catalog.validate checks it and has the words for it."""

    TEXT = auto()
    ANY_TEXT = auto()  # may be empty
    TEXT_OR_FLAG = auto()
    TEXTS = auto()
    TEXT_OR_TEXTS = auto()
    MAPPING = auto()
    MAPPINGS = auto()
    MAPPING_OR_MAPPINGS = auto()


@dataclass(frozen=True, slots=True)
class Rule:
    """One field below ``spec`` (or below another field, for ``inner``)."""

    name: str
    shape: Shape = Shape.TEXT
    required: bool = False
    meaning: str = ""
    relation: str = ""
    refers: str = ""
    choices: tuple[str, ...] = ()
    inner: tuple[Rule, ...] = ()
    at_least_one: bool = False


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind: the versions in which it is understood and the rules of its spec."""

    name: str
    rules: tuple[Rule, ...]
    versions: tuple[str, ...] = ("backstage.io/v1alpha1", "backstage.io/v1beta1")

    def rules_for(self, spec: object) -> tuple[Rule, ...]:
        """The rules that hold for this spec: an MCP server has remotes instead of a definition."""
        if self.name == "API" and isinstance(spec, dict) and spec.get("type") == "mcp-server":
            return (
                *(rule for rule in self.rules if rule.name != "definition"),
                _REMOTES,
            )
        return self.rules


OWNED_BY = "ownedBy"
PART_OF = "partOf"
PROVIDES_API = "providesApi"
CONSUMES_API = "consumesApi"
DEPENDS_ON = "dependsOn"
DEPENDENCY_OF = "dependencyOf"
CHILD_OF = "childOf"
PARENT_OF = "parentOf"
HAS_MEMBER = "hasMember"
MEMBER_OF = "memberOf"


def _owner(*, required: bool = True) -> Rule:
    return Rule(
        "owner",
        required=required,
        meaning="the team or person who owns it",
        relation=OWNED_BY,
        refers="Group",
    )


def _part_of(name: str, refers: str) -> Rule:
    return Rule(
        name,
        meaning=f"the {refers.lower()} it is part of",
        relation=PART_OF,
        refers=refers,
    )


def _type(*, required: bool = True, examples: str) -> Rule:
    return Rule("type", required=required, meaning=f"its type, such as {examples}")


def _lifecycle(*, required: bool = True) -> Rule:
    return Rule(
        "lifecycle",
        required=required,
        meaning="its lifecycle, such as production or deprecated",
    )


_SYSTEM = _part_of("system", "System")
_DEPENDS_ON = Rule("dependsOn", Shape.TEXTS, meaning="what it needs to work", relation=DEPENDS_ON)
# No schema knows dependencyOf, but the reference implementation reads it, and one text as well as a list.
_DEPENDENCY_OF = Rule(
    "dependencyOf",
    Shape.TEXT_OR_TEXTS,
    meaning="what needs it to work",
    relation=DEPENDENCY_OF,
)
_PROFILE = Rule(
    "profile",
    Shape.MAPPING,
    meaning="how it is shown",
    inner=(Rule("displayName"), Rule("email"), Rule("picture")),
)
_REMOTES = Rule(
    "remotes",
    Shape.MAPPINGS,
    required=True,
    at_least_one=True,
    meaning="where the server is reached",
    inner=(
        Rule("type", required=True, meaning="streamable-http, stdio or sse"),
        Rule("url", required=True, meaning="its address"),
    ),
)

COMPONENT = Kind(
    "Component",
    (
        _type(examples="service, website or library"),
        _lifecycle(),
        _owner(),
        _SYSTEM,
        _part_of("subcomponentOf", "Component"),
        Rule(
            "providesApis",
            Shape.TEXTS,
            meaning="the APIs it offers",
            relation=PROVIDES_API,
            refers="API",
        ),
        Rule(
            "consumesApis",
            Shape.TEXTS,
            meaning="the APIs it uses",
            relation=CONSUMES_API,
            refers="API",
        ),
        _DEPENDS_ON,
        _DEPENDENCY_OF,
    ),
)
API = Kind(
    "API",
    (
        _type(examples="openapi, asyncapi, graphql or grpc"),
        _lifecycle(),
        _owner(),
        _SYSTEM,
        Rule(
            "definition",
            required=True,
            meaning="the definition of the API, or $text: and the file that holds it",
        ),
    ),
)
RESOURCE = Kind(
    "Resource",
    (
        _type(examples="database or s3-bucket"),
        _owner(),
        _SYSTEM,
        _DEPENDS_ON,
        _DEPENDENCY_OF,
    ),
)
SYSTEM = Kind(
    "System",
    (_owner(), _part_of("domain", "Domain"), _type(required=False, examples="product")),
)
DOMAIN = Kind(
    "Domain",
    (
        _owner(),
        _part_of("subdomainOf", "Domain"),
        _type(required=False, examples="bundle"),
    ),
)
GROUP = Kind(
    "Group",
    (
        _type(examples="team or business-unit"),
        Rule(
            "children",
            Shape.TEXTS,
            required=True,
            meaning="the groups within it, [] where there are none",
            relation=PARENT_OF,
            refers="Group",
        ),
        Rule(
            "parent",
            meaning="the group it is part of",
            relation=CHILD_OF,
            refers="Group",
        ),
        Rule(
            "members",
            Shape.TEXTS,
            meaning="the people in it",
            relation=HAS_MEMBER,
            refers="User",
        ),
        _PROFILE,
    ),
)
USER = Kind(
    "User",
    (
        Rule(
            "memberOf",
            Shape.TEXTS,
            required=True,
            meaning="the groups this person is in, [] where there are none",
            relation=MEMBER_OF,
            refers="Group",
        ),
        _PROFILE,
    ),
)
LOCATION = Kind(
    "Location",
    (
        Rule("type", meaning="the type of its targets, such as url or file"),
        Rule("target", meaning="the file or address it points at"),
        Rule("targets", Shape.TEXTS, meaning="the files or addresses it points at"),
        Rule(
            "presence",
            choices=("required", "optional"),
            meaning="whether a missing target is an error",
        ),
    ),
)
TEMPLATE = Kind(
    "Template",
    (
        _type(examples="service or website"),
        _lifecycle(required=False),
        _owner(required=False),
        Rule(
            "steps",
            Shape.MAPPINGS,
            required=True,
            meaning="what it does, step by step",
            inner=(
                Rule(
                    "action",
                    Shape.ANY_TEXT,
                    required=True,
                    meaning="the action to run, such as fetch:template",
                ),
                Rule("id", Shape.ANY_TEXT),
                Rule("name", Shape.ANY_TEXT),
                Rule("input", Shape.MAPPING),
                Rule("if", Shape.TEXT_OR_FLAG),
            ),
        ),
        Rule("parameters", Shape.MAPPING_OR_MAPPINGS, meaning="what it asks for"),
        Rule("secrets", Shape.MAPPING),
        Rule("presentation", Shape.MAPPING),
        Rule(
            "output",
            Shape.MAPPING,
            inner=(
                Rule(
                    "links",
                    Shape.MAPPINGS,
                    inner=(Rule("url"), Rule("entityRef"), Rule("title"), Rule("icon")),
                ),
                Rule(
                    "text",
                    Shape.MAPPINGS,
                    inner=(
                        Rule("title"),
                        Rule("icon"),
                        Rule("content", Shape.ANY_TEXT),
                    ),
                ),
            ),
        ),
    ),
    versions=("scaffolder.backstage.io/v1beta3",),
)

KINDS = {
    kind.name: kind
    for kind in (
        COMPONENT,
        API,
        RESOURCE,
        SYSTEM,
        DOMAIN,
        GROUP,
        USER,
        LOCATION,
        TEMPLATE,
    )
}
# Kinds this portal keeps and shows without rules of its own: their owner is still somebody to reach.
FOREIGN_RULES = (_owner(required=False),)


def kind_of(api_version: object, kind: object) -> Kind | None:
    """The kind with rules of its own, or None for a foreign one. Case counts: ``component`` is foreign."""
    known = KINDS.get(kind) if isinstance(kind, str) else None
    return known if known and api_version in known.versions else None
