"""The names of `typing` that modules need while they are imported, without `typing`: that takes as long as ten of ours.

To type checkers they are those of `typing`. At run time they are only placeholders; a Literal is the tuple of its
values. For modules that a plain run imports; all others may as well import `typing`.
"""

from __future__ import annotations

TYPE_CHECKING = False

if TYPE_CHECKING:
    from typing import Any as Any
    from typing import BinaryIO as BinaryIO
    from typing import Generic as Generic
    from typing import Literal as Literal
    from typing import NoReturn as NoReturn
    from typing import Protocol as Protocol
    from typing import TextIO as TextIO
    from typing import TypeVar as TypeVar
    from typing import cast as cast
    from typing import get_args as get_args
else:
    Any = BinaryIO = NoReturn = TextIO = object

    class Protocol:
        __slots__ = ()

    class Generic:
        __slots__ = ()

        def __class_getitem__(cls, parameters):
            return cls

    class Literal(tuple):
        __slots__ = ()

        def __class_getitem__(cls, values):
            return cls(values if isinstance(values, tuple) else (values,))

        def __or__(self, other):
            return type(self)((*self, *other))

    def TypeVar(name, bound=None):  # noqa: N802 (as it is named in typing)
        return bound or object

    def cast(kind, value):
        return value

    def get_args(literal):
        return tuple(literal)
