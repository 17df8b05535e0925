"""What was used: one row per attempt, sums per day, and the question who used how much (proxy_behaviour.md section 8).

    model.py    a row, and the answers     recorder.py   Usage: rows go out in batches, never waited for
    store.py    SQL                        retention.py  old rows go, in small steps
    service.py  sums for a caller          routes.py     /api/v1/usage

The data plane makes a `UsageRecord` for each attempt and calls `Usage.record`; nothing else writes here.
"""
