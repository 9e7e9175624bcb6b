"""A product catalogue, and the search in it that forgives misspelling."""

from catalogue.products import Product, load
from catalogue.search import best

__all__ = ["Product", "best", "load"]
