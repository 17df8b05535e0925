"""What this installation decided about the catalogue, and what it must remember beside the catalogue's own file.

The entries themselves lie in that file (`catalog.db`), which may be thrown away; these rows may not.
"""

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    ForeignKey,
    Integer,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from gateway.storage.schema.base import SERIAL, metadata

# What somebody does not want to see again (LIF-5); an empty team is everybody, `model_uid` says whose deletion did it.
catalogue_suppressions = Table(
    "catalogue_suppressions",
    metadata,
    Column("entry_id", Text, nullable=False),
    Column("team", Text, nullable=False, server_default=""),
    Column("reason", Text, nullable=False, server_default=""),
    Column("by", Text, nullable=False, server_default=""),
    Column("at", BigInteger, nullable=False),
    Column("until", BigInteger),
    Column("model_uid", ForeignKey("models.uid", ondelete="SET NULL"), index=True),
    PrimaryKeyConstraint("entry_id", "team"),
)

# What is shown as it was when somebody wanted it so, whatever the hub says; `body` is that form.
catalogue_pins = Table(
    "catalogue_pins",
    metadata,
    Column("entry_id", Text, primary_key=True),
    Column("body", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("by", Text, nullable=False, server_default=""),
)

# The highest that was ever seen of a hub (URL and root), per version of the root (CAT-31): the second copy, outside the
# catalogue's own files.
catalogue_highwater = Table(
    "catalogue_highwater",
    metadata,
    Column("hub", Text, primary_key=True),
    Column("root_version", Integer, primary_key=True, autoincrement=False),
    Column("serial", BigInteger, nullable=False),
    Column("timestamp_version", BigInteger, nullable=False),
    Column("signed_at", BigInteger, nullable=False),
)

# Which process synchronises (CAT-33); the id names the place of the catalogue's file.
catalogue_lease = Table(
    "catalogue_lease",
    metadata,
    Column("id", Text, primary_key=True),
    Column("owner", Text, nullable=False),
    Column("until", BigInteger, nullable=False),
)

# What the catalogue says of models that came from it; a person applies it or not.
catalogue_proposals = Table(
    "catalogue_proposals",
    metadata,
    Column("id", Text, primary_key=True),
    Column("model_uid", ForeignKey("models.uid", ondelete="CASCADE"), nullable=False),
    Column("kind", Text, nullable=False),
    Column("entry_id", Text, nullable=False),
    Column("payload", Text, nullable=False, server_default="{}"),
    Column("state", Text, nullable=False),
    Column("at", BigInteger, nullable=False, index=True),
    Column("decided_at", BigInteger),
    Column("decided_by", Text),
    UniqueConstraint("model_uid", "kind", "payload"),
    CheckConstraint("kind IN ('deprecation', 'successor', 'removal')", name="kind"),
    CheckConstraint("state IN ('open', 'applied', 'dismissed', 'withdrawn')", name="state"),
)

# Who was shown which variant, counted per variant alone; `unit_hash` is keyed, so that it names nobody (CAT-41).
experiment_exposures = Table(
    "experiment_exposures",
    metadata,
    Column("id", SERIAL, primary_key=True, autoincrement=True),
    Column("experiment", Text, nullable=False),
    Column("variant", Text, nullable=False),
    Column("unit_hash", Text, nullable=False),
    Column("count", BigInteger, nullable=False, server_default=text("1")),
    Column("at", BigInteger, nullable=False, index=True),
    UniqueConstraint("experiment", "variant", "unit_hash"),
)

# Use before this moment no longer counts for a team's recommendations; the rows of usage themselves stay.
recommendation_forgotten = Table(
    "recommendation_forgotten",
    metadata,
    Column("team_id", Text, primary_key=True),
    Column("at", BigInteger, nullable=False),
)
