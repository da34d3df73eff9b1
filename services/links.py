"""Links that files and people gave: shown as links only with a scheme that cannot run anything."""

from django.utils.html import format_html
from django.utils.safestring import SafeString

from portal.fields import LINK_SCHEMES


def is_safe(url: str) -> bool:
    return url.partition(":")[0].strip().lower() in LINK_SCHEMES


def safe_link(url: str, label: str) -> SafeString:
    """A link, or only its text where the address could run something."""
    if not is_safe(url):
        return format_html('{} <span class="gw-sub">{}</span>', label, url)
    return format_html('<a href="{}" rel="noopener noreferrer">{}</a>', url, label)
