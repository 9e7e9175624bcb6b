"""Makes an environment without a package, and one that has pip: ENVIRONMENT FINAL
PIP. The first is moved to FINAL, which its files name already."""

import os
import sys
import venv


class Environment(venv.EnvBuilder):
    def setup_scripts(self, context):
        context.env_dir = final
        super().setup_scripts(context)


environment, final, pip = sys.argv[1:]
Environment(symlinks=True, prompt=os.path.basename(final)).create(environment)
config = os.path.join(environment, "pyvenv.cfg")
with open(config) as f:
    text = f.read()
with open(config, "w") as f:
    f.write(text.replace(environment, final))
try:
    import ensurepip  # noqa: F401
except ImportError:
    sys.exit(f"this Python has no ensurepip, which brings pip: install uv, or on Debian python{sys.version_info[0]}.{sys.version_info[1]}-venv")
venv.create(pip, symlinks=True, with_pip=True)
