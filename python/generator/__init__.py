"""Makes modules of deployfile from JSON; no part of the wheel."""
