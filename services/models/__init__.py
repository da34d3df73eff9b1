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
from services.models.source import DeclaredMembership, Document, DocumentStatus, Run, Source, needs_attention

__all__ = [
    "DeclaredMembership",
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
