"""The shape of a large company, drawn from a seed: the same size gives the same catalog, entity for entity.

Websites stand on back ends for them, those on domain services, those on platform services, and all on resources. Most
of what a service needs is in its own area; some is central and needed by thousands. A few areas go in circles.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from services.demo.names import unique_names
from services.models import RelationType

TEAMS = 400
AREAS = 40
SHARES = {"api": 0.17, "resource": 0.22, "system": 0.04, "domain": 0.002}
# What a component is, how deep it stands, and how many in a hundred are one.
LAYERS = (("website", 0, 8), ("service", 1, 12), ("service", 2, 55), ("service", 3, 15), ("library", 4, 10))
DEEPEST = 5
CENTRAL_SHARE = 0.08
LOCAL_REACH = 120
CIRCLES = 40

TYPES = {
    "api": ("openapi", "openapi", "openapi", "asyncapi", "graphql", "grpc"),
    "resource": ("database", "database", "cache", "queue", "topic", "bucket", "search-index", "third-party"),
    "system": ("product", "product", "service", "feature-set"),
    "domain": ("",),
}


@dataclass(slots=True)
class Node:
    """An entity to be: ``layer`` is how deep it stands, ``team`` the number of its owner."""

    number: int
    kind: str
    type: str
    name: str
    layer: int
    team: int

    @property
    def area(self) -> int:
        return self.team % AREAS


@dataclass(frozen=True, slots=True)
class Edge:
    subject: int
    type: str
    object: int


@dataclass
class Plan:
    nodes: list[Node]
    edges: list[Edge]


def draw(*, entities: int, relations: int, taken: dict[str, set[str]], seed: int = 2026) -> Plan:
    """Draw a catalog of exactly this many entities and relations. ``taken`` are the names in use, by kind."""
    chance = random.Random(seed)  # noqa: S311
    nodes = _nodes(entities, taken, chance)
    edges = _Wiring(nodes, chance).edges(relations)
    return Plan(nodes, edges)


def _nodes(entities: int, taken: dict[str, set[str]], chance: random.Random) -> list[Node]:
    counts = {kind: max(1, round(share * entities)) for kind, share in SHARES.items()}
    parts: list[tuple[str, str, int, int]] = []
    left = entities - sum(counts.values())
    for type_, layer, percent in LAYERS[1:]:
        parts.append(("component", type_, layer, left * percent // 100))
    parts.insert(0, ("component", "website", 0, left - sum(part[3] for part in parts)))
    parts += [(kind, "", DEEPEST if kind == "resource" else -1, count) for kind, count in counts.items()]
    nodes: list[Node] = []
    for kind, type_, layer, count in parts:
        used = taken.setdefault(kind, set())
        for name in islice(unique_names(type_ or kind, used, chance), count):
            nodes.append(_node(len(nodes), kind, type_, name, layer, chance))
    return nodes


def _node(number: int, kind: str, type_: str, name: str, layer: int, chance: random.Random) -> Node:
    # Some teams own five times what others do.
    team = min(int(TEAMS * chance.random() ** 1.4), TEAMS - 1)
    return Node(number, kind, type_ or chance.choice(TYPES[kind]), name, layer, team)


class _Wiring:
    """Draws the edges of a plan, each once."""

    def __init__(self, nodes: list[Node], chance: random.Random) -> None:
        self.nodes, self.chance = nodes, chance
        self.seen: set[tuple[int, int]] = set()
        self.components = [node for node in nodes if node.kind == "component"]
        self.by_area: dict[tuple[str, int], list[Node]] = {}
        for node in nodes:
            self.by_area.setdefault((node.kind, node.area), []).append(node)
        platform = [node for node in self.components if node.layer >= 3]
        self.central = platform + [node for node in nodes if node.kind == "resource"][: len(platform) // 10]
        chance.shuffle(self.central)

    def edges(self, wanted: int) -> list[Edge]:
        found = list(islice(self._structure(), wanted))
        found += islice(self._circles(), min(CIRCLES, wanted - len(found)))
        found += islice(self._dependencies(), wanted - len(found))
        return found

    def _structure(self) -> Iterator[Edge]:
        """What is part of what, and who provides which API."""
        for node in self.nodes:
            if node.kind == "system":
                yield self._edge(node, RelationType.PART_OF, self._one_of("domain", node))
            elif node.kind != "domain" and self.chance.random() < 0.85:
                yield self._edge(node, RelationType.PART_OF, self._one_of("system", node))
            if node.kind == "api":
                provider = self._one_of("component", node)
                node.layer = provider.layer
                yield self._edge(provider, RelationType.PROVIDES_API, node)

    def _circles(self) -> Iterator[Edge]:
        """Pairs of neighbours that need each other, as happens."""
        while True:
            one = self.chance.choice(self.components)
            other = self._near(one)
            if other and self._is_new(other, one):
                yield self._edge(other, RelationType.DEPENDS_ON, one)

    def _dependencies(self) -> Iterator[Edge]:
        """What components need, one after the other and again, until nobody asks for more."""
        while True:
            for node in self.components:
                target = self._target(node)
                if target and self._is_new(node, target):
                    type_ = RelationType.CONSUMES_API if target.kind == "api" else RelationType.DEPENDS_ON
                    yield self._edge(node, type_, target)

    def _target(self, node: Node) -> Node | None:
        """Something deeper than the node, or of the same depth and older, so that circles stay rare."""
        draw = self.chance.random()
        if draw < CENTRAL_SHARE:
            return self._if_deeper(node, self.central[int(len(self.central) * self.chance.random() ** 3)])
        if draw < 0.34:
            return self._one_of("resource", node)
        if draw < 0.66:
            return self._if_deeper(node, self._one_of("api", node))
        return self._near(node)

    def _near(self, node: Node) -> Node | None:
        neighbours = self.by_area["component", node.area]
        position = int(len(neighbours) * self.chance.random())
        nearby = neighbours[position : position + LOCAL_REACH]
        return self._if_deeper(node, self.chance.choice(nearby))

    def _if_deeper(self, node: Node, other: Node) -> Node | None:
        deeper = other.layer > node.layer or (other.layer == node.layer and other.number < node.number)
        return other if deeper and other is not node else None

    def _one_of(self, kind: str, node: Node) -> Node:
        """One of its own area, or any where the area has none."""
        candidates = self.by_area.get((kind, node.area)) or self._all(kind)
        return self.chance.choice(candidates)

    def _all(self, kind: str) -> list[Node]:
        if (kind, -1) not in self.by_area:
            self.by_area[kind, -1] = [node for node in self.nodes if node.kind == kind]
        return self.by_area[kind, -1]

    def _is_new(self, subject: Node, other: Node) -> bool:
        return (subject.number, other.number) not in self.seen

    def _edge(self, subject: Node, type_: RelationType, other: Node) -> Edge:
        self.seen.add((subject.number, other.number))
        return Edge(subject.number, type_.value, other.number)
