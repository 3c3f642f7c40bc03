"""Questions to a person at the terminal: an answer that is wrong is told and asked for again."""

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import click

from idp.cli.command import CommandFailed
from idp.settings import Mistake

# What would be wrong if these answers were taken.
Judge = Callable[[dict[str, Any]], Sequence[Mistake]]


@dataclass(frozen=True, slots=True)
class Question:
    """One question; `key` is what its answer is kept as, `path` how a mistake in it is called."""

    key: str
    words: str
    path: str
    default: str = ""
    is_many: bool = False
    may_be_empty: bool = False
    is_hidden: bool = False


def is_terminal() -> bool:
    """Answer whether a person can be asked."""
    return sys.stdin.isatty()


def ask(question: Question, answers: dict[str, Any], judge: Judge) -> None:
    """Ask until the answer is right by `judge`, and put it into `answers`."""
    while True:
        answers[question.key] = _answer(question)
        mistakes = [one for one in judge(answers) if is_about(one, question.path)]
        if not mistakes:
            return
        for one in mistakes:
            click.echo(f"  It {one.message}.{f' {one.hint}' if one.hint else ''}", err=True)


def is_about(mistake: Mistake, path: str) -> bool:
    """Answer whether a mistake is in the key `path` or in something inside it."""
    return mistake.path == path or mistake.path.startswith((f"{path}.", f"{path}["))


def password_from_stdin() -> str:
    """Return the first line of standard input. Raises CommandFailed for none."""
    line = sys.stdin.buffer.readline().removesuffix(b"\n").removesuffix(b"\r")
    if not line:
        raise CommandFailed("There is no password on standard input.")
    try:
        return line.decode()
    except UnicodeDecodeError as error:
        raise CommandFailed("The password on standard input is not UTF-8.") from error


def _answer(question: Question) -> Any:
    if question.is_many:
        return _many(question)
    default = question.default or ("" if question.may_be_empty else None)
    answer: str = click.prompt(
        question.words,
        default=default,
        show_default=bool(default),
        hide_input=question.is_hidden,
        err=True,
    )
    return answer.strip()


def _many(question: Question) -> list[str]:
    answers: list[str] = []
    while True:
        more = " (empty: no more)" if answers or question.may_be_empty else ""
        default = "" if more else None
        words = f"{question.words}{more}"
        answer = str(click.prompt(words, default=default, show_default=False, err=True)).strip()
        if not answer:
            return answers
        answers.append(answer)
