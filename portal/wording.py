"""What Django and its companions say to readers when a value does not fit, in the portal's own words: what is wrong,
and how to mend it. The messages are those of the classes, so that every form and serializer has them."""

from django import forms
from django.core import validators
from django.core.exceptions import RequestDataTooBig, TooManyFieldsSent, TooManyFilesSent
from django.db import models
from django.http.multipartparser import MultiPartParserError
from rest_framework import serializers

from portal.receiving import TooMuchAtOnce

_NO_CHOICE = "“%(value)s” is none of the choices. Choose one of the list."
_FORMS: dict[type[forms.Field], dict[str, str]] = {
    forms.Field: {"required": "This is missing. Fill it in."},
    forms.ChoiceField: {"invalid_choice": _NO_CHOICE},
    forms.ModelChoiceField: {"invalid_choice": _NO_CHOICE},
    forms.IntegerField: {"invalid": "This is no whole number. Write it in digits, such as 12."},
    forms.DateField: {"invalid": "This is no date. Write year-month-day, such as 2026-11-19."},
}
_ADDRESS = "This is no complete web address. Write it with its beginning, such as https://wiki.example.com/page."
_EMAIL = "This is no e-mail address. Write it whole, such as amara@example.com."
_MODELS = {
    "unique": "This is taken already. Choose another one.",
    "invalid_choice": "“%(value)s” is none of the choices.",
}
_SERIALIZERS: dict[type[serializers.Field], dict[str, str]] = {  # type: ignore[type-arg]
    serializers.Field: {"required": "is missing.", "null": "cannot be null. Send a value, or leave it out."},
    serializers.CharField: {"invalid": "is no text. Send a JSON string.", "blank": "cannot be empty."},
    serializers.BooleanField: {"invalid": "is neither true nor false."},
    serializers.IntegerField: {"invalid": "is no whole number."},
    serializers.ChoiceField: {"invalid_choice": "“{input}” is none of the choices."},
    serializers.ListField: {"not_a_list": "is no list. Send a JSON array."},
    serializers.ListSerializer: {"not_a_list": "is no list. Send a JSON array."},
}


def reword() -> None:
    """Called once, when the apps are ready; before any form is made."""
    for field, messages in _FORMS.items():
        field.default_error_messages = {**field.default_error_messages, **messages}
    models.Field.default_error_messages = {**models.Field.default_error_messages, **_MODELS}
    for kind, words in _SERIALIZERS.items():
        kind.default_error_messages = {**kind.default_error_messages, **words}
    validators.MinValueValidator.message = "Take %(limit_value)s or more."
    validators.MaxValueValidator.message = "Take %(limit_value)s or less."
    validators.URLValidator.message = _ADDRESS
    forms.URLField.default_error_messages = {"invalid": _ADDRESS}
    validators.EmailValidator.message = _EMAIL
    validators.validate_email.message = _EMAIL


def reason_of(problem: Exception) -> str:
    """Why a request could not be read, for the page that says so."""
    if isinstance(problem, RequestDataTooBig) and not isinstance(problem, TooMuchAtOnce):
        return (
            "What was sent is larger than one form may be. Nothing was saved: go back, shorten the texts, send again."
        )
    if isinstance(problem, TooManyFieldsSent | TooManyFilesSent):
        return "What was sent has more fields than any form here. Nothing was saved."
    if isinstance(problem, MultiPartParserError):
        return "What was sent broke off or is garbled. Nothing was saved: go back and send it again."
    return str(problem)[:300]
