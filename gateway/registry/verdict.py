"""What a check of an endpoint says: the same shape in the API, on the command line and for refused registrations.

The registry knows the words only, so that its routes can be guarded; `gateway.preflight` fills them.
"""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any, Literal

from pydantic import Field

from gateway.registry.views import View


class Verdict(StrEnum):
    """How a stage ended."""

    PASS = "pass"  # noqa: S105 - a verdict, no password
    WARN = "warn"
    FAIL = "fail"
    SKIPPED = "skipped"
    UNPROVED = "unproved"


class StageView(View):
    """One stage of a check."""

    stage: Literal["address", "existence", "trial", "stream"]
    """address: form and policy; existence: which server, which models; trial: the smallest call; stream: the same."""
    verdict: Verdict
    code: str
    """Stable name of the finding, for programs."""
    message: str
    hint: str | None = None
    """What to do about it."""
    did_you_mean: tuple[str, ...] = ()
    took_ms: float = 0
    cached: bool = False
    """Whether an earlier check found this, and it is still good."""
    evidence: Mapping[str, Any] = Field(default_factory=dict)
    """What it was told from: status, engine, version, number of models, tokens."""


class EndpointReport(View):
    """What a check found of one endpoint."""

    base_url: str
    """In its normal form."""
    endpoint: str | None
    """The endpoint's id, when it is registered."""
    model: str
    """The upstream's name of the model."""
    verdict: Verdict
    """The worst of the stages that were run."""
    stages: tuple[StageView, ...]


class PreflightView(View):
    """What a check found."""

    verdict: Verdict
    endpoints: tuple[EndpointReport, ...]
    notice: str
    """What is kept of this check, and what the next one repeats; empty when nothing is."""


_RANK = (Verdict.FAIL, Verdict.WARN, Verdict.UNPROVED, Verdict.PASS)


def worst(verdicts: Sequence[Verdict]) -> Verdict:
    """Return the verdict of a whole: what was skipped does not count.

    >>> worst([Verdict.PASS, Verdict.WARN, Verdict.SKIPPED])
    <Verdict.WARN: 'warn'>
    """
    return next((one for one in _RANK if one in verdicts), Verdict.SKIPPED)
