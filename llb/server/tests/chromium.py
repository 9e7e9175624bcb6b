"""Headless Chromium, by its DevTools protocol.

Playwright would be the library for this. It brings 190 MB, and these tests need five of its
calls.
"""

import itertools
import json
import subprocess
import tempfile
import time
import urllib.request

import websocket

# What a page must not do is also counted where only the browser sees it.
LISTEN = ("Page.enable", "Runtime.enable", "Network.enable", "Log.enable")


class Chromium:
    """A page of its own, while it is entered. events has all that the browser says."""

    def __enter__(self):
        self.directory = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        self.process = subprocess.Popen(
            ["chromium-headless-shell", "--no-sandbox", "--disable-gpu", "--remote-debugging-port=0", "--remote-allow-origins=*", "--no-proxy-server",
             "--user-data-dir=" + self.directory.name, "about:blank"], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        for line in self.process.stderr:
            if "DevTools listening on" in line:
                port = line.split(":")[-1].split("/")[0]
                break
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(f"http://127.0.0.1:{port}/json") as f:
            page = next(target for target in json.load(f) if target["type"] == "page")
        self.socket = websocket.create_connection(page["webSocketDebuggerUrl"], timeout=60, http_no_proxy=["*"])
        self.numbers, self.events = itertools.count(1), []
        for method in LISTEN:
            self.call(method)
        return self

    def __exit__(self, *_):
        self.socket.close()
        self.process.kill()
        self.process.wait()
        self.process.stderr.close()
        self.directory.cleanup()

    def call(self, method, **params):
        number = next(self.numbers)
        self.socket.send(json.dumps({"id": number, "method": method, "params": params}))
        while True:
            message = json.loads(self.socket.recv())
            if message.get("id") == number:
                if "error" in message:
                    raise AssertionError(f"{method}: {message['error']}")
                return message["result"]
            self.events.append(message)

    def run(self, script):
        """The value of an expression in the page."""
        found = self.call("Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True)
        if "exceptionDetails" in found:
            raise AssertionError(found["exceptionDetails"])
        return found["result"].get("value")

    def wait(self, script, seconds=30):
        """Waits until an expression is true."""
        deadline = time.monotonic() + seconds
        while not self.run(script):
            if time.monotonic() > deadline:
                raise AssertionError(f"not so after {seconds} s: {script}\n" + self.run("document.body.innerText"))
            time.sleep(0.05)

    def open(self, address):
        self.call("Page.navigate", url=address)
        self.wait("document.readyState === 'complete' && location.href !== 'about:blank'")

    def press(self, key, code, text="", modifiers=0):
        for kind in ("keyDown", "keyUp"):
            self.call("Input.dispatchKeyEvent", type=kind, key=key, code=key, windowsVirtualKeyCode=code, modifiers=modifiers, **({"text": text} if kind == "keyDown" and text else {}))

    def of(self, method):
        return [event["params"] for event in self.events if event.get("method") == method]
