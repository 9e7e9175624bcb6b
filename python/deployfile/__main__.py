"""python -m deployfile: the program, with the same arguments."""

import os
import subprocess
import sys

from deployfile._program import find_program


def main() -> None:
    program = find_program()
    if os.name != "nt":
        os.execv(program, [program, *sys.argv[1:]])
    try:
        sys.exit(subprocess.run([program, *sys.argv[1:]], check=False).returncode)
    except KeyboardInterrupt:
        sys.exit(130)


if __name__ == "__main__":
    main()
