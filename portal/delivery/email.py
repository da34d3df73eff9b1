"""Notifications by e-mail: one message each, with a Message-ID that stays the same however often it is sent."""

import smtplib
from email.utils import parseaddr
from urllib.parse import urljoin

from django.conf import settings
from django.core.mail import EmailMessage, get_connection
from django.template.loader import render_to_string

from portal.delivery.failures import NotSentError
from portal.delivery.kinds import label_of
from portal.delivery.models import OutboxMessage
from portal.people.models import User

ADDRESS_REFUSED = 500  # SMTP: from here on the answer is final


def send(message: OutboxMessage) -> None:
    """Send one message. Raises NotSentError; finally when its reader's login was closed while it waited."""
    if User.objects.filter(email=message.recipient, is_active=False).exists():
        raise NotSentError(f"The login of {message.recipient} is closed, so nothing is sent there.", final=True)
    connection = get_connection(timeout=settings.DELIVERY_TIMEOUT_S)
    try:
        connection.open()
    except (OSError, smtplib.SMTPException) as problem:
        raise NotSentError(f"The mail server cannot be reached: {_words(problem)}", unreachable=True) from problem
    try:
        connection.send_messages([email_of(message)])
    except smtplib.SMTPRecipientsRefused as problem:
        raise _refused(problem) from problem
    except smtplib.SMTPResponseException as problem:
        final = problem.smtp_code >= ADDRESS_REFUSED
        raise NotSentError(f"The mail server refused it: {_words(problem)}", final=final) from problem
    except OSError as problem:
        raise NotSentError(f"The mail server broke off: {_words(problem)}", uncertain=True) from problem
    finally:
        _close(connection)


def _close(connection: object) -> None:
    """Saying goodbye may fail too, and changes nothing about what was sent."""
    try:
        connection.close()  # type: ignore[attr-defined]
    except (OSError, smtplib.SMTPException):
        return


def _refused(problem: smtplib.SMTPRecipientsRefused) -> NotSentError:
    codes = [code for code, _ in problem.recipients.values()]
    texts = [f"{code} {_decoded(text)}" for code, text in problem.recipients.values()]
    return NotSentError(f"The address was refused: {'; '.join(texts)}"[:500], final=min(codes) >= ADDRESS_REFUSED)


def _words(problem: Exception) -> str:
    if isinstance(problem, smtplib.SMTPResponseException):
        return f"{problem.smtp_code} {_decoded(problem.smtp_error)}"[:400]
    return f"{problem}"[:400] or type(problem).__name__


def _decoded(text: bytes | str) -> str:
    return text.decode("utf-8", "replace") if isinstance(text, bytes) else text


def message_id(message: OutboxMessage) -> str:
    """What mail programs know the message by: its key, at the domain of the sender."""
    domain = parseaddr(settings.DEFAULT_FROM_EMAIL)[1].rpartition("@")[2] or "localhost"
    return f"<{message.key}@{domain}>"


def email_of(message: OutboxMessage) -> EmailMessage:
    """The e-mail as it is sent; a possible repeat says so in its text and in a header."""
    context = {
        **message.payload,
        "address": urljoin(settings.PORTAL_URL, message.payload["url"]),
        "profile": urljoin(settings.PORTAL_URL, "/profile/#notifications"),
        "kind": label_of(message.kind),
        "repeated": message.possibly_repeated,
    }
    headers = {"Message-ID": message_id(message), "Auto-Submitted": "auto-generated"}
    if message.possibly_repeated:
        headers["X-Groundwork-Possible-Repeat"] = "yes"
    subject = " ".join(message.title.split())
    return EmailMessage(
        subject, render_to_string("delivery/email.txt", context), to=[message.recipient], headers=headers
    )
