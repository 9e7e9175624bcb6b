"""Validates an SBOM with the format's official validator: validate.py FILE.

*.spdx.json is SPDX (spdx-tools), *.cdx.json CycloneDX (cyclonedx-python-lib).
Prints what is wrong, a line each, and exits with 1 if anything is.
"""

import sys
from pathlib import Path


def spdx(path):
    from spdx_tools.spdx.parser.parse_anything import parse_file
    from spdx_tools.spdx.validation.document_validator import validate_full_spdx_document

    return [m.validation_message for m in validate_full_spdx_document(parse_file(path), "SPDX-2.3")]


def cyclonedx(path):
    from cyclonedx.schema import SchemaVersion
    from cyclonedx.validation.json import JsonStrictValidator

    wrong = JsonStrictValidator(SchemaVersion.V1_6).validate_str(Path(path).read_text(encoding="utf-8"))
    return [str(wrong)] if wrong else []


messages = (spdx if sys.argv[1].endswith(".spdx.json") else cyclonedx)(sys.argv[1])
print("\n".join(messages))
sys.exit(1 if messages else 0)
