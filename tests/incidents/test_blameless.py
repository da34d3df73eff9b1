"""Hints at words that blame: what is asked about, what is left alone, and where."""

import pytest
import yaml

from incidents.blameless.engine import RULES, Level, hints
from incidents.blameless.text import Section, paragraphs

PLACES = {"analysis": "## What happened", "timeline": "## Timeline", "actions": "## Follow-ups", "title": "#"}
EXAMPLES = yaml.safe_load(RULES.read_text())["rules"]


def rules_in(text: str, **more) -> set[str]:
    return {each.rule for each in hints(text, **more)}


@pytest.mark.parametrize("rule", [each for each in EXAMPLES if each["severity"] != "off"], ids=lambda rule: rule["id"])
def test_each_rule_finds_its_own_example_in_the_section_it_is_for(rule):
    heading = PLACES.get(rule["sections"], "## What happened")
    found = rules_in(f"{heading}\n\n- {rule['example']}\n", people=["Priya Nair"])
    assert rule["id"] in found


@pytest.mark.parametrize(
    "sentence",
    [
        "The pods failed to start on two nodes.",
        "We failed to deliver what we promise our customers.",
        "Human error is never a root cause.",
        "It was not immediately obvious which build was running.",
        "Service should have been restored for all users by 14:34.",
        "Each team should have an alert for this.",
        "Customers who deployed clusters that morning saw errors.",
        "The job was restarted by the operator pod's controller.",
        "The bug could have caused rows to be lost.",
        "Lazy loading hid the first request.",
        "We were not receiving metrics.",
        "The report assumed user error at first.",
        "Tests keep such human errors from production.",
        "We failed to service some searches for ten minutes.",
        "The queue should have failed over to the other host.",
        "The second flag was not at all obvious.",
        "The page was sent to spam, so we did not notice it.",
        "That is easy to miss when you make a mistake.",
        "The site was compromised by an attacker who changed the links.",
        "We double checked the certificate.",
    ],
)
def test_plain_accounts_are_left_alone(sentence):
    assert {each.rule for each in hints(f"## What happened\n\n{sentence}") if each.level > Level.INFO} == set()


def test_a_person_as_the_subject_is_asked_about_and_a_machine_is_not():
    assert rules_in("The engineer failed to check the queue.") == {"om-failed-to-person"}
    assert rules_in("The scheduler failed to check the queue.") == set()


@pytest.mark.parametrize(
    ("sentence", "rule"),
    [
        ("It was down due to a script not doing much error handling and human error.", "hum-human-error"),
        ("The operator used the old tool but forgot to type the limit.", "om-forgot"),
        ("Be more careful next time.", "act-be-careful"),
        ("Such changes should be more carefully processed.", "act-be-careful"),
        ("Don't forget any of the steps.", "act-be-careful"),
        ("In the hindsight, this was a mistake.", "norm-predictable"),
        ("The change of scheme was overlooked.", "om-overlooked"),
        ("We wrongly assumed that limits were set.", "cause-misverb-person"),
        ("Failure to notice the imbalance in the graphs.", "norm-violation"),
        ("https://example.org/1 should not have been merged.", "cf-should-have"),
    ],
)
def test_what_real_reports_say_in_other_words_is_asked_about_too(sentence, rule):
    assert rules_in(f"## What happened\n\n{sentence}") == {rule}


def test_human_error_as_the_cause_is_one_hint_and_not_two():
    assert rules_in("Data was lost due to a human error.") == {"hum-human-error"}


def test_a_team_that_speaks_of_itself_is_asked_more_gently():
    [of_them] = hints("The team forgot to renew the certificate.")
    [of_us] = hints("We forgot to renew the certificate.")
    assert (of_them.level, of_us.level) == (Level.STRONG, Level.WARN)


def test_quotes_code_links_and_logs_are_somebody_elses_words():
    text = (
        "> The engineer failed to look.\n\n"
        "The page said “the operator failed to look”.\n\n"
        "`engineer failed to look`\n\n"
        "```\nthe engineer failed to look\n```\n\n"
        "    the engineer failed to look\n"
    )
    assert hints(text) == []


def test_a_wish_is_right_among_follow_ups_and_asked_about_in_the_analysis():
    wish = "The deploy should have been paused."
    assert rules_in(f"## What happened\n\n{wish}") == {"cf-should-have"}
    assert rules_in(f"## Follow-ups\n\n- {wish}") == set()


def test_a_rule_speaks_once_in_a_paragraph_and_of_the_root_cause_once_in_a_document():
    text = "The root cause was load. The engineer forgot it, the operator forgot it.\n\nThe root cause of it was time."
    assert [each.rule for each in hints(text)] == ["cause-root", "om-forgot"]


def test_a_hint_knows_its_line_its_sentence_and_a_better_way():
    text = "# INC-7\n\n## What happened\n\nIt began at 9.\nThen the engineer\nforgot to switch back. It went on.\n"
    [found] = hints(text)
    assert (found.rule, found.line, found.excerpt) == ("om-forgot", 6, "Then the engineer forgot to switch back.")
    assert found.suggestion
    moved = hints("Something new.\n\n" + text)
    assert [each.key for each in moved] == [found.key]


def test_those_who_were_in_the_incident_are_named_by_their_role_and_nobody_else_is_looked_for():
    text = "## What happened\n\nPriya ran the migration. Paris was slow."
    assert rules_in(text, people=["Priya Nair"]) == {"pers-directory"}
    assert rules_in(text, people=["Ada Osei"]) == set()


def test_the_parts_of_a_report_are_known_by_their_headings():
    text = "# Checkout down\n\nIntro\n\n## Timeline\n\n- 10:00 up\n\n## Action items\n\n1. Fix\n\n## Lessons\n\nText"
    assert [(each.line, each.section) for each in paragraphs(text)] == [
        (1, Section.TITLE), (3, Section.ANALYSIS), (5, Section.TIMELINE), (7, Section.TIMELINE), (9, Section.ACTIONS),
        (11, Section.ACTIONS), (13, Section.ANALYSIS), (15, Section.ANALYSIS),
    ]  # fmt: skip


def test_what_stands_under_a_heading_is_of_its_part_unless_it_says_otherwise():
    text = "# Checkout down\n\n## Action items\n\n### Hub\n\n- Fix\n\n### Timeline\n\n10:00 up\n\n## Lessons\n\nText"
    assert [each.section for each in paragraphs(text)] == [
        Section.TITLE, Section.ACTIONS, Section.ACTIONS, Section.ACTIONS, Section.TIMELINE, Section.TIMELINE,
        Section.ANALYSIS, Section.ANALYSIS,
    ]  # fmt: skip
