"""The two allow-lists, request ids and the loop check."""

import json
import re
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from multidict import CIMultiDict

from gateway.access.headers import request_id, to_client, to_upstream, via, without_account
from gateway.errors import LoopDetected

ROWS: list[dict[str, Any]] = json.loads(Path(__file__).parents[1].joinpath("vectors/headers.json").read_text())
UUID_TEXT = "6f1c3f0e-8a56-4b0e-9d4c-2f7c6f7b1a2d"


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["why"])
def test_only_what_is_listed_passes(row: dict[str, Any]) -> None:
    """PRX-18, PRX-19, PRX-20: allow-lists in both directions."""
    headers = CIMultiDict([(name, value) for name, value in row["headers"]])
    passed = to_upstream(headers) if row["direction"] == "upstream" else to_client(headers)
    passed.popall("Accept-Encoding", None)
    assert [list(item) for item in passed.items()] == row["passed"]


def test_identity_is_asked_for_whatever_the_caller_accepts() -> None:
    """PRX-38: otherwise the usage in an answer could not be read."""
    headers = to_upstream(CIMultiDict({"Accept-Encoding": "gzip, zstd"}))
    assert headers.getall("Accept-Encoding") == ["identity"]


def test_an_operator_may_let_further_headers_through_but_never_a_credential() -> None:
    """Section 6: configured extras; the caller's key and hop-by-hop headers never."""
    headers = CIMultiDict({"X-Tenant": "a", "Authorization": "Bearer k", "TE": "trailers"})
    passed = to_upstream(headers, extra=("x-tenant", "authorization", "te"))
    assert dict(passed) == {"Accept-Encoding": "identity", "X-Tenant": "a"}


def test_account_headers_can_be_kept_from_an_endpoint() -> None:
    """clients.md section 2: they come from the caller's environment and name an OpenAI account."""
    headers = CIMultiDict({"OpenAI-Organization": "org", "openai-project": "p", "OpenAI-Beta": "b"})
    assert dict(without_account(headers)) == {"OpenAI-Beta": "b"}
    assert len(headers) == 3


def test_a_uuid_of_the_caller_is_taken_over() -> None:
    """Section 6: the same id goes upstream, into the answer, the log and the usage row."""
    assert request_id(CIMultiDict({"X-Request-ID": UUID_TEXT})) == UUID_TEXT
    assert request_id(CIMultiDict({"X-Request-ID": UUID_TEXT.upper()})) == UUID_TEXT.upper()


@pytest.mark.parametrize(
    "given_id", ["", "1", "a" * 36, UUID_TEXT + "\n", UUID_TEXT.replace("-", ""), "{" + UUID_TEXT + "}"]
)
def test_anything_else_is_replaced(given_id: str) -> None:
    """A log line or a metric must not carry text of the caller's making."""
    made = request_id(CIMultiDict({"x-request-id": given_id}))
    assert made != given_id
    assert str(UUID(made)) == made
    assert UUID(made).version == 4


def test_no_id_makes_a_new_one_each_time() -> None:
    """Every call has its own."""
    assert request_id(CIMultiDict()) != request_id(CIMultiDict())


def test_via_names_this_instance_and_the_gateways_before_it() -> None:
    """Two gateways in a row see each other; a caller's own proxies are not told to the upstream."""
    assert via(CIMultiDict(), "a1") == "1.1 modelport-a1"
    headers = CIMultiDict([("Via", "1.1 varnish, 1.1 modelport-b2"), ("via", "2 squid (secret)")])
    assert via(headers, "a1") == "1.1 modelport-b2, 1.1 modelport-a1"


@pytest.mark.parametrize("seen", ["1.1 modelport-a1", "1.1 proxy, 1.1 modelport-a1", "1.1 modelport-a1 , 1.1 x"])
def test_our_own_via_coming_back_is_a_loop(seen: str) -> None:
    """508 before anything is sent, and no retry of the caller's SDK."""
    with pytest.raises(LoopDetected) as caught:
        via(CIMultiDict({"Via": seen}), "a1")
    assert caught.value.headers == {"x-should-retry": "false"}


def test_an_instance_whose_name_only_begins_alike_is_no_loop() -> None:
    """Ids are compared whole."""
    assert via(CIMultiDict({"Via": "1.1 modelport-a12"}), "a1") == "1.1 modelport-a12, 1.1 modelport-a1"


def test_too_many_gateways_in_a_row_are_a_loop() -> None:
    """Instances that restart with a new id in each round would otherwise never notice."""
    with pytest.raises(LoopDetected):
        via(CIMultiDict({"Via": ", ".join(f"1.1 modelport-{n}" for n in range(8))}), "a1")


_NAMES = st.sampled_from(
    ["Connection", "X-Secret", "Authorization", "Cookie", "Content-Type", "openai-x", "x-ratelimit-a", "Set-Cookie"]
)


@given(st.lists(st.tuples(_NAMES, st.text(alphabet="aX-,Secrtontyp \udcffé", max_size=16)), max_size=8))
def test_nothing_unlisted_nominated_or_unwritable_ever_passes(items: list[tuple[str, str]]) -> None:
    """Property over both directions."""
    headers = CIMultiDict(items)
    nominated = {name.strip().lower() for name in ",".join(headers.getall("connection", [])).split(",")}
    for passed in (to_upstream(headers), to_client(headers)):
        for name, value in passed.items():
            value.encode()
            assert re.match("(?i)accept-encoding|content-type|openai-|x-ratelimit-", name)
            assert name.lower() not in nominated
