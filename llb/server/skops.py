"""Tables of trusted types that skops makes for models that need them."""


class Later(list):
    """A list that is made when it is first looked at."""

    def __init__(self, make):
        super().__init__()
        self.__make = make

    def __made(self):
        if self.__make:
            # In place at once, for whoever asks meanwhile.
            self[:] = self.__make()
            self.__make = None
        return self


def looking(name):
    def method(self, *args):
        self._Later__made()
        return getattr(super(Later, self), name)(*(a._Later__made() if isinstance(a, Later) else a for a in args))
    return method


for name in ("__add__", "__contains__", "__eq__", "__ge__", "__getitem__", "__gt__", "__iter__", "__le__", "__len__", "__lt__", "__mul__", "__ne__",
             "__repr__", "__reversed__", "__rmul__", "copy", "count", "index"):
    setattr(Later, name, looking(name))
Later.__radd__ = lambda self, other: other + list(self)
Later.__hash__ = None
Later.__bool__ = lambda self: len(self) > 0


def change(module):
    """Makes the tables of NumPy's and SciPy's functions when a model has a function. For
    each of their 700 names skops looks through all modules."""
    make = module.get_public_type_names
    module.get_public_type_names = lambda *args, **kwargs: Later(lambda: make(*args, **kwargs))
