"""The products, read from a CSV file with the columns number and name."""

import csv
from typing import NamedTuple


class Product(NamedTuple):
    number: int
    name: str


def load(path):
    """Returns the products of the file, in its order."""
    with open(path, encoding="utf-8", newline="") as file:
        return [Product(int(row["number"]), row["name"]) for row in csv.DictReader(file)]
