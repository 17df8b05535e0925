"""A noisy logger is kept short."""

import logging

from gateway.observe.throttle import Throttle


def test_so_many_records_pass_and_the_rest_is_counted() -> None:
    """The first record of the next window says how many were left out, once."""
    now = [0.0]
    throttle = Throttle(records=2, window_s=60, monotonic=lambda: now[0])
    records = [logging.makeLogRecord({"msg": "lost %s", "args": ("one",)}) for _ in range(7)]
    passed = [throttle.filter(record) for record in records[:5]]
    now[0] = 60
    passed += [throttle.filter(record) for record in records[5:]]
    assert passed == [True, True, False, False, False, True, True]
    assert [record.getMessage() for record in records[5:]] == [
        "lost one (3 more like it were left out)",
        "lost one",
    ]
