"""The light named tuples behave as typing.NamedTuple does."""

from __future__ import annotations

import copy
import pickle
import typing

import pytest

from kube_audit_lint.syntax import record


class Light(record.NamedTuple):
    """As in the package."""

    first: str
    second: int = 2
    third: tuple[str, ...] = ()

    @property
    def twice(self) -> int:
        """A property like any other."""
        return self.second * 2


class Full(typing.NamedTuple):
    """The same, by the standard library."""

    first: str
    second: int = 2
    third: tuple[str, ...] = ()


CALLS: list[tuple[tuple[typing.Any, ...], dict[str, typing.Any]]] = [
    (("a",), {}),
    (("a", 3), {}),
    (("a", 3, ("x",)), {}),
    ((), {"first": "a"}),
    (("a",), {"third": ("y",)}),
]


@pytest.mark.parametrize(("values", "named"), CALLS)
def test_same_values(values: tuple[typing.Any, ...], named: dict[str, typing.Any]) -> None:
    light, full = Light(*values, **named), Full(*values, **named)
    assert tuple(light) == tuple(full)
    assert (light.first, light.second, light.third) == (full.first, full.second, full.third)
    assert light._asdict() == full._asdict()
    assert repr(light) == repr(full).replace("Full", "Light")
    assert light._replace(second=9) == full._replace(second=9)
    assert light == Light._make(full)
    assert hash(light) == hash(full)
    assert copy.copy(light) == light
    assert pickle.loads(pickle.dumps(light)) == light
    assert light.twice == light.second * 2


@pytest.mark.parametrize(
    ("values", "named"), [((), {}), (("a", 1, (), 4), {}), (("a",), {"other": 1}), (("a",), {"first": "b"})]
)
def test_same_refusals(values: tuple[typing.Any, ...], named: dict[str, typing.Any]) -> None:
    for kind in (Light, Full):
        with pytest.raises(TypeError):
            kind(*values, **named)
    with pytest.raises(ValueError, match="no such fields"):
        Light("a")._replace(other=1)


def test_no_attributes_besides_its_fields() -> None:
    with pytest.raises(AttributeError):
        Light("a").other = 1  # type: ignore[attr-defined]
    with pytest.raises(AttributeError):
        Light("a").first = "b"  # type: ignore[misc]
    assert Light._fields == Full._fields
    assert Light.__match_args__ == Full.__match_args__
