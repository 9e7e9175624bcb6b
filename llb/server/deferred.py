"""Modules whose bodies run when they are first asked for a name.

importlib.util.LazyLoader would be the library for this. It runs the body for any
attribute, the module's own metadata and what is looked for in every module too, and before
Python 3.12.4 it runs it twice if two threads ask at once.
"""

import importlib.machinery
import pkgutil
import sys
import threading
import types

# What Python itself has set of a module that has not run, and what libraries look for in
# all of sys.modules, such as warnings.
METADATA = frozenset((
    "__builtins__", "__cached__", "__class__", "__dict__", "__doc__", "__file__", "__loader__", "__name__", "__package__", "__path__",
    "__spec__", "__warningregistry__", "__wrapped__"))


class Body:
    """What is left to run of a deferred module."""

    def __init__(self, loader):
        self.loader, self.lock, self.runs = loader, threading.RLock(), False


# By the name of the module.
bodies = {}


class Deferred(types.ModuleType):
    def __getattr__(self, name):
        if name not in METADATA:
            if stand_in := stands_in(self.__name__, name):
                return stand_in
            if run(self):
                return getattr(self, name)
        raise AttributeError(f"module {self.__name__!r} has no attribute {name!r}")

    def __setattr__(self, name, value):
        # Importing a submodule binds it, and needs no more of its package.
        if name not in METADATA and not isinstance(value, types.ModuleType):
            run(self)
        types.ModuleType.__setattr__(self, name, value)

    def __dir__(self):
        run(self)
        return types.ModuleType.__dir__(self)


def run(module):
    """Runs the body of a module, unless it has run. Reports whether it has; it has not
    while this thread runs it, and the module has the names so far."""
    body = bodies[module.__name__]
    with body.lock:
        if type(module) is Deferred and not body.runs:
            body.runs = True
            try:
                body.loader.exec_module(module)
            finally:
                body.runs = False
            # From now on as fast as any other.
            module.__class__ = types.ModuleType
        return not body.runs


class StandIn:
    """Takes the place of a function until it is called."""

    def __init__(self, module, name):
        self.__module, self.__name = module, name

    def __real(self):
        return getattr(sys.modules[self.__module], self.__name)

    def __call__(self, *args, **kwargs):
        return self.__real()(*args, **kwargs)

    def __getattr__(self, name):
        return getattr(self.__real(), name)

    def __reduce__(self):
        return pkgutil.resolve_name, (f"{self.__module}:{self.__name}",)


# Who imports a name of a deferred module and does not use it at once: the importing
# module, the deferred one, the name.
importers = set()


def stands_in(module, name):
    """The stand-in for a name, if the module that asks may have one."""
    frame = sys._getframe(2)
    while frame and frame.f_code.co_filename.startswith("<frozen importlib"):
        frame = frame.f_back
    if frame and (frame.f_globals.get("__name__"), module, name) in importers:
        return StandIn(module, name)
    return None


class Deferring:
    """A loader that leaves the body for later."""

    def __init__(self, loader):
        self.loader = loader

    def create_module(self, spec):
        return Deferred(spec.name)

    def exec_module(self, module):
        module.__loader__ = module.__spec__.loader = self.loader
        bodies[module.__name__] = Body(self.loader)


class Changing:
    """A loader that changes a module after it has run."""

    def __init__(self, loader, change):
        self.loader, self.change = loader, change

    def create_module(self, spec):
        return self.loader.create_module(spec)

    def exec_module(self, module):
        module.__loader__ = module.__spec__.loader = self.loader
        self.loader.exec_module(module)
        self.change(module)


class Finder:
    """Finds modules as the others do, and has those in a list loaded otherwise."""

    def __init__(self, loaders):
        # By the name of the module, what makes a loader of its loader.
        self.loaders = loaders

    def find_spec(self, name, path=None, target=None):
        wrap = self.loaders.get(name)
        if wrap is None:
            return None
        for finder in sys.meta_path:
            if finder is not self and (spec := finder.find_spec(name, path, target)):
                # What is not a file of Python loads in its own way.
                if isinstance(spec.loader, importlib.machinery.SourceFileLoader):
                    spec.loader = wrap(spec.loader)
                return spec
        return None
