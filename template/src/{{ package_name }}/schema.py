"""What a row looks like: `import-data` writes this file for a table of yours, and you may edit it."""

from typing import Any

from pandera.pandas import DataFrameSchema

from .columns import label, number

SIDE = 8
"""Height and width of a scan, in pixels."""

ID = ""
"""Column that names a row, and that predictions repeat; empty for none."""

TARGET = "target"
CLASSES: tuple[Any, ...] = tuple(range(10))
"""Classes of the target; none for a target that is a number."""

UNLABELLED = DataFrameSchema(
    {
        # Ink of each pixel, row by row from the top left: 0 is white, 16 is black.
        f"pixel_{row}_{column}": number(0, 16)
        for row in range(SIDE)
        for column in range(SIDE)
    }
)
LABELLED = UNLABELLED.add_columns({TARGET: label(*CLASSES)})
FEATURES = tuple(UNLABELLED.columns)

# Unedited: 32db03f27c46 (else import-data replaces it only if asked to)
