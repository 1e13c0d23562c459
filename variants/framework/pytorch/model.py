"""The model: the only module that knows the framework."""

import logging
import os
import pickle
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from zipfile import BadZipFile

os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")  # deterministic; read by CUDA's start
os.environ.setdefault("MLFLOW_ALLOW_PICKLE_DESERIALIZATION", "false")  # a pickle can run any code

import mlflow.pyfunc
import numpy as np
import pandas as pd
import torch
from mlflow.models import infer_signature
from numpy.typing import NDArray
from torch import nn
from torch.nn.functional import cross_entropy

from . import devices, progress, registry, workers
from .card import Card
from .data import Rows, digest
from .schema import CLASSES, SIDE, TARGET
from .settings import Settings

log = logging.getLogger(__name__)

N_ROWS_AT_ONCE = 4096  # through the network in a prediction, which bounds its memory


class Network(nn.Module):
    """Two convolutions that keep the scan's size, and a linear layer on top."""

    def __init__(self, n_channels: int, dropout: float) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Conv2d(1, n_channels, kernel_size=3, padding=1),
            nn.ReLU(),
            nn.Conv2d(n_channels, 2 * n_channels, kernel_size=3, padding=1),
            nn.ReLU(),
            nn.MaxPool2d(2),
            nn.Flatten(),
            nn.Dropout(dropout),
            nn.Linear(2 * n_channels * (SIDE // 2) ** 2, len(CLASSES)),
        )

    def forward(self, pixels: torch.Tensor) -> torch.Tensor:
        """Give logits, shape (n_rows, n_classes), for pixels, shape (n_rows, 64)."""
        scans = pixels.reshape(-1, 1, SIDE, SIDE) / 16  # 0 to 1
        logits: torch.Tensor = self.layers(scans)
        return logits


@dataclass(frozen=True)
class Checkpoint:
    """State of a training, on disk. It goes on only with the settings and rows of its owner."""

    path: Path
    owner: dict[str, Any]
    parts: dict[str, Any]

    def write(self, epoch: int) -> None:
        """Write the state of all parts after an epoch, whole or not at all."""
        state = {name: part.state_dict() for name, part in self.parts.items()}
        self.path.parent.mkdir(parents=True, exist_ok=True)
        unfinished = self.path.with_name(f"{self.path.name}.part")
        try:
            torch.save({"owner": self.owner, "epoch": epoch} | state, unfinished)
        except RuntimeError as error:  # what PyTorch says of a full disk
            reason = str(error).splitlines()[0]
            raise OSError(f"{self.path} cannot be written: {reason}") from error
        unfinished.replace(self.path)

    def read(self) -> int:
        """Put the state back into all parts, and return the epochs that they have behind them."""
        if not self.path.exists():
            log.info("there is no %s: the training starts from the beginning", self.path)
            return 0
        try:
            found = torch.load(self.path, map_location="cpu", weights_only=True)
            owner = found["owner"]
            if others := {k: owner.get(k) for k in self.owner if owner.get(k) != self.owner[k]}:
                raise ValueError(
                    f"{self.path} belongs to a training with {others}: give it these, or start "
                    "again without '--resume'"
                )
            for name, part in self.parts.items():
                part.load_state_dict(found[name])
            return int(found["epoch"])
        except (pickle.UnpicklingError, EOFError, RuntimeError, KeyError, TypeError) as error:
            raise ValueError(f"{self.path} is no checkpoint that fits; omit '--resume'") from error


def fit(train: Rows, validation: Rows, settings: Settings, report: progress.Report) -> nn.Module:
    """Train a network that maps pixels to probabilities, and return it on the CPU.

    Each epoch is reported and leaves a checkpoint, from which ``resume`` goes on. The same
    settings, rows and machine give the same weights, stopped in between or not.

    Raises:
        ValueError: If the checkpoint belongs to other settings or rows, or there is no such device.
    """
    device = devices.choose(settings.device)
    torch.set_num_threads(settings.threads)
    torch.use_deterministic_algorithms(mode=True, warn_only=True)
    _seed(settings.seed, epoch=0)
    network = Network(settings.n_channels, settings.dropout).to(device)
    optimizer = torch.optim.AdamW(
        network.parameters(), lr=settings.learning_rate, weight_decay=settings.weight_decay
    )
    rows = {"training_rows": digest(train.features.assign(**{TARGET: train.target}))}
    owner = settings.model_dump(mode="json") | rows
    parts = {"network": network, "optimizer": optimizer}
    checkpoint = Checkpoint(settings.checkpoint_path, owner, parts)
    n_done = checkpoint.read() if settings.resume else 0

    # Where a GPU has it, bfloat16 is faster; unlike float16 it needs no scaling of gradients.
    has_bf16 = device.type == "cuda" and torch.cuda.is_bf16_supported(including_emulation=False)
    (pixels, target), held_out = _tensors(train, device), _tensors(validation, device)
    with workers.joined(device):
        for epoch in progress.steps(n_done + 1, settings.epochs, unit="epoch"):
            _seed(settings.seed, epoch)
            network.train()
            for batch in torch.split(torch.randperm(len(target)).to(device), settings.batch_size):
                mine = workers.part(batch)
                with torch.autocast(device.type, dtype=torch.bfloat16, enabled=has_bf16):
                    losses = cross_entropy(network(pixels[mine]), target[mine], reduction="sum")
                optimizer.zero_grad()
                torch.autograd.backward(losses / len(batch))
                workers.add_gradients(network)
                optimizer.step()
            if workers.is_leader():
                report(_validate(network, *held_out), epoch)
                checkpoint.write(epoch)
    return nn.Sequential(network, nn.Softmax(dim=1)).cpu().eval()


def predict_proba(model: nn.Module, features: pd.DataFrame) -> NDArray[np.float64]:
    """Predict probabilities: shape (n_rows, n_features) in, shape (n_rows, n_classes) out."""
    with torch.no_grad():
        parts = [model(part) for part in torch.split(_pixels(features), N_ROWS_AT_ONCE)]
    return np.concatenate([part.numpy() for part in parts], dtype=np.float64)


def save(model: nn.Module, example: pd.DataFrame, name: str, card: Card) -> str:
    """Register a model as the newest version of ``name`` and return its URI."""
    # PyTorch's export: a graph and its weights, which need no pickle and no line of this module.
    # mlflow.pytorch.log_model cannot name columns, and its model fails to load where CUDA is.
    any_number_of_rows = {0: torch.export.Dim.AUTO}
    graph = torch.export.export(model, (_pixels(example),), dynamic_shapes=[any_number_of_rows])
    with TemporaryDirectory() as folder:
        torch.export.save(graph, Path(folder, "model.pt2"))
        info = mlflow.pyfunc.log_model(
            name="model",
            loader_module="mlflow.pytorch",
            data_path=folder,
            model_config={"device": "cpu"},
            input_example=example,
            signature=infer_signature(example, predict_proba(model, example)),
            registered_model_name=name,
            pip_requirements=card.requirements,
            metadata=card.metadata,
        )
    return f"models:/{name}/{info.registered_model_version}"


def load(uri: str) -> nn.Module:
    """Load a registered model. It names the code that loads it: use a store that you trust."""
    logging.getLogger("torch.export").setLevel(logging.ERROR)  # It warns of what it raises.
    with registry.intact(uri, BadZipFile, RuntimeError, mlflow.MlflowException):
        model: nn.Module = mlflow.pyfunc.load_model(uri).get_raw_model()
    return model


def _seed(seed: int, epoch: int) -> None:
    """Give each epoch random numbers of its own: no generator's state needs a checkpoint."""
    # 32 mixed bits, since PyTorch's generator on the CPU looks at no more.
    torch.manual_seed(int(np.random.SeedSequence((seed, epoch)).generate_state(1)[0]))


def _validate(network: Network, pixels: torch.Tensor, target: torch.Tensor) -> dict[str, float]:
    network.eval()
    with torch.no_grad():
        logits = network(pixels)
    loss, hits = cross_entropy(logits, target), logits.argmax(dim=1) == target
    return {"validation_loss": loss.item(), "validation_accuracy": hits.float().mean().item()}


def _tensors(rows: Rows, device: torch.device) -> tuple[torch.Tensor, torch.Tensor]:
    """Move rows to a device: pixels, shape (n_rows, 64), and classes, shape (n_rows,)."""
    target = torch.tensor(rows.target.to_numpy(), dtype=torch.int64)
    return _pixels(rows.features).to(device), target.to(device)


def _pixels(features: pd.DataFrame) -> torch.Tensor:
    return torch.tensor(features.to_numpy(), dtype=torch.float32)  # (n_rows, 64)
