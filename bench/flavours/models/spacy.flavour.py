# /// script
# requires-python = "==3.11.*"
# dependencies = ["mlflow==3.17.2", "spacy"]
# ///
import matrix
import mlflow
import pandas
import spacy
from spacy.training import Example

nlp = spacy.blank("en")
categories = nlp.add_pipe("textcat")
for label in ("good", "bad"):
    categories.add_label(label)
examples = [Example.from_dict(nlp.make_doc(text), {"cats": {"good": good, "bad": 1 - good}}) for text, good in (("fine", 1), ("awful", 0))]
nlp.initialize(lambda: examples)
mlflow.spacy.save_model(nlp, matrix.model, input_example=pandas.DataFrame({"text": ["fine", "awful"]}))
matrix.done()
