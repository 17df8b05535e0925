"""Uploads: the model is found however the bytes arrive, and everything else passes as it came."""

import json
import tracemalloc
from collections.abc import AsyncIterator, Iterable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.access.form import FormScanner, boundary_of
from gateway.access.multipart import MEMORY, Upload, read_head
from gateway.errors import InvalidRequest, RequestTimeout, UnsupportedMedia

ROWS: list[dict[str, Any]] = json.loads(Path(__file__).parents[1].joinpath("vectors/forms.json").read_text("utf-8"))
GOOD = [row for row in ROWS if "code" not in row]
BAD = [row for row in ROWS if "code" in row]
TYPE = "multipart/form-data; boundary=b"


def _form(row: dict[str, Any]) -> bytes:
    return str(row["form"]).replace("|", "\r\n").encode()


def _part(name: str, value: bytes) -> bytes:
    return f'--b\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n'.encode() + value + b"\r\n"


def _cut_everywhere(form: bytes) -> Iterable[list[bytes]]:
    yield [form[at : at + 1] for at in range(len(form))]
    yield from ([form[:at], form[at:]] for at in range(len(form) + 1))


async def _arriving(chunks: Iterable[bytes]) -> AsyncIterator[bytes]:
    for chunk in chunks:
        yield chunk


async def _sent(upload: Upload, model: str | None = None) -> bytes:
    return b"".join([piece async for piece in upload.body(model=model)])


@pytest.mark.parametrize("row", GOOD, ids=lambda row: row["why"])
async def test_a_form_passes_whole_and_its_model_is_found(row: dict[str, Any]) -> None:
    """PRX-36: whatever the cuts, order and bytes of all parts stay."""
    form = _form(row)
    for chunks in _cut_everywhere(form):
        upload = await read_head(_arriving(chunks), TYPE)
        assert upload.model == row["model"]
        assert await _sent(upload) == form
        upload.close()


@pytest.mark.parametrize("row", [row for row in GOOD if row["model"]], ids=lambda row: row["why"])
async def test_only_the_models_name_is_replaced(row: dict[str, Any]) -> None:
    """PRX-36: spliced, and the length is known beforehand."""
    form = _form(row)
    expected = form.replace(f"\r\n\r\n{row['model']}\r\n".encode(), "\r\n\r\nother-ñ\r\n".encode())
    for chunks in _cut_everywhere(form):
        upload = await read_head(_arriving(chunks), TYPE)
        assert await _sent(upload, "other-ñ") == expected
        assert upload.length(len(form), model="other-ñ") == len(expected)
        assert upload.length(None, model="x") is None
        assert upload.length(len(form)) == len(form)
        upload.close()


@pytest.mark.parametrize("row", BAD, ids=lambda row: row["why"])
async def test_what_could_be_read_differently_is_refused(row: dict[str, Any]) -> None:
    """Whatever the cuts, and before the upstream has got a whole form."""
    form = _form(row)
    for chunks in _cut_everywhere(form):
        with pytest.raises(InvalidRequest) as caught:
            await _sent(await read_head(_arriving(chunks), TYPE))
        assert caught.value.code == row["code"]


async def test_a_second_model_that_comes_late_ends_the_body_with_an_error() -> None:
    """The error is kept as well: what sends the body may wrap it."""
    chunks = [_part("model", b"m") + b"--b", b"\r\n" + _part("x", b"y")[5:], _part("model", b"n") + b"--b--"]
    upload = await read_head(_arriving(chunks), TYPE)
    assert upload.model == "m"
    sent = []
    with pytest.raises(InvalidRequest, match="more than one"):
        sent.extend([piece async for piece in upload.body()])
    assert upload.fault is not None
    assert upload.fault.code == "duplicate_key"


async def test_a_caller_who_sends_too_slowly_is_at_fault_too() -> None:
    """Whoever sends the body must not hold it against the endpoint."""

    async def arriving() -> AsyncIterator[bytes]:
        yield _part("model", b"m") + b"--b\r\n"
        raise RequestTimeout("too slow")

    upload = await read_head(arriving(), TYPE)
    with pytest.raises(RequestTimeout):
        await _sent(upload)
    assert isinstance(upload.fault, RequestTimeout)


async def test_an_upload_can_be_sent_again_until_its_further_bytes_flow() -> None:
    """A failed connection costs nothing: the kept beginning is still there."""
    chunks = [_part("model", b"m"), _part("file", b"x" * 99), b"--b--\r\n"]
    upload = await read_head(_arriving(chunks), TYPE)
    async for _ in upload.body(model="first"):
        break
    assert upload.replayable
    assert await _sent(upload, "other") == b"".join([_part("model", b"other"), *chunks[1:]])
    assert not upload.replayable


async def test_an_upload_that_was_read_to_its_end_can_be_sent_again_and_again() -> None:
    """The model came last, so all of it is kept."""
    form = _part("file", b"x" * 99) + _part("model", b"m") + b"--b--\r\n"
    upload = await read_head(_arriving([form[:50], form[50:-5], form[-5:]]), TYPE)
    await _sent(upload)
    upload.close()
    whole = await read_head(_arriving([_part("x", b"y"), b"--b--"]), TYPE)
    assert await _sent(whole, "unused") == await _sent(whole) == _part("x", b"y") + b"--b--"
    assert whole.replayable
    assert whole.model is None
    whole.close()


async def test_an_abandoned_attempt_does_not_disturb_the_next() -> None:
    """Two bodies read one file; each knows its own place."""
    form = _part("file", bytes(200_000)) + _part("model", b"m")
    upload = await read_head(_arriving([form, b"--b--"]), TYPE)
    first, second = upload.body(), upload.body(model="n")
    assert await anext(first) + await anext(first) == form[: 2 * 65536]
    assert await anext(second) == form[:65536]
    assert await anext(first) == form[2 * 65536 : 3 * 65536]
    await first.aclose()  # type: ignore[attr-defined]  # an async generator is one
    await second.aclose()  # type: ignore[attr-defined]
    upload.close()


@pytest.mark.parametrize("late", [False, True])
async def test_a_hundred_megabytes_take_little_memory(*, late: bool) -> None:
    """PRX-36: whether the model comes first or last."""
    piece = bytes(65536)

    async def arriving() -> AsyncIterator[bytes]:
        if not late:
            yield _part("model", b"m")
        yield b'--b\r\nContent-Disposition: form-data; name="file"; filename="f"\r\n\r\n'
        for _ in range(1600):
            yield piece
        yield b"\r\n" + (_part("model", b"m") if late else b"") + b"--b--\r\n"

    tracemalloc.start()
    upload = await read_head(arriving(), TYPE)
    total = 0
    async for chunk in upload.body(model="n"):
        total += len(chunk)
    upload.close()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert total > 100_000_000
    assert peak < 2 * MEMORY


@pytest.mark.parametrize(
    ("content_type", "boundary"),
    [
        ("multipart/form-data; boundary=abc", b"abc"),
        ("Multipart/Form-Data;BOUNDARY=----WebKitFormBoundary7MA4", b"----WebKitFormBoundary7MA4"),
        ('multipart/form-data; charset=utf-8; boundary="a=b:c d"', b"a=b:c d"),
        ("multipart/form-data; boundary=" + "a" * 70, b"a" * 70),
    ],
)
def test_a_boundary_is_read_from_the_content_type(content_type: str, boundary: bytes) -> None:
    """RFC 2046 5.1.1: one to seventy characters, quoted or not."""
    assert boundary_of(content_type) == boundary


@pytest.mark.parametrize(
    "content_type",
    [
        "multipart/form-data",
        "multipart/form-data; boundary=",
        'multipart/form-data; boundary=""',
        "multipart/form-data; boundary=a; boundary=b",
        'multipart/form-data; x="; boundary=a"; boundary=b',
        "multipart/form-data; boundary*=utf-8''a",
        'multipart/form-data; boundary="a "',
        'multipart/form-data; boundary="a\\"b"',
        "multipart/form-data; boundary=é",
        "multipart/form-data; boundary=" + "a" * 71,
    ],
)
def test_a_doubtful_boundary_is_refused(content_type: str) -> None:
    """Two parsers must not see two forms."""
    with pytest.raises(InvalidRequest):
        boundary_of(content_type)


@pytest.mark.parametrize("content_type", ["", "application/json", "multipart/mixed; boundary=a", "text/plain"])
def test_only_forms_are_taken(content_type: str) -> None:
    """415: says what is expected."""
    with pytest.raises(UnsupportedMedia, match="a form is expected"):
        boundary_of(content_type)


@pytest.mark.parametrize(
    ("form", "words"),
    [
        (b"--b\r\nX: " + b"a" * 20_000, "longer than"),
        (b"--b" + b" " * 100, "follows a boundary"),
        (_part("model", b"m" * 2000), "too long"),
        (_part("model", b"m" * 2000)[:1500], "too long"),
        (_part("model", b"\xff") + b"--b", "UTF-8"),
        (b"x" * 10, "begin"),
    ],
)
def test_nothing_is_collected_without_a_limit(form: bytes, words: str) -> None:
    """Headers, blanks and names have a length."""
    scanner = FormScanner(b"b")
    with pytest.raises(InvalidRequest, match=words):
        scanner.feed(form)


async def test_a_broken_upload_leaves_no_file() -> None:
    """The caller left, or sends too slowly: the error passes, the file is closed."""

    async def arriving() -> AsyncIterator[bytes]:
        yield _part("x", bytes(2 * MEMORY))
        raise TimeoutError

    with pytest.raises(TimeoutError):  # an unclosed file would be a ResourceWarning, and warnings are errors
        await read_head(arriving(), TYPE)


_VALUES = st.lists(st.sampled_from([b"\r", b"\n", b"\r\n", b"-", b"--", b"b", b"a", b"\x00", b"\xff" * 9]), max_size=12)


@given(
    st.lists(st.tuples(st.sampled_from(["file", "prompt", "Model", "m"]), _VALUES), max_size=4),
    st.lists(st.tuples(st.sampled_from(["file", "prompt"]), _VALUES), max_size=3),
    st.lists(st.integers(1, 90), max_size=12),
)
async def test_any_form_in_any_pieces(
    before: list[tuple[str, list[bytes]]], behind: list[tuple[str, list[bytes]]], sizes: list[int]
) -> None:
    """Either it is refused, or exactly the name is replaced; a content that ends its own part is never passed."""
    fields = [(name, b"".join(value)) for name, value in [*before, ("model", [b"m"]), *behind]]
    form = b"".join(_part(name, value) for name, value in fields) + b"--b--\r\n"
    chunks, at = [], 0
    for size in sizes:
        chunks.append(form[at : at + size])
        at += size
    ambiguous = any(b"\n--b" in b"\n" + value for _, value in fields)
    try:
        sent = await _sent(await read_head(_arriving([*chunks, form[at:]]), TYPE), "other")
    except InvalidRequest:
        assert ambiguous
        return
    assert not ambiguous
    assert (
        sent == b"".join(_part(name, b"other" if name == "model" else value) for name, value in fields) + b"--b--\r\n"
    )
