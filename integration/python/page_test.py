"""What docs/python.md has, with a builder and two contexts of the tests' own."""

import sys
from typing import Any

import pandas

import deployfile

project, builder, *contexts = sys.argv[1:]
options: Any = {"builder": builder, "build_context": contexts}
frame = pandas.DataFrame({"a": [1, 2], "b": [0.5, float("nan")]})

deployfile.lock(project, **options)
image = deployfile.build(project, **options)
with deployfile.run(project, port=0, **options) as server:
    answer = server.predict(frame)
assert answer == {"predictions": {"columns": ["a", "b"], "data": [[1, 0.5], [2, None]]}}, answer
print(image.digest)
