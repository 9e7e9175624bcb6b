import asyncio
import json
import os
import pathlib
import signal
import socket
import tempfile
import threading
import time
import unittest

from deployfile_server import front

from .laid import EXAMPLES, Server

JSON = {"Content-Type": "application/json"}
IRIS = EXAMPLES / "iris" / "model"
MODEL = """
import time
from mlflow.pyfunc.model import PythonModel
from mlflow.models import set_model
class Slow(PythonModel):
    def predict(self, context, model_input, params=None):
        time.sleep(float(model_input.iloc[0, 0]))
        return [1]
set_model(Slow())
"""


def slow(seconds):
    return json.dumps({"dataframe_split": {"columns": ["x"], "data": [[seconds]]}}).encode()


class TestFront(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        directory = tempfile.TemporaryDirectory()
        cls.addClassCleanup(directory.cleanup)
        cls.model = pathlib.Path(directory.name) / "model"
        cls.model.mkdir()
        (cls.model / "slow.py").write_text(MODEL)
        (cls.model / "MLmodel").write_text(
            "flavors:\n  python_function:\n    loader_module: mlflow.pyfunc.model\n    model_code_path: slow.py\n    python_version: 3.11.7\n"
            "    streamable: false\n")

    def later(self, server, *request):
        """An answer that is waited for in a thread."""
        found = []
        thread = threading.Thread(target=lambda: found.append(server.ask(*request)))
        thread.start()
        return lambda: (thread.join(), found[0])[1]

    def test_concurrency(self):
        with Server(self.model, **{"max-concurrency": 2}) as server:
            busy = [self.later(server, "POST", "/invocations", slow(2), JSON) for _ in range(2)]
            time.sleep(1)
            status, headers, body = server.ask("POST", "/invocations", slow(0), JSON)
            self.assertEqual((503, "1"), (status, headers["retry-after"]))
            self.assertEqual("TEMPORARILY_UNAVAILABLE", json.loads(body)["error_code"])
            self.assertEqual(200, server.ask("GET", "/ping")[0])
            self.assertEqual([200, 200], [answer()[0] for answer in busy])
            self.assertEqual(200, server.ask("POST", "/invocations", slow(0), JSON)[0])
            # Errors give back their place.
            for _ in range(3):
                self.assertEqual(400, server.ask("POST", "/invocations", b"{", JSON)[0])

    def test_body(self):
        with Server(self.model, **{"max-body": 1000}) as server:
            self.assertEqual(200, server.ask("POST", "/invocations", slow(0), JSON)[0])
            fits = slow(0).ljust(1000)
            self.assertEqual(200, server.ask("POST", "/invocations", fits, JSON)[0])
            for body in (fits + b" ", b" " * 200000):
                status, _, text = server.ask("POST", "/invocations", body, JSON)
                self.assertEqual(413, status)
                self.assertIn("1000 bytes", json.loads(text)["message"])
            for body, want in ((fits, b" 200 "), (fits + b" ", b" 413 ")):
                self.assertIn(want, self.chunked(server, body))
                # The server takes the chunks, and lets the length through.
                self.assertIn(want, self.chunked(server, body, b"Content-Length: 1\r\n"))

    def test_slow_bodies(self):
        """Clients that do not send their bodies keep nobody from being scored."""
        with Server(self.model, {"MLFLOW_SCORING_SERVER_REQUEST_TIMEOUT": "3"}, **{"max-concurrency": 2, "max-body": 1000}) as server:
            waiting = [socket.create_connection(("127.0.0.1", server.port)) for _ in range(6)]
            for n, s in enumerate(waiting):
                s.sendall(b"POST /invocations HTTP/1.1\r\nHost: x\r\n%s\r\n\r\n%s" % (
                    (b"Content-Length: 50", b"{") if n % 2 else (b"Transfer-Encoding: chunked", b"1\r\n{\r\n")))
            time.sleep(0.5)
            self.assertEqual(200, server.ask("POST", "/invocations", slow(0), JSON)[0])
            for s in waiting:
                s.settimeout(10)
                self.assertIn(b" 408 ", s.recv(65536).split(b"\r\n")[0])
                s.close()

    def chunked(self, server, body, more=b""):
        with socket.create_connection(("127.0.0.1", server.port)) as s:
            s.sendall(b"POST /invocations HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n" + more + b"Transfer-Encoding: chunked\r\n\r\n")
            for n in range(0, len(body), 100):
                s.sendall(b"%x\r\n%s\r\n" % (len(body[n:n + 100]), body[n:n + 100]))
            s.sendall(b"0\r\n\r\n")
            return s.recv(65536).split(b"\r\n")[0]

    def test_drain(self):
        with Server(self.model, **{"drain-seconds": 2}) as server:
            busy = self.later(server, "POST", "/invocations", slow(4), JSON)
            time.sleep(0.5)
            os.kill(server.process.pid, signal.SIGTERM)
            time.sleep(0.5)
            for path in ("/ping", "/health"):
                self.assertEqual(503, server.ask("GET", path)[0])
            self.assertEqual(200, server.ask("GET", "/livez")[0])
            self.assertEqual(200, server.ask("GET", "/version")[0])
            self.assertEqual(200, server.ask("POST", "/invocations", slow(0), JSON)[0])
            time.sleep(2)
            with self.assertRaises(OSError):
                server.ask("GET", "/ping")
            self.assertEqual(200, busy()[0])
            server.process.wait(timeout=10)

    def test_signalled_twice(self):
        with Server(self.model, **{"drain-seconds": 600}) as server:
            os.kill(server.process.pid, signal.SIGTERM)
            time.sleep(0.5)
            self.assertEqual(503, server.ask("GET", "/ping")[0])
            os.kill(server.process.pid, signal.SIGTERM)
            server.process.wait(timeout=10)

    def test_workers_drain(self):
        with Server(self.model, workers=2, **{"drain-seconds": 2}) as server:
            os.kill(server.process.pid, signal.SIGTERM)
            time.sleep(0.7)
            self.assertEqual(503, server.ask("GET", "/ping")[0])
            server.process.wait(timeout=30)

    def test_broken_off(self):
        """A client that goes away while its body is read."""
        async def app(*_):
            raise AssertionError("called")

        async def gone():
            return {"type": "http.disconnect"}
        asyncio.run(front.Scoring(app, 1, None, 60)({"type": "http", "path": "/invocations", "headers": []}, gone, None))


if __name__ == "__main__":
    unittest.main()
