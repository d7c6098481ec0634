"""What to do about a finding, as data: its help is made of it, its fix, and the policy that would follow it."""

from __future__ import annotations

from kube_audit_lint.syntax.record import NamedTuple
from kube_audit_lint.syntax.typed import Literal

Act = Literal["write", "leave out", "to list", "to group", "remove rule", "end with"]


class Advice(NamedTuple):
    """What to do where the finding is.

    act: `write` the values in place of what is there, or that field with its value; `leave out` what is there, or the
        whole field that it is in; put it `to list`, the field of the same rule; `to group`, an item of `resources` with
        the group that `field` is, there as the value if there is one; `remove rule`, the one that it is in; `end with`
        a rule of the level.
    title, rest: the same in words, and what else the help says. choice: whether that is only one way of several, and a
    reader's decision. lossy: whether what is taken out may be meant otherwise.
    """

    act: Act
    title: str
    rest: str = "."
    field: str = ""
    values: tuple[str, ...] = ()
    choice: bool = False
    lossy: bool = False

    @property
    def help(self) -> str:
        """The advice in words."""
        return self.title + self.rest


def write(
    *values: str, field: str = "", quoted: bool = False, where: str = "", rest: str = ".", lossy: bool = False
) -> Advice:
    """To write values, or a field with one. quoted: shown in quotes. where: a part of the title."""
    texts = [f'"{one}"' if quoted else one for one in values]
    shown = ", ".join(f"`{field}: {one}`" if field else f"`{one}`" for one in texts)
    return Advice("write", f"Write {shown}{where}", rest, field, values, lossy=lossy)


def leave_out(text: str, rest: str = ".") -> Advice:
    """To leave out an item or a field, of which somebody meant something."""
    return Advice("leave out", f"Leave `{text}` out", rest, lossy=True)


def end_with(level: str, which: str = "that has a level and no condition") -> Advice:
    """To write a rule for everything that is left behind the others."""
    return Advice("end with", f"End the rules with one {which}: `- level: {level}`", values=(level,))


def in_words(help: str | Advice) -> tuple[str, Advice | None]:
    """What a finding has of its help: the words, and the data where there are any."""
    return (help, None) if isinstance(help, str) else (help.help, help)
