"""What a check expects of what it asks, in words: from when on an answer, or that none came, says something."""

from django.http import HttpRequest

from portal.panels import Context, panel
from services.health.models import Check, CheckKind
from services.health.moments import counted, duration

Said = list[tuple[str, str]]


@panel(on=Check, slot="rail", order=5, title="What it expects", template="health/_expects.html")
def expects(request: HttpRequest, check: Check) -> Context:
    return {"expects": expectations(check)}


def expectations(check: Check) -> Said:
    """Name and words of each, by the kind of the check."""
    if check.kind == CheckKind.HEARTBEAT:
        return _of_pings(check)
    return [*(_of_connection(check) if check.kind == CheckKind.TCP else _of_answer(check)), *_of_time(check)]


def _of_pings(check: Check) -> Said:
    late = f"when a ping is overdue by more than {duration(check.grace_s)}" if check.grace_s else "when one is overdue"
    return [
        ("Ping", f"every {duration(check.interval_s)}"),
        ("Late", f"{late}; a missing ping is not down"),
        ("Before the first", "nothing is late"),
    ]


def _of_connection(check: Check) -> Said:
    return [("Good", f"it takes a connection within {_ms(check.timeout_ms)}")]


def _of_answer(check: Check) -> Said:
    text = f", with the text “{check.expected_text}”" if check.expected_text else ""
    asked = f"a {check.method} request every {duration(check.interval_s)}"
    return [
        ("Asked by", asked),
        ("Good", f"it answers {check.expected_status}{text}, within {_ms(check.timeout_ms)}"),
    ]


def _of_time(check: Check) -> Said:
    degraded = [f"an answer takes {_ms(check.max_latency_ms)} or longer"] if check.max_latency_ms else []
    if check.kind == CheckKind.HTTP and check.certificate_days:
        degraded.append(f"the certificate ends in fewer than {counted(check.certificate_days, 'day')}")
    return [
        ("Degraded", f"when {' or '.join(degraded)}" if degraded else "never: no time is set from which it is slow"),
        ("Changes", f"when {_so_many(check)} say so"),
    ]


def _so_many(check: Check) -> str:
    if check.of_last == 1:
        return "the last answer"
    return f"{check.failures_needed} of the last {check.of_last} answers"


def _ms(milliseconds: int) -> str:
    """Whole seconds as such, anything else in milliseconds."""
    seconds, rest = divmod(milliseconds, 1000)
    return f"{milliseconds:,}\u00a0ms" if rest or not seconds else duration(seconds)
