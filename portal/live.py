"""Parts of pages that follow what happens.

The browser asks for such a part again and again while its tab is seen (assets/js/live.js), and names the ETag of what
it shows. While that is still the same it is answered 304, without a body.
"""

import hashlib
import re

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.utils.cache import get_conditional_response, patch_vary_headers

# Masked anew for each answer, and no news.
_CSRF = re.compile(rb'name="csrfmiddlewaretoken" value="[^"]*"')


def tag_of(content: bytes) -> str:
    """The ETag of a part: what it shows, whatever token its forms carry."""
    return f'"{hashlib.sha256(_CSRF.sub(b"", content)).hexdigest()[:32]}"'


def unless_known(request: HttpRequest, response: HttpResponse) -> HttpResponseBase:
    """The response with its ETag, or 304 where the browser shows the same already. It is for this reader alone."""
    response["ETag"] = tag_of(response.content)
    response["Cache-Control"] = "private, no-cache"
    patch_vary_headers(response, ["HX-Request"])
    return get_conditional_response(request, etag=response["ETag"], response=response) or response
