"""Where modelport keeps what must survive a restart: one SQL code path for SQLite and PostgreSQL.

    schema.py     every table                 engine.py     the database: read and write transactions
    migrate.py    bring a database up to date  migrations/   its steps, one per revision (alembic)
    versions.py   counters that tell other processes to reload
    writer.py     rows that go out in batches  ids.py, clock.py

Features' `store.py` files use `engine` and `schema`; nobody above a store writes SQL. No feature is imported here.
"""
