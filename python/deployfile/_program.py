"""Finds the program that the wheel installs."""

import os
import shutil
import sys
import sysconfig

NAME = "deployfile.exe" if os.name == "nt" else "deployfile"

# It fills its table at the first call, and a second thread would then see half of it.
sysconfig.get_config_vars()


def find_program() -> str:
    """Return the path of the program ``deployfile``.

    It is the one that ``DEPLOYFILE_PROGRAM`` names; else the one beside this package,
    wherever installers put scripts: in the environment, the user's own scheme, or beside
    the directory of ``pip install --target`` and ``--prefix``; else the one on ``PATH``.

    Returns
    -------
    str
        The path of a file.

    Raises
    ------
    FileNotFoundError
        If there is none.

    Examples
    --------
    >>> import os
    >>> os.path.isfile(find_program())
    True
    """
    chosen = os.environ.get("DEPLOYFILE_PROGRAM")
    if chosen:
        if not os.path.isfile(chosen):
            raise FileNotFoundError(f"DEPLOYFILE_PROGRAM names {chosen}, which is no file")
        return chosen
    package = os.path.dirname(os.path.abspath(__file__))
    above = os.path.dirname(package)
    scripts = os.path.basename(sysconfig.get_path("scripts"))
    places = [
        sysconfig.get_path("scripts"),
        sysconfig.get_path("scripts", vars={"base": sys.base_prefix}),
        # pip install --target has bin beside the packages, --prefix above lib/pythonX.Y.
        os.path.join(above, "bin"),
        os.path.join(os.path.dirname(os.path.dirname(os.path.dirname(above))), scripts),
        sysconfig.get_path("scripts", scheme=sysconfig.get_preferred_scheme("user")),
    ]
    for place in places:
        path = os.path.join(place, NAME)
        if os.path.isfile(path):
            return path
    found = shutil.which("deployfile")
    if found:
        return found
    raise FileNotFoundError(f"no {NAME} in {', '.join(places)}, nor on PATH: install the wheel again, or set DEPLOYFILE_PROGRAM")
