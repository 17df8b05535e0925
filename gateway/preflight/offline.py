"""Stage a without a server, for the command line: the form of an address, and the policy of this machine's settings."""

from typing import Any

from gateway.preflight.address import judge, read, shown
from gateway.registry.verdict import EndpointReport, PreflightView, StageView
from gateway.settings import EgressSettings
from gateway.upstream.policy import EgressPolicy

_NOTICE = "nothing was asked: no name was looked up"


def judge_offline(base_url: str, egress: EgressSettings, *, has_key: bool) -> dict[str, Any]:
    """Return the report as JSON data; a name is not looked up."""
    policy = EgressPolicy(egress.profile, egress.allow_networks, egress.allow_hosts)
    found = read(base_url)
    if isinstance(found, StageView):
        stage, address = found, shown(base_url)
    else:
        insecure = egress.allow_insecure_http
        stage = judge(found, policy.judge, allow_insecure_http=insecure, has_key=has_key)
        address = str(found.url)
    report = EndpointReport(base_url=address, endpoint=None, model="", verdict=stage.verdict, stages=(stage,))
    return PreflightView(verdict=stage.verdict, endpoints=(report,), notice=_NOTICE).model_dump(mode="json")
