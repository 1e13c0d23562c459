"""What an evaluation found, for machines (JSON) and for people (one HTML page without links)."""

from __future__ import annotations  # Figure is imported for its type alone.

import base64
import io
import json
from dataclasses import asdict, dataclass
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

from jinja2 import Environment, StrictUndefined

from . import data
from .metrics import Calibration, Slice

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Scores = dict[str, float]


@dataclass(frozen=True)
class Comparison:
    """A model against the champion, on the rows that neither was trained on."""

    champion: str
    n_rows: int
    scores: Scores
    champion_scores: Scores


@dataclass(frozen=True)
class Report:
    """An evaluation of one model on the rows that its training never saw."""

    model: str
    data_sha256: str
    n_rows: int
    scores: Scores
    thresholds: Scores
    comparison: Comparison | None
    """None if there is no champion yet, or the model is the champion."""

    slices: list[Slice]
    """Scores of each class, the worst first."""

    calibration: Calibration
    missed: list[str]
    """What is not good enough, a sentence each."""

    def write(self, folder: Path, pictures: dict[str, Figure]) -> list[Path]:
        """Write ``evaluation.json`` and ``evaluation.html``, and return their paths."""
        told = asdict(self) | {"passed": not self.missed}
        texts = {"json": json.dumps(told, indent=2) + "\n", "html": self._page(pictures)}
        paths = [folder / f"evaluation.{suffix}" for suffix in texts]
        for path, text in zip(paths, texts.values(), strict=True):
            data.write_text(text, path)
        return paths

    def _page(self, pictures: dict[str, Figure]) -> str:
        template = (files(__package__) / "report.html").read_text(encoding="utf-8")
        page = Environment(autoescape=True, undefined=StrictUndefined).from_string(template)
        shown = {name: _encode(picture) for name, picture in pictures.items()}
        return page.render(report=self, pictures=shown)


def _encode(picture: Figure) -> str:
    """Write a picture as PNG in base64, as a page takes it in."""
    file = io.BytesIO()
    picture.savefig(file, format="png", dpi=110)
    return base64.b64encode(file.getvalue()).decode("ascii")
