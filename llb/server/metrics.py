"""Metrics of one process in Prometheus' text format.

prometheus_client would be the library for this. It is no package of the model's, and this
needs three of its types.
"""

import bisect
import os
import time

PATH = "/metrics"
# Any other path is counted as one, so that clients cannot make new series.
PATHS = ("/invocations", "/ping", "/health", "/version", "/livez")
# Below /v2 by their last part: the rest are names.
V2 = ("infer", "ready", "live")
SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)


class Metrics:
    def __init__(self, app, model):
        self.app, self.model = app, model
        self.now, self.started = 0, time.time()
        # By path and status; by path, the counts of each bucket, and the sum.
        self.requests, self.buckets, self.sums = {}, {}, {}

    async def __call__(self, scope, receive, send):
        if scope["type"] != "http":
            return await self.app(scope, receive, send)
        if scope["path"] == PATH:
            return await self.answer(send)
        path = counted(scope["path"])
        status = 500

        async def sent(message):
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)
        start = time.perf_counter()
        self.now += 1
        try:
            await self.app(scope, receive, sent)
        finally:
            self.now -= 1
            self.count(path, status, time.perf_counter() - start)

    def count(self, path, status, seconds):
        self.requests[path, status] = self.requests.get((path, status), 0) + 1
        buckets = self.buckets.setdefault(path, [0] * (len(SECONDS) + 1))
        buckets[bisect.bisect_left(SECONDS, seconds)] += 1
        self.sums[path] = self.sums.get(path, 0) + seconds

    async def answer(self, send):
        body = "".join(self.text()).encode()
        await send({"type": "http.response.start", "status": 200, "headers": [
            (b"content-length", str(len(body)).encode()), (b"content-type", b"text/plain; version=0.0.4; charset=utf-8")]})
        await send({"type": "http.response.body", "body": body})

    def text(self):
        yield head("deployfile_model_info", "gauge", "The model that is served.")
        yield sample("deployfile_model_info", 1, **self.model)
        yield head("deployfile_requests_total", "counter", "Requests that were answered.")
        for (path, status), n in sorted(self.requests.items()):
            yield sample("deployfile_requests_total", n, path=path, status=status)
        yield head("deployfile_requests_in_flight", "gauge", "Requests that are being answered.")
        yield sample("deployfile_requests_in_flight", self.now)
        yield head("deployfile_request_seconds", "histogram", "How long requests took.")
        for path, buckets in sorted(self.buckets.items()):
            total = 0
            for most, n in zip((*SECONDS, "+Inf"), buckets):
                total += n
                yield sample("deployfile_request_seconds_bucket", total, path=path, le=most)
            yield sample("deployfile_request_seconds_sum", self.sums[path], path=path)
            yield sample("deployfile_request_seconds_count", total, path=path)
        times = os.times()
        for name, kind, about, value in (
                ("process_cpu_seconds_total", "counter", "CPU time of the server.", times.user + times.system),
                ("process_start_time_seconds", "gauge", "When the model was loaded.", self.started),
                ("process_resident_memory_bytes", "gauge", "Memory of the server.", resident())):
            yield head(name, kind, about)
            yield sample(name, value)


def counted(path):
    if path.startswith("/v2/") and (last := path.rstrip("/").rsplit("/", 1)[1]) in V2:
        return "/v2/" + last
    return path if path in PATHS else "other"


def head(name, kind, about):
    return f"# HELP {name} {about}\n# TYPE {name} {kind}\n"


def sample(metric, value, /, **labels):
    inside = ",".join('%s="%s"' % (k, str(v).replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")) for k, v in labels.items())
    return f"{metric}{{{inside}}} {value}\n" if inside else f"{metric} {value}\n"


def resident():
    with open("/proc/self/statm") as f:
        return int(f.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
