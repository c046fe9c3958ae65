"""Evaluate the expressions that GX allows in a suite parameter, such as `now() - timedelta(days=7)` or `rows * 0.9`.

Great Expectations is not needed. The grammar and the results are those of GX's own evaluator. As in GX, a sign belongs
to the number after it, so `-2 ^ 2` is 4. `now()` is the local time of the machine, without a time zone.

This evaluator is stricter than GX in two cases. A name that is not a parameter is an error, whereas GX tries to read
the name as a date. A text that is not in ISO form is not a date.
"""

from __future__ import annotations

import math
import operator
import re
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

_TOKEN = re.compile(
    r"\s*(?:(?P<number>(?:\d+|\.\d+)(?:\.\d+)?(?:[eE][+-]?\d+)?)|(?P<name>[A-Za-z][A-Za-z0-9_$]*)|(?P<symbol>[-+*/^(),=]))"
)
_OPERATORS: Mapping[str, Callable[[Any, Any], Any]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
    "^": lambda base, exponent: (float(base) if exponent > _MAX_EXACT_EXPONENT else base) ** exponent,
}
_FUNCTIONS: Mapping[str, Callable[..., Any]] = {
    "sin": math.sin,
    "cos": math.cos,
    "tan": math.tan,
    "exp": math.exp,
    "abs": abs,
    "trunc": int,
    "round": round,
    "sgn": lambda number: -1 if number < -_ALMOST_ZERO else 1 if number > _ALMOST_ZERO else 0,
    "now": lambda: datetime.now(),
    "datetime": datetime,
    "timedelta": timedelta,
}
_CONSTANTS = {"PI": math.pi, "E": math.e}
_ALMOST_ZERO = 1e-12
_MAX_EXACT_EXPONENT = 1000  # with a larger exponent, a whole number could take minutes


class MissingParameterError(LookupError):
    """An expression names a parameter that has no value. `name` is the name of the parameter."""

    def __init__(self, name: str) -> None:
        self.name = name
        super().__init__(name)


def evaluate(expression: str, parameters: Mapping[str, Any]) -> Any:
    """Evaluate the text of a suite parameter.

    If the text is only the name of a parameter, the value of the parameter is returned unchanged, for example a list.
    Otherwise the result is a number, or a date and time as ISO text.

    Raises:
        MissingParameterError: The expression names a parameter that has no value.
        ValueError: The text is not a valid expression, or the expression has no result.
    """
    parser = _Parser(expression, parameters)
    if len(parser.tokens) == 1 and parser.tokens[0][0] == "name":
        return parser.value_of(parser.tokens[0][1])
    try:
        result = parser.parse()
    except (ArithmeticError, RecursionError, TypeError, ValueError) as error:
        raise ValueError(f"the expression {expression[:100]!r} cannot be evaluated: {error}") from error
    if isinstance(result, datetime):
        return result.isoformat()
    if isinstance(result, bool) or not isinstance(result, (int, float)):
        raise ValueError(f"the expression {expression!r} is {result!r}, expected a number or a date and time")
    if not math.isfinite(result):
        raise ValueError(f"the expression {expression!r} is {result!r}, expected a finite number")
    return result


def names_in(expression: str) -> set[str]:
    """Return the names of the parameters in an expression.

    Raises:
        ValueError: The text has a character that no expression has.
    """
    tokens = _tokenize(expression)
    followers = [*(text for _, text in tokens[1:]), ""]
    names = {
        _canonical(text)
        for (kind, text), follower in zip(tokens, followers, strict=True)
        if kind == "name" and follower not in ("(", "=")
    }
    return names if len(tokens) == 1 else names - set(_CONSTANTS)


def _tokenize(expression: str) -> list[tuple[str, str]]:
    tokens, position = [], 0
    text = expression.rstrip()
    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None:
            raise ValueError(f"{text[position:].strip()!r} in {expression!r} is not part of a valid expression")
        tokens.append((str(match.lastgroup), match[str(match.lastgroup)]))
        position = match.end()
    return tokens


def _canonical(name: str) -> str:
    """Return a name. As in GX, case does not matter in the names of the constants `PI` and `E`."""
    return name.upper() if name.upper() in _CONSTANTS else name


class _Parser:
    """Parses and evaluates an expression in one pass, with one method for each rule of GX's grammar."""

    def __init__(self, expression: str, parameters: Mapping[str, Any]) -> None:
        self.tokens = _tokenize(expression)
        self._parameters = parameters
        self._position = 0

    def parse(self) -> Any:
        result = self._sum()
        if self._position < len(self.tokens):
            raise ValueError(f"{self.tokens[self._position][1]!r} is not expected")
        return result

    def value_of(self, name: str) -> Any:
        name = _canonical(name)
        if name not in self._parameters:
            raise MissingParameterError(name)
        return self._parameters[name]

    def _sum(self) -> Any:
        return self._chain("+-", self._product)

    def _product(self) -> Any:
        return self._chain("*/", self._power)

    def _chain(self, symbols: str, operand: Callable[[], Any]) -> Any:
        result = operand()
        while symbol := self._take(symbols):
            result = _OPERATORS[symbol](result, operand())
        return result

    def _power(self) -> Any:
        base = self._signed()
        return _OPERATORS["^"](base, self._power()) if self._take("^") else base

    def _signed(self) -> Any:
        is_negative = False
        while self._take("-"):
            is_negative = not is_negative
        self._take("+")
        value = self._atom()
        return -value if is_negative else value

    def _atom(self) -> Any:
        if self._take("("):
            value = self._sum()
            self._require(")")
            return value
        kind, text = self._next()
        if kind == "number":
            return _to_operand(text)
        if kind != "name":
            raise ValueError(f"{text!r} is not expected" if text else "the expression ends too early")
        if self._take("("):
            return self._call(text)
        if _canonical(text) in _CONSTANTS and _canonical(text) not in self._parameters:
            return _CONSTANTS[_canonical(text)]
        return _to_operand(self.value_of(text))

    def _call(self, name: str) -> Any:
        if name not in _FUNCTIONS:
            raise ValueError(f"{name!r} is not a function. Use one of {sorted(_FUNCTIONS)}")
        arguments: list[Any] = []
        named_arguments: dict[str, Any] = {}
        while not self._take(")"):
            if arguments or named_arguments:
                self._require(",")
            if self._is_keyword():
                keyword = self._next()[1]
                self._require("=")
                named_arguments[keyword] = self._sum()
            else:
                arguments.append(self._sum())
        if arguments and named_arguments:
            raise ValueError(f"some arguments of {name!r} have a name. Name either all of its arguments or no argument")
        return _FUNCTIONS[name](*arguments, **named_arguments)

    def _is_keyword(self) -> bool:
        following = self.tokens[self._position : self._position + 2]
        return len(following) == 2 and following[0][0] == "name" and following[1][1] == "="

    def _next(self) -> tuple[str, str]:
        token = self.tokens[self._position] if self._position < len(self.tokens) else ("end", "")
        self._position += 1
        return token

    def _take(self, symbols: str) -> str:
        kind, text = self.tokens[self._position] if self._position < len(self.tokens) else ("end", "")
        if kind != "symbol" or text not in symbols:
            return ""
        self._position += 1
        return text

    def _require(self, symbol: str) -> None:
        if not self._take(symbol):
            raise ValueError(f"{symbol!r} is missing")


def _to_operand(value: Any) -> Any:
    """Convert a number or a text to an operand. As in GX, a text is a whole number, a number, or a date and time."""
    for convert in (int, float, datetime.fromisoformat):
        try:
            return convert(str(value))
        except ValueError:
            continue
    raise ValueError(f"{value!r} is neither a number nor a date in ISO form, such as '2024-12-31'")
