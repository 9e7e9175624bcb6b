"""Makes a function for asyncio of one that waits."""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
import functools
import itertools
from typing import Any, AsyncGenerator, AsyncIterator, Callable, Coroutine, Generator, ParamSpec, TypeVar

from deployfile._cancel import cancellable
from deployfile._server import Opened

P = ParamSpec("P")
T = TypeVar("T")
O = TypeVar("O", bound=Opened)


def twin(function: Callable[P, T]) -> Callable[P, Coroutine[Any, Any, T]]:
    """Return a function that runs another in a thread, and interrupts it if it is cancelled.

    Examples
    --------
    >>> asyncio.run(twin(len)([1, 2]))
    2
    """

    @functools.wraps(function)
    async def run(*args: P.args, **kwargs: P.kwargs) -> T:
        context = contextvars.copy_context()
        flag = context.run(cancellable)
        _in_loop(kwargs)
        call = functools.partial(context.run, functools.partial(function, *args, **kwargs))
        work = asyncio.get_running_loop().run_in_executor(None, call)
        try:
            return await asyncio.shield(work)
        except asyncio.CancelledError:
            flag.set()
            made = await _ended(work)
            if isinstance(made, Opened):
                made.close()
            raise

    return run


def context(function: Callable[P, O]) -> Callable[P, contextlib.AbstractAsyncContextManager[O]]:
    """Return the twin of a function that returns a context."""

    @functools.wraps(function)
    @contextlib.asynccontextmanager
    async def run(*args: P.args, **kwargs: P.kwargs) -> AsyncIterator[O]:
        opened = await twin(function)(*args, **kwargs)
        try:
            yield opened
        finally:
            await _ended(asyncio.get_running_loop().run_in_executor(None, opened.close))

    return run


def iterator(function: Callable[P, Generator[T, None, None]]) -> Callable[P, AsyncGenerator[T, None]]:
    """Return the twin of a function that yields."""

    @functools.wraps(function)
    async def run(*args: P.args, **kwargs: P.kwargs) -> AsyncGenerator[T, None]:
        _in_loop(kwargs)
        items = function(*args, **kwargs)
        try:
            while True:
                some = await twin(_next)(items)
                if not some:
                    return
                yield some[0]
        finally:
            await _ended(asyncio.get_running_loop().run_in_executor(None, items.close))

    return run


def _next(items: Generator[T, None, None]) -> list[T]:
    """Return the next item, or none at the end."""
    return list(itertools.islice(items, 1))


def _in_loop(kwargs: dict[str, Any]) -> None:
    """Have on_event called in the thread of the loop."""
    given = kwargs.get("on_event")
    if given is not None:
        kwargs["on_event"] = functools.partial(asyncio.get_running_loop().call_soon_threadsafe, given)


async def _ended(work: asyncio.Future[Any]) -> Any:
    """Wait for a thread, however often the task is cancelled, and return what it made."""
    while not work.done():
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.wait([work])
    return None if work.exception() is not None else work.result()
