from services.models.entity import (
    Entity,
    EntityState,
    Lifecycle,
    Ownership,
    OwnershipRole,
    Relation,
    RelationType,
)
from services.models.source import Document, DocumentStatus, Run, Source

__all__ = [
    "Document",
    "DocumentStatus",
    "Entity",
    "EntityState",
    "Lifecycle",
    "Ownership",
    "OwnershipRole",
    "Relation",
    "RelationType",
    "Run",
    "Source",
]
