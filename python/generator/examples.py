"""An example for each function. Those that need a builder, a registry or a target are not run."""

from __future__ import annotations


def _not_run(*lines: str) -> list[str]:
    return [line + "  # doctest: +SKIP" if line.startswith(">>>") else line for line in lines]


EXAMPLES: dict[str, list[str]] = {
    "add": ['>>> add("scipy>=1.11").changed', "True"],
    "build": _not_run('>>> build(tag="iris:1", load=True).digest', "'sha256:…'"),
    "builder_prune": _not_run(">>> builder_prune(all=True)"),
    "builder_status": [">>> builder_status().running in (True, False)", "True"],
    "builder_stop": _not_run(">>> builder_stop().stopped", "True"),
    "check": [">>> [finding.rule for finding in check()]", "['unlocked-build']"],
    "delete": _not_run('>>> delete("prod", dry_run=True)'),
    "deploy": _not_run('>>> deploy("prod", timeout=300)[0].url'),
    "diff": _not_run('>>> diff("iris@sha256:…", ".")'),
    "diff_targets": _not_run('>>> [target.different for target in diff_targets(target="prod")]'),
    "eject": _not_run('>>> eject("ejected").directory', "'ejected'"),
    "env": _not_run('>>> env("env").directory', "'env'"),
    "follow_logs": _not_run('>>> for line in follow_logs("prod"):', "...     print(line)"),
    "init": ['>>> init("model", force=True).source', "'model'"],
    "inspect": _not_run('>>> inspect("prod").facts'),
    "list": _not_run('>>> [revision.number for revision in list("prod")]'),
    "lock": _not_run('>>> lock(upgrade=["scikit-learn"])'),
    "logs": _not_run('>>> print(logs("prod", tail=10))'),
    "model_inspect": _not_run('>>> model_inspect("registry.example/iris:1").digest'),
    "model_pull": _not_run('>>> model_pull("registry.example/iris:1", "model")'),
    "model_push": _not_run('>>> model_push("registry.example/iris:1", "model").digest'),
    "open": _not_run('>>> with open("prod") as endpoint:', "...     print(endpoint.url)"),
    "plan": _not_run(">>> plan()[0]"),
    "plan_graph": _not_run(">>> plan_graph()"),
    "plan_page": _not_run(">>> plan_page()"),
    "plan_sizes": _not_run(">>> plan_sizes()[0]"),
    "predict": _not_run('>>> predict([[5.1, 3.5, 1.4, 0.2]])', "{'predictions': [0]}"),
    "predict_batch": _not_run('>>> predict_batch("rows.csv", "answers.csv", target="prod")'),
    "promote": _not_run('>>> promote("prod")'),
    "remove": ['>>> remove("scipy").changed', "True"],
    "render": [
        ">>> from deployfile.file import Deployfile, Kubernetes, Model",
        '>>> file = Deployfile(Model("model"), targets={"prod": Kubernetes(namespace="ml")})',
        '>>> image = "registry.example/iris@sha256:" + 64 * "0"',
        '>>> print(render("prod", file=file, image=image))  # doctest: +ELLIPSIS',
        "apiVersion: apps/v1",
        "kind: Deployment",
        "...",
    ],
    "rollback": _not_run('>>> rollback("prod", to=3)'),
    "run": _not_run('>>> with run(port=9000) as server:', "...     server.predict([[5.1, 3.5, 1.4, 0.2]])"),
    "sbom": _not_run('>>> sbom(format="cyclonedx")["bomFormat"]', "'CycloneDX'"),
    "schema": ['>>> schema(of="build")["title"]', "'deployfile build --json'"],
    "status": _not_run(">>> [target.ready for target in status()]"),
    "verify": _not_run('>>> verify("registry.example/iris:1").same'),
    "version": [">>> version().platform  # doctest: +ELLIPSIS", "'...'"],
}
