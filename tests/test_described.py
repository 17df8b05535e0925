"""Described: the texts below members become descriptions, and nothing is made before somebody asks."""

from pydantic import Field, TypeAdapter

from gateway.described import Described


class Base(Described):
    """A thing to drink from."""

    size: int
    """In millilitres."""
    plain: int = 0


class Cup(Base):
    """With a handle."""

    from_: str = Field(default="", alias="from")
    """Where it
    was made."""
    both: str = Field(default="", description="Said in the field.")
    """Said below."""


def test_the_text_below_a_member_describes_it() -> None:
    """Inherited members and those with another name on the wire too; a description in `Field` goes before."""
    members = Cup.model_json_schema()["properties"]
    texts = {name: member.get("description") for name, member in members.items()}
    assert texts == {
        "size": "In millilitres.",
        "plain": None,
        "from": "Where it\nwas made.",
        "both": "Said in the field.",
    }


def test_a_validator_is_built_at_its_first_use() -> None:
    """A start builds none: it would cost a tenth of it."""

    class Late(Base):
        """Used once."""

    assert not Late.__pydantic_complete__
    assert TypeAdapter(Late).validate_python({"size": 1}).size == 1
    assert Late(size=2).size == 2
    assert Late.__pydantic_complete__
