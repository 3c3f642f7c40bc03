"""A starting line: many threads try the same thing at once, round after round."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier, BrokenBarrierError
from typing import TypeVar

from idp.model.errors import AlreadySpent

THREADS = 20
ROUNDS = 60

Answer = TypeVar("Answer")


def race(attempt: Callable[[int], Answer | None]) -> list[list[Answer]]:
    """Let all threads call `attempt(round)` at once; return each round's answers.

    A loser answers None or AlreadySpent and is left out; any other error fails the test.
    """
    start = Barrier(THREADS, timeout=30)

    def run() -> list[Answer | None]:
        answers: list[Answer | None] = []
        for number in range(ROUNDS):
            start.wait()
            try:
                answers.append(attempt(number))
            except AlreadySpent:
                answers.append(None)
        return answers

    def guarded() -> list[Answer | None]:
        try:
            return run()
        except BaseException:
            start.abort()  # or the others would wait for us
            raise

    with ThreadPoolExecutor(THREADS) as pool:
        futures = [pool.submit(guarded) for _ in range(THREADS)]
    # What broke the barrier is told before those who only waited at it.
    futures.sort(key=lambda future: isinstance(future.exception(), BrokenBarrierError))
    runs = [future.result() for future in futures]
    return [
        [answer for answers in runs if (answer := answers[number]) is not None]
        for number in range(ROUNDS)
    ]
