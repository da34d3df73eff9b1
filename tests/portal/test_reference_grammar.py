"""How a text becomes the reference of one thing."""

import pytest

from portal.references.grammar import InvalidReferenceError, Ref, canonical, parse_reference


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("group:payments", "group:default/payments"),
        ("group:shop/payments", "group:shop/payments"),
        ("Group:Shop/Payments", "group:shop/payments"),
        ("user:jane@example.com", "user:default/jane@example.com"),
        ("group:default/team a", "group:default/team a"),
        ("a:b/c:d", "a:b/c:d"),
        ("component:default/a/b", "component:default/a/b"),
        ("x:y:z", "x:default/y:z"),
    ],
)
def test_a_whole_reference_becomes_its_canonical_string(text: str, expected: str) -> None:
    assert canonical(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("payments", "group:inner/payments"),
        ("shop/payments", "group:shop/payments"),
        ("user:jane", "user:inner/jane"),
        ("team/a:b", "group:team/a:b"),
    ],
)
def test_missing_parts_come_from_the_defaults(text: str, expected: str) -> None:
    assert canonical(text, "Group", "inner") == expected


@pytest.mark.parametrize("text", ["", ":a", "/a", "group:", "ns/", "group:/a", "group:ns/"])
def test_an_empty_part_is_refused_with_the_right_form(text: str) -> None:
    with pytest.raises(InvalidReferenceError, match=r"expected \[<kind>:\]\[<namespace>/\]<name>"):
        parse_reference(text, "Group")


@pytest.mark.parametrize("text", ["a", "ns/a", "a/b:c"])
def test_a_reference_without_a_kind_is_refused_where_no_kind_is_implied(text: str) -> None:
    with pytest.raises(InvalidReferenceError, match="does not say which kind it means"):
        parse_reference(text)


def test_a_reference_keeps_the_spelling_it_was_written_in_beside_its_canonical_form() -> None:
    ref = parse_reference("Payment-API", "Component")
    assert (ref.name, ref.canonical, str(ref)) == (
        "Payment-API",
        "component:default/payment-api",
        "component:default/payment-api",
    )


def test_the_key_of_an_address_names_only_a_namespace_that_is_not_the_default() -> None:
    assert Ref("Component", "default", "Shop").key == "shop"
    assert Ref("Component", "Retail", "Shop").key == "retail:shop"
