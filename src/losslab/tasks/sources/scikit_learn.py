"""Data sets that come with scikit-learn, or that it makes or fetches."""

from __future__ import annotations

import stat
from pathlib import Path

import numpy as np
import torch

from losslab.errors import UserError
from losslab.tasks.sources.raw import Raw

CALIFORNIA_FILE = "cal_housing_py3.pkz"


def digits() -> Raw:
    """1,797 digits, (1, 8, 8) with 17 grey levels, 10 classes; no network.

    https://scikit-learn.org/stable/modules/generated/sklearn.datasets.load_digits.html
    """
    from sklearn.datasets import load_digits

    data = load_digits()
    inputs = torch.from_numpy(data.images).float().div_(16).unsqueeze(1)
    return Raw(inputs, torch.from_numpy(data.target).long())


def breast_cancer() -> Raw:
    """569 tumours, 30 measurements each; 1 is malignant (37 %), 0 benign; no network.

    https://scikit-learn.org/stable/modules/generated/sklearn.datasets.load_breast_cancer.html
    """
    from sklearn.datasets import load_breast_cancer

    inputs, benign = load_breast_cancer(return_X_y=True)
    malignant = torch.from_numpy(1 - benign).long()
    return Raw(torch.from_numpy(inputs).float(), malignant, class_names=["benign", "malignant"])


def wine() -> Raw:
    """178 wines, 13 measurements each, 3 cultivars; no network.

    https://scikit-learn.org/stable/modules/generated/sklearn.datasets.load_wine.html
    """
    from sklearn.datasets import load_wine

    inputs, targets = load_wine(return_X_y=True)
    return Raw(torch.from_numpy(inputs).float(), torch.from_numpy(targets).long())


def diabetes() -> Raw:
    """442 patients, 10 measurements each; progression of the disease after a year, 25 to 346; no network.

    https://scikit-learn.org/stable/modules/generated/sklearn.datasets.load_diabetes.html
    """
    from sklearn.datasets import load_diabetes

    inputs, targets = load_diabetes(return_X_y=True)
    return Raw(torch.from_numpy(inputs).float(), torch.from_numpy(targets).float())


def friedman(samples: int, noise: float, seed: int) -> Raw:
    """Friedman's first function of five of ten uniform inputs, plus N(0, noise²): the least RMSE is known.

    y = 10 sin(π x₁ x₂) + 20 (x₃ - 0.5)² + 10 x₄ + 5 x₅ (Friedman 1991).
    https://scikit-learn.org/stable/modules/generated/sklearn.datasets.make_friedman1.html
    """
    from sklearn.datasets import make_friedman1

    inputs, targets = make_friedman1(n_samples=samples, noise=noise, random_state=seed)
    return Raw(torch.from_numpy(inputs).float(), torch.from_numpy(targets).float())


def california_housing(root: str) -> Raw:
    """20,640 districts, 8 features each; median house value in units of 100,000 $; downloaded if missing.

    https://scikit-learn.org/stable/modules/generated/sklearn.datasets.fetch_california_housing.html

    scikit-learn keeps the data as a pickle, and reading a pickle can run code. Its bytes depend on the
    version that wrote it, so there is no checksum to verify: a file that others can write is refused.

    Args:
        root: the data folder; the file is `root/scikit_learn/cal_housing_py3.pkz`.
    """
    from sklearn.datasets import fetch_california_housing

    folder = Path(root) / "scikit_learn"
    path = folder / CALIFORNIA_FILE
    _refuse_if_others_can_write(path)
    try:
        inputs, targets = fetch_california_housing(data_home=str(folder), return_X_y=True)
    except OSError as error:
        reason = getattr(error, "reason", None) or error.strerror or str(error)
        raise UserError(
            f"no {path} and it could not be downloaded ({reason}): run scripts/download_data "
            f"california_housing with network access, or set data_dir=FOLDER or LOSSLAB_DATA to a "
            f"folder that has scikit_learn/{CALIFORNIA_FILE}"
        ) from None
    except Exception as error:
        raise UserError(f"{path} cannot be read (damaged?): {type(error).__name__}; delete it") from None
    if inputs.shape != (20640, 8) or not np.isfinite(inputs).all():
        raise UserError(f"{path} is not the California housing data: delete it and download it again")
    return Raw(torch.from_numpy(inputs).float(), torch.from_numpy(targets).float())


def _refuse_if_others_can_write(path: Path) -> None:
    for place in (path, path.parent):
        if path.exists() and place.stat().st_mode & stat.S_IWOTH:
            raise UserError(
                f"{place} can be written by everyone, and {path.name} is a pickle, which runs code when it "
                f"is read: chmod o-w {place} once you know where the file is from"
            )
