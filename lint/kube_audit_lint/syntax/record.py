"""Named tuples that cost a tenth of `typing.NamedTuple` to define.

A short run defines some eighty of them, and `collections.namedtuple` compiles code for each: a fifth of the run.
To type checkers this is `typing.NamedTuple`; at run time the fields, defaults and methods are the same, and a class
is made without compiling anything.
"""

from __future__ import annotations

from kube_audit_lint.syntax.typed import TYPE_CHECKING

make = tuple.__new__
"""make(Class, (value, ...)): a named tuple from all of its values, for what is made by the thousand. Checks nothing."""

if TYPE_CHECKING:
    from typing import NamedTuple as NamedTuple
else:
    from operator import itemgetter

    try:
        from _collections import _tuplegetter as _getter
    except ImportError:  # not CPython

        def _getter(index, doc):
            return property(itemgetter(index), doc=doc)

    class _Meta(type):
        def __new__(mcls, name, bases, namespace):
            fields = tuple(namespace.get("__annotations__", ()))
            namespace["__slots__"] = ()
            if fields:
                namespace["_defaults"] = {field: namespace.pop(field) for field in fields if field in namespace}
                namespace["_fields"] = namespace["__match_args__"] = fields
                namespace["_size"] = len(fields)
                for index, field in enumerate(fields):
                    namespace[field] = _getter(index, None)
            return super().__new__(mcls, name, bases, namespace)

    class NamedTuple(tuple, metaclass=_Meta):
        _fields = ()
        _defaults = {}  # noqa: RUF012 (only ever read)
        _size = 0

        def __new__(cls, *values, **named):
            if named or len(values) != cls._size:
                values = cls._complete(values, named)
            return make(cls, values)

        @classmethod
        def _complete(cls, values, named):
            fields = cls._fields[len(values) :]
            if len(values) > cls._size or not named.keys() <= set(fields):
                raise TypeError(f"{cls.__name__}() takes the fields {', '.join(cls._fields)}")
            defaults = cls._defaults
            try:
                return values + tuple([named[field] if field in named else defaults[field] for field in fields])
            except KeyError as missing:
                raise TypeError(f"{cls.__name__}() needs the field {missing}") from None

        @classmethod
        def _make(cls, values):
            return cls(*values)

        def _replace(self, **named):
            if not named.keys() <= set(self._fields):
                raise ValueError(f"{type(self).__name__} has no such fields: {', '.join(named)}")
            return make(type(self), [named.get(field, value) for field, value in zip(self._fields, self, strict=True)])

        def _asdict(self):
            return dict(zip(self._fields, self, strict=True))

        def __getnewargs__(self):
            return tuple(self)

        def __repr__(self):
            inside = ", ".join(f"{field}={value!r}" for field, value in zip(self._fields, self, strict=True))
            return f"{type(self).__name__}({inside})"
