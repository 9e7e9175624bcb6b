"""What the server starts without, and why it may.

Each entry holds for the versions of a package with which it was tested; with any other,
everything is imported as always. DEPLOYFILE_LEAN_START=0 in the environment turns all of it
off.
"""

import contextlib
import functools
import gc
import os
import re
import sys

from . import deferred, skops

# Deferred modules: their names, the package and its versions, from the first to before
# the second.
#
# scipy.stats: half of what scikit-learn's import takes. Of it scikit-learn needs some
# functions, in methods that fit or score.
# mlflow.genai: evaluation, judges and prompts. MLflow imports it to have its name.
DEFERRED = (
    (("scipy.stats", "scipy.stats.mstats"), "scipy", (1, 9), (1, 18)),
    (("mlflow.genai",), "mlflow", (3, 1), (3, 18)),
)

# Modules of scikit-learn that import a function from scipy.stats when they are imported,
# and call it later.
IMPORTERS = (
    ("sklearn._loss.link", "scipy.stats", "gmean"),
    ("sklearn.covariance._robust_covariance", "scipy.stats", "chi2"),
    ("sklearn.inspection._partial_dependence", "scipy.stats.mstats", "mquantiles"),
    ("sklearn.inspection._plot.partial_dependence", "scipy.stats.mstats", "mquantiles"),
    ("sklearn.isotonic", "scipy.stats", "spearmanr"),
    ("sklearn.metrics._ranking", "scipy.stats", "rankdata"),
    ("sklearn.model_selection._search", "scipy.stats", "rankdata"),
)

# Changed modules: the name, what changes it, the package and its versions.
#
# skops.io._utils: see skops.py.
CHANGED = (("skops.io._utils", skops.change, "skops", (0, 11), (0, 17)),)


def wanted():
    return os.environ.get("DEPLOYFILE_LEAN_START", "1") not in ("0", "false")


def installed(path):
    """The versions of the packages that are installed, by their names. Of several, it is
    the one that is imported."""
    versions = {}
    for directory in path:
        try:
            names = os.listdir(directory or ".")
        except OSError:
            continue
        for entry in names:
            if found := re.match(r"([^-]+)-(\d+)\.(\d+)[^-]*\.dist-info$", entry):
                name = found.group(1).lower().replace("_", "-")
                versions.setdefault(name, (int(found.group(2)), int(found.group(3))))
    if "mlflow-skinny" in versions:
        versions.setdefault("mlflow", versions["mlflow-skinny"])
    return versions


def loaders(versions):
    """What makes the loader of each module that is loaded otherwise."""
    found = {}
    for names, package, first, end in DEFERRED:
        if first <= versions.get(package, ()) < end:
            found.update((name, deferred.Deferring) for name in names)
    for name, change, package, first, end in CHANGED:
        if first <= versions.get(package, ()) < end:
            found[name] = functools.partial(deferred.Changing, change=change)
    return found


@contextlib.contextmanager
def start():
    """While the server and its model are imported and loaded."""
    if not wanted():
        yield
        return
    versions = installed(sys.path)
    sys.meta_path.insert(0, deferred.Finder(loaders(versions)))
    if (1, 2) <= versions.get("scikit-learn", ()) < (1, 10):
        deferred.importers.update(IMPORTERS)
    # Importing makes millions of objects that stay, and no garbage worth looking for.
    collects = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collects:
            gc.freeze()
            gc.enable()
