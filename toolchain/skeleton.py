"""Makes an empty virtual environment below /out: skeleton.py VENV PYTHON VERSION."""

import os
import sys

EPOCH = int(os.environ["SOURCE_DATE_EPOCH"])


def main():
    venv, python, version = sys.argv[1:]
    folder = "/out" + venv
    os.makedirs(folder + "/bin")
    with open(folder + "/pyvenv.cfg", "w") as f:
        f.write(f"home = {os.path.dirname(python)}\ninclude-system-site-packages = false\nversion = {version}\n")
    os.symlink(python, folder + "/bin/python")
    for name in ("python3", "python" + version):
        os.symlink("python", f"{folder}/bin/{name}")
    for place, folders, files in os.walk("/out", topdown=False):
        for name in files:
            os.utime(os.path.join(place, name), (EPOCH, EPOCH), follow_symlinks=False)
        os.chmod(place, 0o755)
        os.utime(place, (EPOCH, EPOCH))


main()
