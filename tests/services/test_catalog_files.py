"""Finding files and reading them: whatever is odd is reported for that file, and the others go on."""

import os
from itertools import pairwise
from pathlib import Path

import pytest

from services.catalog import files, reader, substitutions
from services.catalog.files import MissingPathError, find_files
from services.catalog.reader import ReadDocument
from tests.services.reading import read_path

COMPONENT = """
apiVersion: backstage.io/v1alpha1
kind: Component
metadata: {name: NAME}
spec: {type: service, lifecycle: production, owner: payments}
"""
API = """
apiVersion: backstage.io/v1alpha1
kind: API
metadata: {name: NAME}
spec:
  type: openapi
  lifecycle: production
  owner: payments
  definition: DEFINITION
"""


def component(name: str) -> str:
    return COMPONENT.replace("NAME", name)


def api(name: str, definition: str) -> str:
    return API.replace("NAME", name).replace("DEFINITION", definition)


def write(path: Path, text: str | bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def read(path: Path) -> dict[str, ReadDocument]:
    """The documents below a path by file and number, beside a healthy one that must always be read."""
    write(path / "zz-healthy.yaml", component("healthy"))
    documents = {f"{each.file}#{each.number}": each for each in read_path(path)}
    assert documents.pop("zz-healthy.yaml#0").status == "accepted"
    return documents


def only(path: Path) -> ReadDocument:
    (document,) = read(path).values()
    return document


def test_files_are_found_in_the_order_of_their_names_whatever_they_are_called(tmp_path: Path) -> None:
    for name in ("b/catalog-info.yaml", "a.yml", "b.YAML", ".hidden/x.yaml", "b/a/z.yaml", "b/notes.md", ".git/c.yaml"):
        write(tmp_path / name, component("x"))
    write(tmp_path / "node_modules" / "pkg" / "catalog-info.yaml", component("x"))
    assert [found.file for found in find_files(tmp_path)] == [
        ".hidden/x.yaml",
        "a.yml",
        "b/a/z.yaml",
        "b/catalog-info.yaml",
        "b.YAML",
    ]


def test_a_single_file_is_named_by_its_name(tmp_path: Path) -> None:
    path = write(tmp_path / "service.descriptor", component("x"))
    assert [(each.file, each.reference) for each in read_path(path)] == [("service.descriptor", "component:default/x")]


def test_a_path_that_does_not_exist_is_refused(tmp_path: Path) -> None:
    with pytest.raises(MissingPathError, match=r"There is no file or folder “.*nowhere”"):
        list(find_files(tmp_path / "nowhere"))


def test_a_file_of_10_megabytes_is_reported(tmp_path: Path) -> None:
    write(tmp_path / "big.yaml", b"a: " + b"x" * 10_000_000)
    document = only(tmp_path)
    assert document.status == "rejected"
    assert document.error.startswith("The file has 10.0 MB; at most 8.4 MB are read.")


@pytest.mark.parametrize("content", [b"\x89PNG\r\n\x1a\n\0\0\0", "a: 1".encode("utf-16")], ids=["picture", "utf-16"])
def test_a_binary_file_is_reported(tmp_path: Path, content: bytes) -> None:
    write(tmp_path / "picture.yaml", content)
    document = only(tmp_path)
    assert (document.status, document.error) == (
        "rejected",
        "This is a binary file or not UTF-8. Save it as UTF-8 text.",
    )


def test_bytes_that_are_no_utf_8_are_reported_with_their_line(tmp_path: Path) -> None:
    write(tmp_path / "latin.yaml", "a: 1\nb: café".encode("latin-1"))
    assert only(tmp_path).error == "Line 2 holds bytes that are not UTF-8. Save the file as UTF-8 text."


def test_a_byte_order_mark_is_no_obstacle(tmp_path: Path) -> None:
    write(tmp_path / "bom.yaml", b"\xef\xbb\xbf" + component("x").encode())
    assert only(tmp_path).status == "accepted"


def test_a_file_that_may_not_be_read_is_reported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    secret = write(tmp_path / "secret.yaml", component("x"))
    read_bytes = Path.read_bytes

    def refuse(path: Path) -> bytes:
        if path == secret:
            raise PermissionError(13, "Permission denied")
        return read_bytes(path)

    monkeypatch.setattr(Path, "read_bytes", refuse)
    assert only(tmp_path).error == "This may not be read by the user who runs the import. Change its permissions."


def test_a_folder_that_may_not_be_entered_is_reported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    closed = tmp_path / "closed"
    closed.mkdir()
    scandir = os.scandir

    def refuse(path: str | Path) -> object:
        if Path(path) == closed:
            raise PermissionError(13, "Permission denied")
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refuse)
    document = only(tmp_path)
    assert (document.file, document.status) == ("closed", "rejected")
    assert document.error == "This may not be read by the user who runs the import. Change its permissions."


def test_links_in_a_circle_are_reported_and_never_followed(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").symlink_to("b.yaml")
    (tmp_path / "b.yaml").symlink_to("a.yaml")
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "again").symlink_to(tmp_path)
    documents = read(tmp_path)
    circle = "This is a link that leads nowhere or in a circle. Remove or mend it."
    assert [(key, each.status, each.error) for key, each in documents.items()] == [
        ("a.yaml#0", "rejected", circle),
        ("b.yaml#0", "rejected", circle),
        ("folder/again#0", "aside", "This is a link to the folder ., which is read there."),
    ]


def test_a_link_to_a_file_that_is_read_anyway_is_set_aside(tmp_path: Path) -> None:
    write(tmp_path / "real.yaml", component("x"))
    (tmp_path / "link.yaml").symlink_to("real.yaml")
    documents = read(tmp_path)
    assert documents["link.yaml#0"].error == "This is a link to real.yaml, which is read there."
    assert documents["real.yaml#0"].status == "accepted"


def test_a_link_out_of_the_folder_is_not_followed(tmp_path: Path) -> None:
    write(tmp_path / "outside.yaml", component("x"))
    inside = tmp_path / "inside"
    inside.mkdir()
    (inside / "link.yaml").symlink_to(tmp_path / "outside.yaml")
    (inside / "up").symlink_to(tmp_path)
    documents = read(inside)
    assert documents["link.yaml#0"].status == "rejected"
    assert "outside the folder, which is not read" in documents["link.yaml#0"].error
    assert documents["up#0"].status == "aside"


def test_what_is_no_ordinary_file_is_reported_instead_of_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.yaml")
    assert only(tmp_path).error == "This is not an ordinary file, so it is not read."


def test_a_name_of_odd_bytes_is_made_readable(tmp_path: Path) -> None:
    (tmp_path / os.fsdecode(b"caf\xe9.yaml")).write_text(component("x"))
    assert only(tmp_path).file == "caf\\xe9.yaml"


def test_a_broken_document_spoils_neither_its_neighbours_nor_other_files(tmp_path: Path) -> None:
    write(tmp_path / "many.yaml", f"{component('one')}---\na: [\n---\n{component('three')}")
    documents = read(tmp_path)
    assert [each.status for each in documents.values()] == ["accepted", "rejected", "accepted"]
    assert documents["many.yaml#1"].error == "Line 7: A list or mapping opened with [ or { is not closed."
    assert documents["many.yaml#1"].line == 7


def test_deep_nesting_and_alias_bombs_are_reported(tmp_path: Path) -> None:
    levels = [f"{up}: &{up} [{', '.join([f'*{low}'] * 9)}]" for low, up in pairwise("abcdefghi")]
    bomb = "\n".join(["a: &a [x]", *levels])
    write(tmp_path / "bomb.yaml", bomb)
    write(tmp_path / "deep.yaml", "[" * 100_000)
    documents = read(tmp_path)
    assert documents["bomb.yaml#0"].error.startswith("Line 7: The document holds more than 250,000 values")
    assert documents["deep.yaml#0"].error.startswith("Line 1: Values are nested more than 100 deep.")


def test_empty_documents_and_files_are_counted_and_said_so(tmp_path: Path) -> None:
    write(tmp_path / "comment.yaml", "# nothing yet\n")
    write(tmp_path / "trailing.yaml", f"{component('x')}---\n")
    documents = read(tmp_path)
    assert [(key, each.status, each.error) for key, each in documents.items()] == [
        ("comment.yaml#0", "empty", "The file holds no document."),
        ("trailing.yaml#0", "accepted", ""),
        ("trailing.yaml#1", "empty", "The document is empty."),
    ]


# --- what only looks like a descriptor ---


@pytest.mark.parametrize(
    "text",
    [
        component("${{ values.name }}"),
        component("{{ name }}"),
        "apiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata:\n  {%- if x %}\n  name: a\n  {%- endif %}",
        "{% if x %}\napiVersion: backstage.io/v1alpha1",
        COMPONENT.replace("NAME", "x").replace("payments", "[${{ values.owner }}]"),
    ],
)
def test_the_skeleton_of_a_template_is_set_aside(tmp_path: Path, text: str) -> None:
    write(tmp_path / "catalog-info.yaml", text)
    document = only(tmp_path)
    assert document.status == "aside"
    assert document.error.startswith("This is the skeleton of a template")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("on: push\njobs:\n  build: {}\n", "This is a GitHub workflow"),
        ("app:\n  title: x\nbackend:\n  url: y\n", "These are settings (app-config)"),
        ("openapi: 3.1.0\ninfo: {}\n", "This is the definition of an API"),
    ],
)
def test_other_files_with_the_name_of_a_descriptor_are_set_aside(tmp_path: Path, text: str, words: str) -> None:
    write(tmp_path / "catalog-info.yaml", text)
    document = only(tmp_path)
    assert document.status == "aside"
    assert document.error.startswith(words)


def test_the_marks_of_a_template_excuse_no_mistake_in_prose_or_in_a_template(tmp_path: Path) -> None:
    write(tmp_path / "prose.yaml", component("x").replace("{name: x}", "{name: a b, description: 'Use ${{ x }}'}"))
    template = "apiVersion: scaffolder.backstage.io/v1beta3\nkind: Template\nmetadata: {name: t}\n"
    write(tmp_path / "template.yaml", f"{template}spec:\n  type: x\n  steps: [{{id: 7, action: '${{{{ x }}}}'}}]\n")
    assert [each.status for each in read(tmp_path).values()] == ["rejected", "rejected"]


def test_a_valid_document_with_marks_in_its_text_is_accepted(tmp_path: Path) -> None:
    write(tmp_path / "x.yaml", component("x").replace("{name: x}", "{name: x, description: 'Use ${{ x }}'}"))
    assert only(tmp_path).status == "accepted"


def test_a_mapping_that_is_no_descriptor_is_rejected_with_what_is_missing(tmp_path: Path) -> None:
    write(tmp_path / "x.yaml", "hello: world\n")
    document = only(tmp_path)
    assert document.status == "rejected"
    assert document.error.splitlines() == [
        "apiVersion is missing. Begin the document with apiVersion: backstage.io/v1alpha1.",
        "kind is missing. Begin the document with kind: Component.",
        (
            "Line 1: “hello” is not allowed at the top of a document. Only apiVersion, kind, metadata and spec are; "
            "move it under one of them or remove it."
        ),
        "metadata must be a mapping with at least a name, but it is missing.",
    ]


def test_an_error_names_the_line_of_the_field_or_of_the_one_above_it(tmp_path: Path) -> None:
    write(tmp_path / "x.yaml", component("x").replace("owner: payments", "system: [a, b]"))
    assert [message[:8] for message in only(tmp_path).error.splitlines()] == ["Line 5: ", "Line 5: "]


# --- substitutions ---


def definition_of(document: ReadDocument) -> object:
    assert document.status == "accepted", document.error
    return document.entity["spec"]["definition"]


def test_a_text_beside_the_descriptor_takes_the_place_of_its_name(tmp_path: Path) -> None:
    write(tmp_path / "apis" / "shop.json", "{}")
    write(tmp_path / "apis" / "x.yaml", api("shop", "{$text: ./shop.json}"))
    assert definition_of(only(tmp_path)) == "{}"


def test_json_and_yaml_are_read_as_values(tmp_path: Path) -> None:
    write(tmp_path / "labels.json", '{"team": "a"}')
    write(tmp_path / "spec.part", "type: service\nlifecycle: production\nowner: payments\n")
    text = "apiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata:\n  name: x\n  labels: {$json: labels.json}\n"
    write(tmp_path / "x.yaml", f"{text}spec: {{$yaml: ./spec.part}}\n")
    document = only(tmp_path)
    assert document.status == "accepted"
    assert document.entity["metadata"]["labels"] == {"team": "a"}
    assert document.entity["spec"]["owner"] == "payments"


@pytest.mark.parametrize(
    ("target", "reason"),
    [
        ("https://example.com/api.yaml", "is an address."),
        ("http://169.254.169.254/latest", "is an address."),
        ("file:///etc/passwd", "is an address."),
        ("../outside.txt", "../outside.txt lies outside in, the folder of the descriptor."),
        ("/etc/passwd", "lies outside in, the folder of the descriptor."),
        ("link.txt", "lies outside in, the folder of the descriptor."),
        (".env", ".env is hidden, or in a folder that is left out."),
        ("node_modules/x/index.txt", "is hidden, or in a folder that is left out."),
        ("missing.txt", "cannot be read (No such file or directory)."),
        ("latin.txt", "the file is not UTF-8 text."),
        (".", "This is not an ordinary file"),
    ],
)
def test_what_lies_elsewhere_stays_as_it_is_and_is_marked_external(tmp_path: Path, target: str, reason: str) -> None:
    write(tmp_path / "outside.txt", "secret")
    write(tmp_path / "in" / "latin.txt", b"\xe9")
    write(tmp_path / "in" / ".env", "secret")
    write(tmp_path / "in" / "node_modules" / "x" / "index.txt", "secret")
    (tmp_path / "in" / "link.txt").symlink_to(tmp_path / "outside.txt")
    write(tmp_path / "in" / "x.yaml", api("shop", f"{{$text: '{target}'}}"))
    document = only(tmp_path / "in")
    assert definition_of(document) == {"$text": target}
    (note,) = document.notes
    assert note.startswith("Line 9: spec.definition is external, not fetched: ")
    assert reason in note


@pytest.mark.parametrize(
    ("target", "reason"),
    [
        ("../../payments/key.txt", "lies outside shop, the repository of the descriptor."),
        ("../../payments/.env", "lies outside shop, the repository of the descriptor."),
        ("../.git/config", "is hidden, or in a folder that is left out."),
        ("../.env", "is hidden, or in a folder that is left out."),
        ("key.txt", "lies outside shop, the repository of the descriptor."),
    ],
)
def test_a_descriptor_reads_nothing_of_the_checkout_beside_it_and_nothing_hidden(
    tmp_path: Path, target: str, reason: str
) -> None:
    for name in ("shop", "payments"):
        for file in ("key.txt", ".env", ".git/config"):
            write(tmp_path / name / file, "secret")
    write(tmp_path / "shop" / "catalog" / "x.yaml", api("shop", f"{{$text: '{target}'}}"))
    (tmp_path / "shop" / "catalog" / "key.txt").symlink_to(tmp_path / "payments" / "key.txt")
    document = only(tmp_path)
    assert definition_of(document) == {"$text": target}
    assert reason in document.notes[0]


@pytest.mark.parametrize(
    ("folder", "target"),
    [("catalog", "../apis/shop.json"), (".backstage", "./shop.json"), (".backstage", "../apis/shop.json")],
)
def test_a_text_elsewhere_in_the_same_repository_is_read(tmp_path: Path, folder: str, target: str) -> None:
    write(tmp_path / "shop" / ".git", "gitdir: /elsewhere")  # as in a worktree
    write(tmp_path / "shop" / folder / "x.yaml", api("shop", f"{{$text: {target}}}"))
    write(tmp_path / "shop" / folder / target, "{}")
    assert definition_of(only(tmp_path)) == "{}"


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("[" * 200 + "]" * 200, "its values are nested more than 100 deep."),
        ("[" * 100_000, "its values are nested more than 100 deep."),
        ('{"a": "\\u0000"}', "a text in it holds a character that cannot be stored, such as NUL."),
        ('{"\\ud800": 1}', "a text in it holds a character that cannot be stored, such as NUL."),
        ("{", "the file is not JSON"),
        (f"[{'9' * 5000}]", "the file is not JSON"),
    ],
)
def test_json_that_cannot_be_stored_is_not_taken(tmp_path: Path, content: str, reason: str) -> None:
    write(tmp_path / "a.json", content)
    write(tmp_path / "x.yaml", component("x").replace("owner: payments", "owner: payments, extra: {$json: a.json}"))
    document = only(tmp_path)
    assert document.status == "accepted"
    assert document.entity["spec"]["extra"] == {"$json": "a.json"}
    assert reason in document.notes[0]


def test_infinity_in_json_is_nothing_as_in_yaml(tmp_path: Path) -> None:
    write(tmp_path / "a.json", "[1e999, NaN, 1.5]")
    write(tmp_path / "x.yaml", component("x").replace("owner: payments", "owner: payments, extra: {$json: a.json}"))
    assert only(tmp_path).entity["spec"]["extra"] == [None, None, 1.5]


def test_one_document_cannot_swallow_any_number_of_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(substitutions, "MAX_FILE_BYTES", 1500)
    write(tmp_path / "a.txt", "x" * 1000)
    extra = "owner: payments, one: {$text: a.txt}, two: {$text: a.txt}"
    write(tmp_path / "x.yaml", component("x").replace("owner: payments", extra))
    document = only(tmp_path)
    assert document.entity["spec"]["one"] == "x" * 1000
    assert document.entity["spec"]["two"] == {"$text": "a.txt"}


def test_files_that_are_not_taken_count_too_and_are_not_read_to_find_that_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = []
    monkeypatch.setattr(substitutions, "read_bounded", lambda path: opened.append(path) or b"\xe9" * 100)
    monkeypatch.setattr(substitutions, "MAX_FILE_BYTES", 1000)
    write(tmp_path / "latin.txt", b"\xe9" * 100)
    write(tmp_path / "large.txt", "x" * 1001)
    many = ", ".join(["{$text: latin.txt}"] * 200 + ["{$text: large.txt}"])
    write(tmp_path / "x.yaml", component("x").replace("owner: payments", f"owner: payments, many: [{many}]"))
    document = only(tmp_path)
    assert len(opened) == 10  # until they have the most that one document may hold
    assert len(document.notes) == 101
    assert "one document may name at most 100 files; this and all after it stay." in document.notes[-1]


def test_aliases_of_a_file_count_as_often_as_they_are_named(tmp_path: Path) -> None:
    write(tmp_path / "big.part", f"a: &a {'x' * 100_000}\nb: [{', '.join(['*a'] * 50)}]\n")
    extra = ", ".join(f"e{number}: {{$yaml: big.part}}" for number in range(3))
    write(tmp_path / "x.yaml", component("x").replace("owner: payments", f"owner: payments, {extra}"))
    document = only(tmp_path)
    assert len(document.entity["spec"]["e0"]["b"]) == 50
    assert document.entity["spec"]["e1"] == document.entity["spec"]["e2"] == {"$yaml": "big.part"}
    assert "one document may hold at most 8.4 MB of files." in document.notes[0]


def test_a_dollar_key_beside_others_is_no_substitution(tmp_path: Path) -> None:
    write(tmp_path / "x.yaml", api("shop", "x").replace("spec:", "spec:\n  extra: {$text: ./a, more: 1}"))
    document = only(tmp_path)
    assert document.entity["spec"]["extra"] == {"$text": "./a", "more": 1}
    assert document.notes == ()


def test_the_digest_follows_the_file_that_is_substituted(tmp_path: Path) -> None:
    write(tmp_path / "x.yaml", api("shop", "{$text: ./a.txt}"))
    digests = []
    for content in ("one", "two", "two"):
        write(tmp_path / "a.txt", content)
        digests.append(only(tmp_path).digest)
    assert digests[0] != digests[1] == digests[2]


def test_nothing_here_opens_a_connection() -> None:
    for module in (files, reader, substitutions):
        source = Path(module.__file__ or "").read_text()
        assert not any(word in source for word in ("urllib", "requests", "httpx", "aiohttp", "import socket"))
