"""What all tables have in common: names of constraints, and columns that many of them share."""

from sqlalchemy import BigInteger, CheckConstraint, Column, ForeignKey, Integer, MetaData, Text, text

_NAMES = {
    "pk": "pk_%(table_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
}
SERIAL = BigInteger().with_variant(Integer, "sqlite")  # only a plain INTEGER key counts by itself on SQLite

metadata = MetaData(naming_convention=_NAMES)


def stamps() -> list[Column[int]]:
    """Revision and times of everything that is edited."""
    return [
        Column("rev", Integer, nullable=False, server_default=text("1")),
        Column("created_at", BigInteger, nullable=False),
        Column("updated_at", BigInteger, nullable=False),
    ]


def owner() -> list[Column[str] | CheckConstraint]:
    """Who declares the row, and where: "file" with file and line, or nobody, then it is changed over the API."""
    return [
        Column("managed_by", Text),
        Column("managed_at", Text),
        CheckConstraint("managed_by IN ('file')", name="managed_by"),
        CheckConstraint("(managed_by IS NULL) = (managed_at IS NULL)", name="managed_at"),
    ]


def via(prefix: str) -> list[Column[str] | CheckConstraint]:
    """Through what something is published: nothing said, the server, or the gateway that the second column names."""
    via, gateway = f"{prefix}via", f"{prefix}gateway_id"
    return [
        Column(via, Text),
        Column(gateway, ForeignKey("gateways.id", ondelete="RESTRICT"), index=True),
        CheckConstraint(f"{via} IN ('server', 'gateway')", name=via),
        CheckConstraint(f"({gateway} IS NOT NULL) = ({via} IS NOT NULL AND {via} = 'gateway')", name=gateway),
    ]
