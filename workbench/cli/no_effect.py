"""An option that would change nothing is refused: who typed it has something else in mind."""

from __future__ import annotations

from collections import Counter

import click
from click.core import ParameterSource

from workbench.errors import UsageError


def refuse_idle(why: str, *names: str) -> None:
    """Refuse those of these parameters of the running command that were typed; nothing reads them there.

    Args:
        why: where they have no effect, as "with --show".

    Raises:
        UsageError: naming what was typed.
    """
    context = click.get_current_context()
    parameters = {parameter.name: parameter for parameter in context.command.params}
    typed = [
        _label(parameters[name])
        for name in names
        if context.get_parameter_source(name) is ParameterSource.COMMANDLINE
    ]
    if typed:
        have = "has" if len(typed) == 1 else "have"
        raise UsageError(f"{' and '.join(typed)} {have} no effect {why}; leave it out.")


def _label(parameter: click.Parameter) -> str:
    return parameter.opts[-1] if parameter.param_type_name == "option" else (parameter.name or "").upper()


class _Once(click.Command):
    """Refuses an option that takes one value and was typed twice: only the last would have an effect."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        given = list(args)
        rest = super().parse_args(ctx, args)
        _, _, order = self.make_parser(ctx).parse_args(args=given)
        for parameter, times in Counter(order).items():
            if times > 1 and isinstance(parameter, click.Option) and not _may_repeat(parameter):
                raise UsageError(
                    f"{_label(parameter)} is given {times} times and takes one value; only the last would "
                    "have an effect."
                )
        return rest


def _may_repeat(option: click.Option) -> bool:
    return option.multiple or option.count or option.is_flag


class OnceCommand(_Once):
    """What each of our commands is."""


class OnceGroup(_Once, click.Group):
    """What each of our groups of commands is."""

    command_class = OnceCommand


OnceGroup.group_class = OnceGroup
