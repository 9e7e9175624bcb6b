"""What the scripts of the flavours share. Each is run as SCRIPT DIR, saves a tiny
model in DIR/model with real MLflow, and MLflow's own answer to DIR/request.json in
DIR/answer.json."""

import json
import pathlib
import runpy
import sys

import mlflow

out = pathlib.Path(sys.argv[1])
model = out / "model"


def frame():
    """Two columns of numbers, and what to predict of them."""
    import pandas as pd

    x = pd.DataFrame({"a": [0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0], "b": [1.0, 0.0, 1.0, 0.0, 1.0, 0.0, 1.0, 0.0]})
    return x, (x["a"] * 2 + x["b"]).rename("y")


def done(request=None, answer=None):
    """Writes a request, by default the model's saved one, and MLflow's answer to it:
    what its own functions make of the request and of load_model(…).predict, unless
    answer does that."""
    saved = model / "serving_input_example.json"
    if request is None and saved.exists():
        request = json.loads(saved.read_text())
    if request is None:
        request, result = old()
    elif answer:
        result = answer(mlflow.pyfunc.load_model(str(model)).predict, request)
    else:
        answers = pathlib.Path(__file__).resolve().parents[3] / "examples" / "answers.py"
        result = runpy.run_path(str(answers))["answer"](str(model), json.dumps(request))
    (out / "request.json").write_text(json.dumps(request))
    (out / "answer.json").write_text(json.dumps(result))
    (out / "mlflow").write_text(mlflow.__version__)


def old():
    """The same for a version of MLflow that saves no request: that of frame()."""
    x = frame()[0][:3]
    split = {"columns": list(x.columns), "data": x.values.tolist()}
    answer = mlflow.pyfunc.load_model(str(model)).predict(x).tolist()
    if mlflow.__version__.startswith("1."):
        return split, answer
    return {"dataframe_split": split}, {"predictions": answer}
