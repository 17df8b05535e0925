"""What can be seen of a running process: numbers, log lines, and where a call's time went.

    series.py         counters and histograms that cost a dict look-up     metrics.py   which ones there are
    logs.py           set-up of structlog, request id, redaction           access_log.py  one line per request
    server_timing.py  the `server-timing` header                           masking.py   what never stands in a line
    throttle.py       how much a library may log

Anybody may count and log; nothing here knows a feature, and no label or line holds a prompt or a key.
"""
