"""Files and pictures as evidence: what is taken, how it is given out, and that nothing in one ever runs."""

import io
import zlib
from pathlib import Path

import pytest
from django.core.files.storage import FileSystemStorage
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image

from incidents.declaring import declare
from incidents.models import Incident, Upload
from incidents.uploads.keeping import keep, safe_name

pytestmark = pytest.mark.django_db

SCRIPT = b"<script>alert(document.domain)</script>"
SVG = b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"><script>alert(2)</script></svg>'


@pytest.fixture(autouse=True)
def files(settings, tmp_path) -> Path:
    """A storage of the test's own."""
    backend = {"BACKEND": "django.core.files.storage.FileSystemStorage", "OPTIONS": {"location": tmp_path}}
    settings.STORAGES = {**settings.STORAGES, "default": backend}
    return tmp_path


@pytest.fixture
def incident(people) -> Incident:
    return declare(by=people.editor, values={"title": "Card payments fail"})


def picture(kind: str = "PNG", size: tuple[int, int] = (60, 40), **how) -> bytes:
    out = io.BytesIO()
    Image.effect_noise(size, 90).convert("RGB").save(out, kind, **how)
    return out.getvalue()


def blank(width: int, height: int) -> bytes:
    out = io.BytesIO()
    Image.new("1", (width, height)).save(out, "PNG")
    return out.getvalue()


def send(client, body: bytes, name: str, expected: int = 201) -> dict:
    address = "/incidents/inc-1/-/uploads/"
    response = client.post(address, {"file": SimpleUploadedFile(name, body)}, HTTP_ACCEPT="application/json")
    assert response.status_code == expected, response.content
    return response.json()


def taken(client, address: str):
    response = client.get(address)
    assert response.status_code == 200, response.content
    assert response["Content-Security-Policy"] == "sandbox; default-src 'none'"
    assert response["X-Content-Type-Options"] == "nosniff"
    return response


def test_a_picture_is_shown_small_and_whole_and_comes_down_as_it_was(sign_in, people, incident):
    client, body = sign_in(people.reader), picture("PNG", (3000, 1500))
    told = send(client, body, "pool wait.png")
    assert told["markdown"] == f"![pool wait.png]({told['url']})"
    shown, small = taken(client, told["url"]), taken(client, f"{told['url']}small/")
    assert (shown["Content-Type"], shown["Content-Disposition"]) == ("image/png", 'inline; filename="pool wait.png"')
    assert Image.open(io.BytesIO(shown.getvalue())).size == (2560, 1280)
    assert Image.open(io.BytesIO(small.getvalue())).size == (480, 240)
    original = taken(client, f"{told['url']}original/")
    assert (original["Content-Type"], original.getvalue() == body) == ("application/octet-stream", True)
    assert client.get(told["url"], HTTP_IF_NONE_MATCH=shown["ETag"]).status_code == 304
    about = client.get(f"{told['url']}about/").content.decode()
    assert "3000 × 1500 pixels" in about
    assert "Withdraw this file" in about


@pytest.mark.parametrize(
    ("name", "body"),
    [
        ("shot.png", b"<!doctype html>" + SCRIPT),
        ("shot.svg", SVG),
        ("shot.png", SVG),
        ("page.html", SCRIPT),
        ("half.png", picture()[:200]),
        ("run.js", b"alert(1)"),
        ("shot.tiff", picture("TIFF")),
    ],
)
def test_what_is_no_picture_only_ever_comes_down(sign_in, people, incident, name, body):
    client = sign_in(people.reader)
    told = send(client, body, name)
    response = taken(client, told["url"])
    assert response["Content-Type"] == "application/octet-stream"
    assert response["Content-Disposition"] == f'attachment; filename="{name}"'
    assert client.get(f"{told['url']}small/").status_code == 404
    assert not told["is_picture"]


@pytest.mark.parametrize("kind", ["GIF", "PNG", "JPEG", "WEBP"])
def test_what_hides_in_a_picture_is_in_no_copy_of_it(sign_in, people, incident, kind):
    exif = Image.Exif()
    exif[0x010E] = "51.5007 N 0.1246 W"
    carried = {} if kind == "GIF" else {"exif": exif}
    body = picture(kind, **carried) + b"/*" + SCRIPT + b"*/=1;"
    if kind == "GIF":
        body = body.replace(b"GIF87a", b"GIF89a")
    client = sign_in(people.reader)
    told = send(client, body, "shot.gif")
    for address in (told["url"], f"{told['url']}small/"):
        copy = taken(client, address)
        assert copy["Content-Type"].startswith("image/")
        content = copy.getvalue()
        assert b"script" not in content
        assert b"51.5007" not in content
    assert taken(client, f"{told['url']}original/").getvalue() == body


def test_a_picture_of_twenty_megabytes_is_taken_and_shown(sign_in, people, incident):
    body = picture("PNG", (3000, 2400), compress_level=0)
    assert 20_000_000 < len(body) < 25_000_000
    client = sign_in(people.reader)
    told = send(client, body, "large.png")
    assert len(taken(client, f"{told['url']}small/").getvalue()) < 600_000


def bomb() -> bytes:
    """A PNG of a few hundred kilobytes that says it has 900 million pixels."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return len(data).to_bytes(4, "big") + name + data + zlib.crc32(name + data).to_bytes(4, "big")

    side = (30_000).to_bytes(4, "big")
    pixels = zlib.compress(bytes(1_000_000), 9)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", side + side + b"\x08\x02\x00\x00\x00") + chunk(b"IDAT", pixels)
        + chunk(b"IEND", b"")
    )  # fmt: skip


def test_what_is_not_taken_is_named_with_its_size_and_leaves_nothing(sign_in, people, incident, files):
    client = sign_in(people.reader)
    for name, body, said in (
        ("dump.bin", bytes(25_000_001), "dump.bin has 25.0 MB, and at most 25 MB are taken. Make it smaller."),
        ("bomb.png", bomb(), "bomb.png has too many pixels, and a picture of at most 51 million is taken."),
        ("wide.png", blank(60_000, 1_000), "wide.png has 60,000 × 1,000 pixels, and a picture of at most"),
        ("none.txt", b"", "none.txt is empty. Choose another file."),
    ):
        assert said in send(client, body, name, 422)["error"]
    nothing = client.post("/incidents/inc-1/-/uploads/", {}, HTTP_ACCEPT="application/json")
    assert nothing.json() == {"error": "Choose a file first."}
    assert not Upload.objects.exists()
    assert not [path for path in files.rglob("*") if path.is_file()]


def test_a_request_that_would_fill_the_disk_is_refused_before_it_is_read(sign_in, people, incident):
    file = SimpleUploadedFile("dump.bin", b"x")
    response = sign_in(people.reader).post("/incidents/inc-1/-/uploads/", {"file": file}, CONTENT_LENGTH="300000000")
    assert response.status_code == 400
    assert "What was sent has 300 MB, and at most 100 MB are taken at once." in response.content.decode()


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\ada\\shot.txt", "shot.txt"),
        ("log\x00.txt", "log.txt"),
        ("invoice\u202egnp.exe", "invoicegnp.exe"),
        ("a" * 300 + ".log", "a" * 116 + ".log"),
        ("..", "file"),
        ("über – größe.txt", "über – größe.txt"),
    ],
)
def test_a_name_is_only_a_name(name, kept):
    assert safe_name(name) == kept


def test_a_name_cannot_leave_its_header(sign_in, people, incident):
    file = SimpleUploadedFile("x", b"x")
    file._name = 'a](x)"; filename="evil.html'  # a form cannot send this, another client can
    (upload,) = keep(by=people.reader, incident=incident, files=[file])
    response = taken(sign_in(people.reader), upload.url)
    assert response["Content-Disposition"] == 'attachment; filename="a](x)\\"; filename=\\"evil.html"'
    assert upload.markdown == f'[a\\](x)"; filename="evil.html]({upload.url})'


def test_files_follow_the_row_rule_of_their_incident(sign_in, people, incident):
    secret = declare(by=people.editor, values={"title": "Zanzibar keys"}, is_private=True)
    client = sign_in(people.editor)
    file = SimpleUploadedFile("zanzibar.png", picture())
    made = client.post(f"/incidents/{secret.name}/-/uploads/", {"file": file})
    uid = Upload.objects.get().uid
    assert made.url == f"/uploads/{uid}/about/"
    assert client.get(f"/uploads/{uid}/").status_code == 200
    for who in (people.stranger, people.administrator):
        client = sign_in(who)
        for act in ("", "small/", "original/", "about/"):
            response = client.get(f"/uploads/{uid}/{act}")
            assert response.status_code == 404, act
            assert b"anzibar" not in response.content
        assert client.post(f"/uploads/{uid}/withdraw/").status_code == 404
        assert client.post(f"/incidents/{secret.name}/-/uploads/", {"file": file}).status_code == 404
    client.logout()
    assert client.get(f"/uploads/{uid}/").status_code == 302


def test_withdrawing_takes_the_bytes_away_and_leaves_what_was_known(
    sign_in, people, incident, files, django_capture_on_commit_callbacks
):
    told = send(sign_in(people.reader), picture(), "secret.png")
    assert sign_in(people.stranger).post(f"{told['url']}withdraw/").status_code == 403
    client = sign_in(people.reader)
    with django_capture_on_commit_callbacks(execute=True):
        assert client.post(f"{told['url']}withdraw/").url == f"{told['url']}about/"
    assert client.get(told["url"]).status_code == 404
    assert not [path for path in files.rglob("*") if path.is_file()]
    about = client.get(f"{told['url']}about/").content.decode()
    assert "Reader withdrew it" in about
    assert Upload.objects.get().sha256 in about


def test_where_the_storage_fails_nothing_is_left_half_done(sign_in, people, incident, files, monkeypatch):
    save, names = FileSystemStorage.save, []

    def fails_at_last(self, name, content):
        names.append(name)
        if name.endswith("small"):
            raise OSError("No space left on device")
        return save(self, name, content)

    monkeypatch.setattr(FileSystemStorage, "save", fails_at_last)
    with pytest.raises(OSError, match="No space left"):
        send(sign_in(people.reader), picture(), "shot.png")
    assert len(names) == 3
    assert not Upload.objects.exists()
    assert not [path for path in files.rglob("*") if path.is_file()]
