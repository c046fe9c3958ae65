"""Build the page on the `citylake` command from the command's own help."""

from __future__ import annotations

from enum import EnumMeta
from typing import Any

import typer

from docs.generate.markdown import NOTE, code, paragraph, table
from workflows.cli import app

HEAD = """# The citylake command

`citylake --help` and `citylake COMMAND --help` print the texts on this page.
"""
EXIT_CODES = (
    ("0", "The command succeeded, or there was nothing to do."),
    ("1", "The command failed. The message on standard error says how to fix the problem."),
    ("2", "An argument or option of the command is not valid."),
    ("3", "A dataset needs attention. `citylake status` prints the reasons."),
)


def page() -> str:
    """Return the page."""
    return render(typer.main.get_command(app))


def render(group: Any) -> str:
    """Return the page for a group of Typer commands."""
    parts = [HEAD + NOTE, _exit_codes()]
    if common := _options(group):
        parts.append(f"## Options of every command\n\n{common}")
    for name, command in group.commands.items():
        if not command.hidden:
            parts.append(_command(name, command))
    return "\n".join(parts)


def _exit_codes() -> str:
    return f"## Exit codes\n\n{table(['code', 'meaning'], EXIT_CODES)}"


def _command(name: str, command: Any) -> str:
    arguments = [item for item in command.params if item.param_type_name == "argument"]
    usage = " ".join(["citylake", name, *map(_usage, arguments), *(["[OPTIONS]"] if _visible_options(command) else [])])
    text = "\n\n".join(paragraph(item) for item in (command.help or "").split("\n\n"))
    rows = [(code(_name(item)), getattr(item, "help", None) or "") for item in arguments]
    described = table(["argument", "meaning"], rows) + "\n" if any(text for _, text in rows) else ""
    return f"## {name}\n\n```\n{usage}\n```\n\n{text}\n\n{described}{_options(command)}"


def _options(command: Any) -> str:
    rows = [
        (", ".join(map(code, [*item.opts, *item.secondary_opts])), code(_value(item)), item.help or "")
        for item in _visible_options(command)
    ]
    return table(["option", "value", "effect"], rows) if rows else ""


def _visible_options(command: Any) -> list[Any]:
    options = [item for item in command.params if item.param_type_name == "option"]
    completion = ("--install-completion", "--show-completion", "--help")
    return [item for item in options if not item.hidden and not set(completion) & {*item.opts}]


def _usage(argument: Any) -> str:
    return _name(argument) if argument.required else f"[{_name(argument)}]"


def _name(argument: Any) -> str:
    return str(argument.metavar or argument.name.upper()).replace("[", "").replace("]", "")


def _value(option: Any) -> str:
    if option.is_flag:
        return ""
    annotation = option.type_descriptor.annotation
    choices = [str(item.value) for item in annotation] if isinstance(annotation, EnumMeta) else []
    return str(option.metavar or "|".join(choices) or annotation.__name__.upper())
