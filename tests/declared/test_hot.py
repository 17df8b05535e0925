"""Which settings follow a change, and that none is half in effect."""

import pytest

from gateway.declared.hot import HOT, Live, values_of
from gateway.errors import ConfigError
from gateway.settings import EgressSettings, LogSettings, ServerSettings, Settings, TimeoutSettings


def test_every_hot_setting_exists() -> None:
    """A setting that was renamed would silently need a restart."""
    assert set(values_of(Settings())) >= HOT


def test_what_follows_and_what_waits_is_told_by_name() -> None:
    """A socket that somebody else opened has another port than the file says: that is no change."""
    started = Settings()
    live = Live(started, running=started.listening_at("127.0.0.1", 4242))
    wanted = Settings(log=LogSettings(level="debug", format="json"), timeouts=TimeoutSettings(idle_s=7))
    assert live.changes(wanted) == ("timeouts.idle_s", "log.level")
    assert live.needs_restart(wanted) == ("log.format",)
    seen: list[Settings] = []
    live.on_change(seen.append)
    with live.trial(wanted):
        assert not seen
    assert [(one.timeouts.idle_s, one.log.level, one.log.format, one.server.port) for one in seen] == [
        (7, "debug", "auto", 4242)
    ]
    with live.trial(wanted):
        pass
    assert len(seen) == 1
    assert live.needs_restart(started) == ()


def test_a_change_that_fails_changes_nothing() -> None:
    """Inside the trial the new policy judges, afterwards the old one."""
    live = Live(Settings(), running=Settings())
    live.on_change(lambda _: pytest.fail("nothing has changed"))
    before = live.policy
    wanted = Settings(egress=EgressSettings(allow_networks=("10.0.0.0/8",)), log=LogSettings(level="debug"))

    def fail() -> None:
        assert live.policy.refusal("10.0.0.1", 80) is None
        raise ValueError

    with pytest.raises(ValueError), live.trial(wanted):  # noqa: PT011 - our own, from the line below
        fail()
    assert live.policy is before
    assert live.settings == Settings()


def test_a_network_that_cannot_be_allowed_is_refused() -> None:
    """Before anything else is tried."""
    live = Live(Settings(), running=Settings())
    wanted = Settings(egress=EgressSettings(allow_networks=("169.254.0.0/16",)))
    with pytest.raises(ConfigError, match="can never be reached"), live.trial(wanted):
        pytest.fail("not tried")


def test_origins_follow_only_where_the_start_had_some() -> None:
    """What answers browsers is put in place at the start, and only then."""
    some = Settings(server=ServerSettings(cors_origins=("https://a.example",)))
    assert not Live(Settings(), running=Settings()).is_hot("server.cors_origins")
    assert Live(some, running=some).is_hot("server.cors_origins")


def test_the_own_model_stays_in_reach() -> None:
    """The demo's echo lives on a port that no file lists."""
    live = Live(Settings(), running=Settings(), own_networks=["10.1.1.1/32:9"])
    with live.trial(Settings(egress=EgressSettings(allow_hosts=("gpu",)))):
        pass
    assert live.policy.refusal("10.1.1.1", 9) is None
