"""The server of deployfile run, as a context."""

from __future__ import annotations

import json
import os
import urllib.error
import urllib.request
from types import TracebackType
from typing import Any

from deployfile._api import Path
from deployfile._data import request
from deployfile._run import OnEvent, Run, flags


class Server:
    """A model that is served on this machine; leaving the context stops it."""

    def __init__(self, context: Path = ".", *, on_event: OnEvent = None, **options: Any) -> None:
        self._run = Run(["run", "--json", "--progress=quiet", *flags(**options), os.fspath(context)], on_event)
        try:
            while not self._run.results and self._run.step():
                self._run.pause()
            if not self._run.results:
                self._run.wait()
        except BaseException:
            self._run.close()
            raise
        self.url: str = self._run.results[0]["url"]

    def __enter__(self) -> Server:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._run.close()

    def predict(self, data: Any, *, content_type: str = "application/json") -> Any:
        """Return the model's answer to a DataFrame, array, list or dict.

        A ValueError has what the server says of a request that it refuses.
        """
        asked = urllib.request.Request(f"{self.url}/invocations", request(data), {"Content-Type": content_type})
        # The server is on this machine, whatever proxies there are.
        direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with direct.open(asked) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as refused:
            text = refused.read().decode(errors="replace")
            raise ValueError(f"the server answers {refused.code}: {text}") from None


def run(context: Path = ".", *, on_event: OnEvent = None, **options: Any) -> Server:
    """Build the image and serve the model on this machine: ``with run() as server: …``."""
    return Server(context, on_event=on_event, **options)
