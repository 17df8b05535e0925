"""References to secrets: judged when they are set, read when they are used."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from gateway.errors import ConfigError
from gateway.vault.references import MAX_SECRET_BYTES, REREAD_S, Reference, ReferenceReader, parse_reference

CANARY = "sk-canary-0123456789abcdef"


class Watch:
    """A clock that a test sets."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        """Return the set time."""
        return self.now


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    """Give an empty directory for secrets."""
    path = tmp_path / "secrets"
    path.mkdir()
    return path


def reader(
    directory: Path, watch: Watch | None = None, environment: Mapping[str, str] | None = None
) -> ReferenceReader:
    """Return a reader of one directory and these variables."""
    return ReferenceReader(environment=environment or {}, directories=(directory,), monotonic=watch or Watch())


@pytest.mark.parametrize("text", ["env:API_KEY", "file:/run/secrets/api_key", "file:api_key", "env:_x1"])
def test_a_reference_is_taken_as_it_is_written(text: str) -> None:
    """SEC-3: env:NAME and file:PATH."""
    assert str(parse_reference(text)) == text


@pytest.mark.parametrize(
    "text",
    ["", CANARY, "env", "env:", "env:A B", "env:1A", "file:", "file:a\0b", "vault:x", "env:MODELPORT_SECRETS__KEK"],
)
def test_anything_else_is_refused(text: str) -> None:
    """SEC-3: neither another kind nor a setting of this program itself; a pasted key is not quoted."""
    with pytest.raises(ConfigError) as refused:
        parse_reference(text)
    assert "canary" not in f"{refused.value.message}{refused.value.hint}"


def test_a_variable_is_read_at_use(directory: Path) -> None:
    """SEC-3: the value of the moment."""
    assert reader(directory, environment={"API_KEY": CANARY}).read(Reference("env", "API_KEY")).reveal() == CANARY


@pytest.mark.parametrize("environment", [{}, {"API_KEY": ""}, {"API_KEY": "a\r\nX-Evil: 1"}])
def test_a_variable_that_cannot_be_used_is_named(directory: Path, environment: dict[str, str]) -> None:
    """One sentence names the variable and not its value; a line break would begin another header."""
    with pytest.raises(ConfigError, match="API_KEY") as refused:
        reader(directory, environment=environment).read(Reference("env", "API_KEY"))
    assert "Evil" not in refused.value.message


def test_a_file_is_read_without_its_line_end(directory: Path) -> None:
    """An editor's final line end is not part of the key; absolute and relative names are the same file."""
    (directory / "api_key").write_text(f"{CANARY}\n")
    for name in ("api_key", str(directory / "api_key")):
        assert reader(directory).read(Reference("file", name)).reveal() == CANARY


def test_a_rotated_file_is_in_use_after_a_few_seconds(directory: Path) -> None:
    """SEC-3: read at use, with a cache of a few seconds, and again only when the file changed."""
    path, watch = directory / "api_key", Watch()
    path.write_text("old")
    files, reference = reader(directory, watch), Reference("file", "api_key")
    assert files.read(reference).reveal() == "old"
    path.write_text("newer")
    assert files.read(reference).reveal() == "old"
    watch.now = REREAD_S
    assert files.read(reference).reveal() == "newer"


def test_a_removed_file_ends_its_use(directory: Path) -> None:
    """A secret that was taken away is not used from memory."""
    path, watch = directory / "api_key", Watch()
    path.write_text(CANARY)
    files = reader(directory, watch)
    files.read(Reference("file", "api_key"))
    path.unlink()
    watch.now = REREAD_S
    with pytest.raises(ConfigError, match="No such file"):
        files.read(Reference("file", "api_key"))


@pytest.mark.parametrize("name", ["../outside", "/etc/hostname", "link", "sub/../../outside"])
def test_a_file_outside_the_directory_is_refused(directory: Path, name: str) -> None:
    """SEC-3: files under one directory, whatever dots and symbolic links say."""
    (directory.parent / "outside").write_text(CANARY)
    (directory / "link").symlink_to(directory.parent / "outside")
    with pytest.raises(ConfigError, match="outside the directory"):
        reader(directory).read(Reference("file", name))


def test_links_inside_the_directory_are_followed(directory: Path) -> None:
    """A mounted Kubernetes secret is a link to a link."""
    (directory / "..data").mkdir()
    (directory / "..data" / "api_key").write_text(CANARY)
    (directory / "api_key").symlink_to(Path("..data") / "api_key")
    assert reader(directory).read(Reference("file", "api_key")).reveal() == CANARY


@pytest.mark.parametrize("content", [b"", b" \n", b"\xff\xfe", b"a\nb", b"x" * (MAX_SECRET_BYTES + 1), b"a\x00b"])
def test_a_file_that_is_no_credential_is_refused(directory: Path, content: bytes) -> None:
    """One printable line of at most 64 KiB; the content is not quoted."""
    (directory / "api_key").write_bytes(content)
    with pytest.raises(ConfigError, match="file:api_key"):
        reader(directory).read(Reference("file", "api_key"))


def test_a_directory_or_pipe_is_no_file(directory: Path) -> None:
    """Opening a pipe would hold up every call."""
    with pytest.raises(ConfigError, match="no regular file"):
        reader(directory).read(Reference("file", "."))
