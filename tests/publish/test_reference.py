import pytest

from gateway.publish.messages import PublishError
from gateway.publish.reference import MAX_NAME, parse

_NAME = '"{}" is not a valid repository name ({}).{}'


@pytest.mark.parametrize(
    ("text", "registry", "repository", "target"),
    [
        ("registry.acme.io/team/model:v1", "registry.acme.io", "team/model", "v1"),
        ("registry.acme.io/team/model", "registry.acme.io", "team/model", "latest"),
        ("localhost:5000/a", "localhost:5000", "a", "latest"),
        ("[::1]:5000/a/b:x", "[::1]:5000", "a/b", "x"),
        ("a.io/a__b/c---d/e.f:_V.1-2", "a.io", "a__b/c---d/e.f", "_V.1-2"),
        (f"a.io/a:t@sha256:{'a' * 64}", "a.io", "a", f"sha256:{'a' * 64}"),
        (f"a.io/{'a' * MAX_NAME}:{'t' * 128}", "a.io", "a" * MAX_NAME, "t" * 128),
    ],
)
def test_a_reference_has_its_parts(text: str, registry: str, repository: str, target: str) -> None:
    """PUB-1: the distribution's grammar; without tag and digest it is `latest`."""
    found = parse(text)
    assert (found.registry, found.repository, found.target) == (registry, repository, target)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a.io/Team/Model", _NAME.format("Team/Model", "upper case is not allowed", ' Did you mean "team/model"?')),
        ("a.io/te am/m", _NAME.format("te am/m", "' ' is not allowed", ' Did you mean "te-am/m"?')),
        ("a.io/team/", _NAME.format("team/", "a part between slashes is empty", ' Did you mean "team"?')),
        ("a.io/tëam", _NAME.format("tëam", "'ë' is not allowed", ' Did you mean "t-am"?')),
        ("a.io/", _NAME.format("", "it is empty", "")),
        (
            "a.io/a_-b",
            _NAME.format(
                "a_-b",
                "a part must begin and end with a letter or digit, with single separators between",
                ' Did you mean "a_b"?',
            ),
        ),
        (
            f"a.io/{'a' * 256}",
            _NAME.format("a" * 256, "it has 256 characters, and 255 are allowed", ""),
        ),
        (
            "team/model:v1",
            '"team/model:v1" is not a reference (it names no registry). Did you mean "docker.io/team/model:v1"?',
        ),
        (
            "https://a.io/team/model",
            '"https://a.io/team/model" is not a reference (it has no https://). Did you mean "a.io/team/model"?',
        ),
        ("a.io:99999/a", '"a.io:99999/a" is not a reference ("a.io:99999" is no host[:port]).'),
        ("a.io/a@sha1:1", '"a.io/a@sha1:1" is not a reference (behind @ stands sha256: and 64 digits).'),
        (
            "a.io/a:v1+cu121",
            (
                '"v1+cu121" is not a valid tag (letters, digits, _ . - and at most 128 of them; not . or - first). Did'
                ' you mean "v1-cu121"?'
            ),
        ),
        ("a.io/a:", '"" is not a valid tag (it is empty).'),
    ],
)
def test_what_is_none_is_refused_with_what_was_meant(text: str, message: str) -> None:
    """PUB-1: said before any network; a registry would answer a 404 without words."""
    with pytest.raises(PublishError) as caught:
        parse(text)
    assert caught.value.message == message
