"""What runs until it is left: the server of deployfile run, and the tunnel of deployfile open."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from types import TracebackType
from typing import IO, Any, Self, Sequence

from deployfile._call import FileOrPath, document
from deployfile._data import request
from deployfile._run import OnEvent, Run

#: The largest answer of a model, in bytes: as of deployfile predict.
MAX_ANSWER = 256 << 20


class _Stay(urllib.request.HTTPRedirectHandler):
    """Follows no redirect: a model's server would send this process to places that the model
    itself cannot reach."""

    def redirect_request(self, *_: Any, **__: Any) -> None:
        return None


class Opened:
    """A URL that answers until the context is left.

    Attributes
    ----------
    url : str
        Where it is.
    """

    def __init__(self, command: Sequence[str], on_event: OnEvent = None, file: FileOrPath | None = None) -> None:
        self._run = Run(command, on_event, document(file))
        try:
            while not self._run.results and self._run.step():
                self._run.pause()
            if not self._run.results:
                self._run.wait()
        except BaseException:
            self._run.close()
            raise
        self.url: str = self._run.results[0]["url"]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def wait(self) -> None:
        """Wait until it ends by itself; a Ctrl-C ends it."""
        self._run.wait()

    def close(self) -> None:
        """End what answers, and wait for it."""
        self._run.close()


class Server(Opened):
    """A model that is served on this machine until the context is left."""

    def predict(self, data: Any, *, content_type: str = "application/json") -> Any:
        """Return the model's answer.

        Parameters
        ----------
        data : object
            A DataFrame, an array, a list, or a dict of MLflow's scoring protocol.
        content_type : str, optional
            What the request is, if not JSON.

        Returns
        -------
        object
            The answer, decoded.

        Raises
        ------
        ValueError
            If the server refuses the request; it has what the server says. Also if the answer
            is larger than 256 MiB.
        """
        asked = urllib.request.Request(f"{self.url}/invocations", request(data), {"Content-Type": content_type})
        # The server is on this machine, whatever proxies there are.
        direct = urllib.request.build_opener(urllib.request.ProxyHandler({}), _Stay)
        try:
            with direct.open(asked) as answer:
                return json.loads(_bounded(answer))
        except urllib.error.HTTPError as refused:
            text = _bounded(refused).decode(errors="replace")
            # Whoever shows the error may do so on a terminal.
            plain = "".join(c if c.isprintable() or c == "\n" else "\ufffd" for c in text)
            raise ValueError(f"the server answers {refused.code}: {plain}") from None


def _bounded(answer: IO[bytes]) -> bytes:
    """Read an answer that is not too large."""
    data = answer.read(MAX_ANSWER + 1)
    if len(data) > MAX_ANSWER:
        raise ValueError(f"the server's answer is larger than {MAX_ANSWER >> 20} MiB")
    return data
