"""What is collected stays to the end, so Python's collector need not go through it over and over.

Half a million objects, which no test lets go of: looking for circles among them took a third of the collecting.
"""

import gc

gc.disable()


def pytest_collection_finish():
    """From here on only what tests make is looked through."""
    gc.enable()
    gc.collect()
    gc.freeze()
