# /// script
# requires-python = "==3.11.*"
# dependencies = ["mlflow==3.17.2"]
# ///
import matrix
import mlflow

x, y = matrix.frame()
code = matrix.out / "extra"
code.mkdir(exist_ok=True)
(code / "__init__.py").write_text("def double(x):\n    return x * 2\n")


class Double(mlflow.pyfunc.PythonModel):
    def predict(self, context, model_input, params=None):
        import extra

        return extra.double(model_input)


mlflow.pyfunc.save_model(matrix.model, python_model=Double(), code_paths=[str(code)], signature=mlflow.models.infer_signature(x))
matrix.done(
    {"dataframe_split": {"columns": ["a", "b"], "data": [[1.0, 2.0]]}},
    lambda predict, request: {"predictions": predict(x.__class__(**request["dataframe_split"])).to_dict("records")},
)
