"""Features of a table, which become numbers only when the training rows are known.

What is fitted (categories, medians, which columns vary) is fitted on training rows alone, by scikit-learn.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from losslab.errors import UserError

if TYPE_CHECKING:
    import pandas as pd

MOST_CATEGORIES = 50  # of one column; the rarest of more share a column


@dataclasses.dataclass
class Columns:
    """Features of N rows.

    Attributes:
        numbers: numeric columns, as float64; missing values are NaN.
        categories: columns of names, as text; a missing value is a category of its own.
    """

    numbers: pd.DataFrame
    categories: pd.DataFrame

    def only(self, keep: Tensor) -> Columns:
        """The rows where `keep` (N,) is True."""
        rows = keep.numpy()
        return Columns(self.numbers[rows], self.categories[rows])

    def encoded(self, train: Tensor) -> Tensor:
        """All rows as float32 (N, F), where `train` are the indices of the training rows.

        Missing numbers become the median; each category becomes a column of 0 and 1. A category that the
        training rows lack is 0 in all of them, or 1 in that of the rare ones. Columns that are constant in
        the training rows are left out: they teach nothing, and could not be scaled where other rows differ.
        """
        from sklearn.compose import ColumnTransformer
        from sklearn.feature_selection import VarianceThreshold
        from sklearn.impute import SimpleImputer
        from sklearn.pipeline import make_pipeline
        from sklearn.preprocessing import OneHotEncoder

        rows = train.numpy()
        encoder = OneHotEncoder(
            handle_unknown="infrequent_if_exist", max_categories=MOST_CATEGORIES, sparse_output=False
        )
        features = ColumnTransformer(
            [
                (
                    "numbers",
                    SimpleImputer(strategy="median", keep_empty_features=True),
                    list(self.numbers.columns),
                ),
                ("categories", encoder, list(self.categories.columns)),
            ]
        )
        frame = self.numbers.join(self.categories)
        pipeline = make_pipeline(features, VarianceThreshold())
        try:
            pipeline.fit(frame.iloc[rows])
        except ValueError as error:
            if "variance threshold" not in str(error):
                raise
            raise UserError("no feature of the table varies in the training rows: name others") from None
        return torch.from_numpy(np.asarray(pipeline.transform(frame), dtype=np.float32))

    def __len__(self) -> int:
        return len(self.numbers)
