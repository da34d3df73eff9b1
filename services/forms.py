"""Forms of the catalog beside those that every collection has."""

from django import forms

from portal.fields import ReferenceField


class DependencyForm(forms.Form):
    """What something needs, by its name."""

    target = ReferenceField(
        kinds=("component", "resource", "api"),
        label="It needs",
        help_text="A service, resource or API, by its name, such as orders-db or api:default/orders.",
    )
