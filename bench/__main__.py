"""``python -m bench [figure …]``: measure, print a table, write bench/results.json."""

import json
import os
import subprocess
import sys
from pathlib import Path

from bench.figures import Figure, say, table
from bench.places import LARGE, PROJECT, SMALL, environment, prepare

RESULTS = Path(__file__).with_name("results.json")
ALL = (
    "list_page",
    "entity_page",
    "api_page",
    "export",
    "search",
    "blast_radius",
    "create",
    "apply",
    "throughput",
    "probes",
    "samples",
    "check_history",
    "kept_results",
    "foretell",
    "health_states",
    "health_overview",
    "incident_list",
    "incident_page",
    "insights",
    "roadmap_views",
    "timeline_browser",
    "edition_pdf",
    "declare",
    "similar",
    "blameless",
    "alert_hooks",
    "key_results",
    "page_weight",
)
# Not goals: what was measured to decide something (docs/adr).
EXTRA = ("web_servers",)


def main(names: list[str]) -> int:
    if unknown := set(names) - {*ALL, *EXTRA}:
        say(f"There is no figure {', '.join(sorted(unknown))}. There are: {', '.join((*ALL, *EXTRA))}.")
        return 2
    for size in (SMALL, LARGE):
        prepare(size)
    # Times are only comparable between runs where the machine had as little else to do.
    figures = [Figure("machine: processes waiting for a core at the start", os.getloadavg()[0], "")]
    broken = [name for name in names or ALL if not _measure(name, figures)]
    print(table(figures))
    missed = [each.name for each in figures if each.ok is False]
    if broken:
        say(f"Could not be measured: {', '.join(broken)}; see above.")
    return 1 if broken or (missed and os.environ.get("STRICT", "") not in {"", "0"}) else 0


def _measure(name: str, figures: list[Figure]) -> bool:
    """Run one module in a process of its own, so that no figure depends on what was measured before it."""
    say(f"Measuring {name.replace('_', ' ')} …")
    command = [sys.executable, "-m", "bench.one", name]
    done = subprocess.run(command, cwd=PROJECT, env=environment(LARGE), stdout=subprocess.PIPE, check=False)
    figures += [Figure(**each) for each in json.loads(done.stdout or "[]")]
    RESULTS.write_text(json.dumps([each.as_json() for each in figures], indent=1, ensure_ascii=False) + "\n")
    return done.returncode == 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
