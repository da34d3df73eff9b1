"""What the facets ask, as the taxonomy that a portal begins with says it."""

import yaml

from incidents.defaults import DEFAULT

QUESTIONS: dict[str, str] = {
    each["facet"]: each["question"] for each in yaml.safe_load(DEFAULT.read_text(encoding="utf-8"))
}
