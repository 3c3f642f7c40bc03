"""What the tables have in common: each module of a plan is a test that is named after it."""

import inspect
import sys


def named_after(module: str) -> str:
    """Return the name of a module's test."""
    return "test_" + module.replace("-", "_").lower()


def names_of_tests(name: str) -> set[str]:
    """Return the names of the tests in the table with this `__name__`."""
    functions = inspect.getmembers(sys.modules[name], inspect.isfunction)
    return {function for function, _ in functions if function.startswith("test_")}
