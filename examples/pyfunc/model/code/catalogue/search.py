"""Finds the product whose name is nearest to what somebody typed."""

import unicodedata

from rapidfuzz import fuzz, process, utils


def plain(text):
    """Returns the text in lower case, without accents and punctuation."""
    letters = unicodedata.normalize("NFKD", text)
    return utils.default_process("".join(c for c in letters if not unicodedata.combining(c)))


def best(products, text, cutoff):
    """Returns the nearest product and its score from 0 to 100, or None and 0.0
    if no product scores at least cutoff."""
    found = process.extractOne(
        text,
        [product.name for product in products],
        scorer=fuzz.WRatio,
        processor=plain,
        score_cutoff=cutoff,
    )
    if found is None:
        return None, 0.0
    _, score, index = found
    return products[index], score
