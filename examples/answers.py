"""Prints what a model answers to a request, without any server.

Usage: answers.py MODEL-FOLDER REQUEST.json

The request is the body of a POST to /invocations. MLflow's own functions read
it and write the answer, mlflow.pyfunc.load_model(...).predict(...) makes it,
and it is printed as JSON with sorted keys and no spaces, so that two answers
are the same exactly if their bytes are.
"""

import io
import json
import sys
from pathlib import Path

import mlflow.pyfunc
from mlflow.pyfunc import scoring_server


def answer(model_folder, request):
    """Returns the answer to the request, a JSON text, as decoded JSON."""
    model = mlflow.pyfunc.load_model(model_folder)
    body = json.loads(request)
    params = body.pop("params", None)
    data = scoring_server.infer_and_parse_data(body, model.metadata.get_input_schema())
    text = io.StringIO()
    scoring_server.predictions_to_json(model.predict(data, params=params), text)
    return json.loads(text.getvalue())


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    _, model_folder, request_file = sys.argv
    result = answer(model_folder, Path(request_file).read_text(encoding="utf-8"))
    print(json.dumps(result, sort_keys=True, separators=(",", ":"), ensure_ascii=False))


if __name__ == "__main__":
    main()
