# /// script
# requires-python = "==3.11.*"
# dependencies = ["mlflow==3.17.2", "dspy"]
# ///
import dspy
import matrix
import mlflow


class Shout(dspy.Module):
    def forward(self, question):
        return dspy.Prediction(answer=question.upper())


mlflow.dspy.save_model(Shout(), str(matrix.model), input_example="hello")
matrix.done()
