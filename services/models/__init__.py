from services.models.entity import (
    Edge,
    Entity,
    EntityState,
    Lifecycle,
    Ownership,
    OwnershipRole,
    Relation,
    RelationType,
)
from services.models.source import Document, DocumentStatus, Run, Source, needs_attention

__all__ = [
    "Document",
    "DocumentStatus",
    "Edge",
    "Entity",
    "EntityState",
    "Lifecycle",
    "Ownership",
    "OwnershipRole",
    "Relation",
    "RelationType",
    "Run",
    "Source",
    "needs_attention",
]
