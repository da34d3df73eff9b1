"""The page on which administrators write the sections of a template."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods

from incidents.models import PostmortemTemplate
from incidents.postmortems import templates
from incidents.postmortems.collections import TEMPLATES
from incidents.postmortems.forms import TemplateSections
from portal.actions import Conflict
from portal.crumbs import crumbs_of
from portal.saving import version_of

STALE = "Somebody changed the template in the meantime. What you typed is below; load the page anew to see theirs."


@require_http_methods(["GET", "HEAD", "POST"])
def sections(request: HttpRequest, key: int) -> HttpResponse:
    """The sections of a template: their titles, questions and order."""
    template = get_object_or_404(PostmortemTemplate, pk=key)
    if not request.user.has_perm("incidents.change_postmortemtemplate", template):
        raise PermissionDenied("Administrators write the templates of postmortems.")
    forms = TemplateSections(request.POST if request.method == "POST" else None, initial=_initial(template))
    problem = _save(request, template, forms) if request.method == "POST" else None
    if request.method == "POST" and not problem:
        messages.success(request, f"Saved the sections of {template}. Postmortems that were begun keep theirs.")
        return redirect(TEMPLATES.url_of(template))
    address = TEMPLATES.url_of(template)
    context = {
        "template": template, "forms": forms, "problem": problem, "cancel_url": address,
        "version": request.POST.get("version") or template.version,
        "crumbs": crumbs_of(TEMPLATES, (template.name, address), ("Sections", request.path)),
    }  # fmt: skip
    return render(request, "incidents/postmortem_template.html", context, status=422 if problem else 200)


def _initial(template: PostmortemTemplate) -> list[dict[str, Any]]:
    return [{**each, "place": place} for place, each in enumerate(template.sections, start=1)]


def _save(request: HttpRequest, template: PostmortemTemplate, forms: Any) -> str | None:
    """Why it was not saved, or nothing."""
    if not forms.is_valid():
        return "Something is to be mended below."
    filled = [(each.cleaned_data, at) for at, each in enumerate(forms.forms) if each.cleaned_data.get("title")]
    # What has no place stands where it was typed.
    filled.sort(key=lambda pair: (pair[0].get("place") or pair[1] + 1, pair[1]))
    try:
        templates.set_sections(
            by=request.user, template=template, sections=[data for data, _ in filled],
            version=version_of(request, template),
        )  # fmt: skip
    except ValidationError as problem:
        return " ".join(problem.messages)
    except Conflict:
        return STALE
    return None
