"""How an incident moved on after it was declared: severity and status, step by step."""

from collections.abc import Iterator
from dataclasses import dataclass

from incidents.demo.course import Course
from incidents.demo.scenes import Scene
from incidents.demo.telling import (
    AGAIN,
    identified_at,
    reason,
    reopened_at,
    severity_changed_at,
    watched_at,
    written_at,
)
from services.demo.health.world import MINUTE


@dataclass(frozen=True)
class Step:
    """What was changed at a moment: a severity by its rank, or a status by its slug with what goes with it."""

    at: int
    severity: int | None = None
    status: str = ""
    reason: str = ""
    into: Scene | None = None


def declared_at(course: Course) -> int:
    """When somebody said that there is an incident."""
    return course.declared if course.scene.is_real else course.scene.began


def steps(course: Course) -> list[Step]:
    """Oldest first."""
    return sorted(_steps(course), key=lambda each: each.at)


def _steps(course: Course) -> Iterator[Step]:
    scene = course.scene
    if scene.ending == "merged":
        yield Step(scene.began + 6 * MINUTE, status="merged", into=scene.into)
        return
    if not scene.is_real:
        yield Step(scene.began + 40 * MINUTE, status=scene.ending, reason=reason(scene))
        return
    if scene.kind == "retrospective":
        yield Step(written_at(course), status="resolved")
        yield Step(course.closed, status="closed")
        return
    if len(course.severities) == 2:
        yield Step(severity_changed_at(course), severity=course.severities[1])
    yield from _on(course)


def _on(course: Course) -> Iterator[Step]:
    if course.scene.ending == "active":
        yield Step(identified_at(course), status="identified")
        return
    yield Step(watched_at(course), status="monitoring")
    if course.reopened:
        yield Step(reopened_at(course) - 9 * MINUTE, status="resolved")
        yield Step(reopened_at(course), status="monitoring", reason=AGAIN)
    if course.is_over:
        yield Step(course.over, status="resolved")
    if course.scene.ending == "closed":
        yield Step(course.closed, status="closed")
