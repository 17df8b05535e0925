"""How a model's state is told on the command line."""

from gateway.cli.model_shown import FIELDS


def _told(state: str, sunset_at: str | None) -> str:
    show = FIELDS["state"]
    assert callable(show)
    return str(show({"state": state, "deprecation": {"sunset_at": sunset_at, "successor": "b"}}))


def test_a_model_that_should_be_gone_says_so() -> None:
    """lifecycle.md section 2: a sunset that references block raises an alarm; who looks at the model sees it, too."""
    assert _told("deprecated", "2020-01-01T00:00:00.000Z") == (
        "deprecated (was to be gone after 2019-12-31: something keeps it, then b)"
    )


def test_a_sunset_to_come_is_announced_with_its_last_day() -> None:
    """The day that is not over yet at that moment, in UTC."""
    assert _told("deprecated", "9998-01-01T00:00:00.000Z") == "deprecated (until 9997-12-31, then b)"
    assert _told("deprecated", None) == "deprecated (then b)"
