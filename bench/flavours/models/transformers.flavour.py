# /// script
# requires-python = "==3.11.*"
# dependencies = ["mlflow==3.17.2", "torch", "torchvision", "accelerate", "transformers"]
# ///
import matrix
import mlflow
from transformers import BertConfig, BertForSequenceClassification, BertTokenizer, pipeline

folder = matrix.out / "bert"
folder.mkdir(exist_ok=True)
(folder / "vocab.txt").write_text("[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\nhello\nworld\n")
tokenizer = BertTokenizer(str(folder / "vocab.txt"))
net = BertForSequenceClassification(BertConfig(vocab_size=7, hidden_size=8, num_hidden_layers=1, num_attention_heads=2, intermediate_size=8))
mlflow.transformers.save_model(pipeline("text-classification", model=net, tokenizer=tokenizer), matrix.model, input_example=["hello world"])
matrix.done()
