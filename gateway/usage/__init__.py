"""What was used: one row per attempt, sums per day, and the question who used how much (proxy_behaviour.md section 8).

    model.py    a row, and the answers     store.py      SQL
    service.py  sums for a caller          retention.py  old rows go, in small steps
    routes.py   /api/v1/usage

The data plane makes a `UsageRecord` for each attempt and puts it into a `BatchWriter` of `store.add`, which it never
waits for (USE-7); nothing else writes here.
"""
