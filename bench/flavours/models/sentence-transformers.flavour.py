# /// script
# requires-python = "==3.11.*"
# dependencies = ["mlflow==3.17.2", "torch", "sentence-transformers"]
# ///
import matrix
import mlflow
import sentence_transformers
from sentence_transformers import models
from transformers import BertConfig, BertModel, BertTokenizer

# No weights of a hub: a network of random ones, with a vocabulary of a few words.
folder = matrix.out / "bert"
folder.mkdir(exist_ok=True)
(folder / "vocab.txt").write_text("[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\nhello\nworld\n")
BertTokenizer(str(folder / "vocab.txt")).save_pretrained(folder)
BertModel(BertConfig(vocab_size=7, hidden_size=8, num_hidden_layers=1, num_attention_heads=2, intermediate_size=8)).save_pretrained(folder)
word = models.Transformer(str(folder), max_seq_length=16)
encoder = sentence_transformers.SentenceTransformer(modules=[word, models.Pooling(word.get_word_embedding_dimension())])
mlflow.sentence_transformers.save_model(encoder, matrix.model, input_example=["hello world"])
matrix.done()
