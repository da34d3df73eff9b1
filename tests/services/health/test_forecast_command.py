"""``manage.py forecast``: series from outside."""

import json
from pathlib import Path

import pytest
from django.core.management import call_command

KEYS = ["file", "points", "state", "q10_date", "q50_date", "q90_date", "prob_30d", "prob_90d", "prob_180d", "prob_365d"]


@pytest.fixture
def write(tmp_path):
    def written(name: str, text: str) -> str:
        path = tmp_path / name
        path.write_text(text)
        return str(path)

    return written


@pytest.fixture
def growing(write) -> str:
    rows = "".join(f"2026-{1 + at // 28:02}-{1 + at % 28:02},{100 + at + at % 3}\n" for at in range(112))
    return write("growing.csv", "date,value\n" + rows)


def run(capsys, *tasks: str, json_lines: bool = True) -> tuple[int, list[str], list[str]]:
    """Exit code, lines of standard output, lines of standard error."""
    code = 0
    try:
        call_command("forecast", *tasks, json=json_lines)
    except SystemExit as exit_:
        code = exit_.code
    done = capsys.readouterr()
    return code, done.out.splitlines(), done.err.splitlines()


def test_each_file_is_one_line_of_json(capsys, growing):
    code, lines, errors = run(capsys, f"{growing}:300:60:14", f"{growing}:100")
    assert (code, errors) == (0, [])
    first, second = map(json.loads, lines)
    assert list(first) == [*KEYS, "band", "note"]
    assert (first["file"], first["points"], first["state"]) == (growing, 112, "plan")
    assert first["q10_date"] > "2026-06"
    assert list(first["band"][0]) == ["date", "q10", "q50", "q90"]
    assert (len(first["band"]), first["band"][0]["date"]) == (90, "2026-04-29")
    # Today is the last date of the file.
    assert (second["state"], second["q10_date"], second["prob_30d"]) == ("too_late", "2026-04-28", 1)


def test_too_few_days_are_answered_and_no_error(capsys, write):
    path = write("short.csv", "date,value\n2026-01-01,5\n")
    code, [line], errors = run(capsys, f"{path}:9")
    answer = json.loads(line)
    assert (code, errors, answer["state"], answer["prob_30d"], answer["band"]) == (0, [], "unknown", None, [])
    assert answer["note"] == "There is not enough data: 1 day has a value, 21 are needed."


def test_missing_and_infinite_values_are_holes(capsys, write):
    rows = "".join(f"2026-01-{at:02},{at}\n" for at in range(1, 26))
    path = write("holes.csv", f"date,value\n{rows}2026-01-26,\n2026-01-27,inf\n2026-01-28,NaN\n")
    code, [line], _ = run(capsys, f"{path}:500")
    assert (code, json.loads(line)["points"], json.loads(line)["band"][0]["date"]) == (0, 25, "2026-01-29")
    assert json.loads(line)["note"].endswith("3 rows have no value that is a number.")


def test_what_is_left_out_of_a_file_is_said_and_counted(capsys, write):
    rows = "".join(f"2026-01-{at:02},{at}\n" for at in range(1, 26))
    path = write("twice.csv", f"date,value\n{rows}2026-01-03,900\n2026-01-04,4\n2026-01-26,1e999\n")
    code, [line], errors = run(capsys, f"{path}:500")
    said = "1 row has no value that is a number. 1 date has several values: the last one counts."
    assert (code, errors, json.loads(line)["note"][-len(said) :]) == (0, [], said)


def test_moments_are_taken_by_their_day(capsys, write):
    rows = "".join(f"2014-02-14 14:{minute:02}:00,0.1\n" for minute in range(60))
    code, [line], _ = run(capsys, f"{write('cloud.csv', 'timestamp,value' + chr(10) + rows)}:9")
    assert (code, json.loads(line)["points"]) == (0, 1)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "date,value\n2026-01-01,1\n2026-01-02,many\n",
            ", line 3: “many” is no number. Write it as 1234.5, or nothing",
        ),
        ("date,value\n01/02/2026,1\n", ", line 2: “01/02/2026” is no date. Write it as 2026-11-21."),
        ("date,value\n2026-01-01\n", ", line 2: has 1 of 2 cells."),
        ("when,what\n2026-01-01,1\n", ", line 1: has the columns when, what; the columns date and value are needed."),
        ("", ", line 1: is empty; the columns date and value are needed."),
        ("date,value\n", ", line 2: has no row."),
    ],
)
def test_a_bad_file_is_named_with_its_line_and_the_others_are_done(capsys, write, growing, text, message):
    path = write("bad.csv", text)
    code, lines, [error] = run(capsys, f"{path}:9", f"{growing}:300")
    assert (code, [json.loads(line)["file"] for line in lines]) == (2, [growing])
    assert error.startswith(path + message)


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ("growing.csv", "say the ceiling after the file"),
        ("growing.csv:", "“” is no ceiling. Give a number"),
        ("growing.csv:lots", "“lots” is no ceiling. Give a number"),
        ("growing.csv:nan", "“nan” is no ceiling."),
        ("growing.csv:300:-1", "“-1” is no lead time. Give whole days from 0 to 3650."),
        ("growing.csv:300:60:1.5", "“1.5” is no margin. Give whole days from 0 to 3650."),
        ("absent.csv:300", "cannot be read (No such file or directory). Check the name."),
    ],
)
def test_what_is_asked_wrongly_is_named_and_the_others_are_done(capsys, tmp_path, monkeypatch, growing, asked, message):
    monkeypatch.chdir(tmp_path)
    code, lines, [error] = run(capsys, asked, f"{growing}:300")
    assert (code, len(lines)) == (2, 1)
    assert error.startswith(asked.split(":")[0])
    assert message in error


def test_a_file_may_have_a_colon_in_its_name(capsys, write, growing):
    path = write("disk:of:db.csv", Path(growing).read_text())
    _, [line], _ = run(capsys, f"{path}:300:60:14")
    assert json.loads(line)["file"] == path


def test_people_get_a_table(capsys, growing, write):
    short = write("short.csv", "date,value\n2026-01-01,5\n")
    code, lines, _ = run(capsys, f"{growing}:100:60:14", f"{short}:9", json_lines=False)
    assert code == 0
    assert lines[0].split()[:3] == ["file", "points", "state"]
    assert lines[1].split()[1:6] == ["112", "too", "late", "2026-04-28", "2026-04-28"]
    assert "There is not enough data" in lines[2]
