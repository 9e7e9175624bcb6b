"""Several worker processes, of uvicorn."""

import sys

from uvicorn.main import STARTUP_FAILURE
from uvicorn.supervisors import Multiprocess


def watch():
    """Has the server end with an error if a worker has failed to start: uvicorn ends with 0
    then."""
    run = Multiprocess.run

    def checked(supervisor):
        run(supervisor)
        if any(getattr(process, "exitcode", 0) == STARTUP_FAILURE for process in supervisor.processes):
            sys.exit(STARTUP_FAILURE)
    Multiprocess.run = checked
