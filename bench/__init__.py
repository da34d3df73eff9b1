"""Speed goals, each measured beside a floor in the same run: ``make bench`` (STRICT=1 fails when a goal is missed).

One module per figure; each yields ``Figure`` rows from ``measure()`` and runs in a process of its own. A floor is the
least that the same work can cost: bare Django, bare SQL, bare parsing. Rounds of floor and subject alternate, and
medians are compared, because other work on the machine slows both.
"""
