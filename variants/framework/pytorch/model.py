"""The model: the only module that knows the framework."""

import io
import logging
import os
import pickle
import warnings
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from types import SimpleNamespace
from typing import Any
from zipfile import BadZipFile, ZipFile

os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")  # Deterministic; CUDA reads it once.

import mlflow.pyfunc
import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from torch import distributed, nn
from torch.nn.functional import cross_entropy
from tqdm import tqdm

from . import data, files
from .data import Rows
from .errors import UserError
from .schema import CLASSES, SIDE, TARGET
from .settings import Settings
from .tracking import Report, is_leader

log = logging.getLogger(__name__)

RANK, LOCAL_RANK = (int(os.environ.get(name, "0")) for name in ("RANK", "LOCAL_RANK"))
N_PROCESSES = int(os.environ.get("WORLD_SIZE", "1"))
"""How many processes share a training, and which is this one: ``torchrun`` sets all three."""

FILE = Path("data/model.pt")
"""Weights in a model's folder; they are all that is read, as a pickle could run any code."""

CHUNK_ROWS = 4096
"""Rows of a prediction in memory at the same time."""


def fit(train: Rows, validation: Rows, settings: Settings, report: Report) -> nn.Sequential:
    """Train a network, and return it on the CPU.

    Each epoch is reported and leaves a checkpoint, from which ``resume`` continues. The same
    settings, rows and machine give the same weights, stopped in between or not. Several processes
    give the weights of one, except for rounding and dropout: they sum the gradients of their rows.

    Raises:
        UserError: If the checkpoint is of other settings or rows, or there is no such device.
    """
    device = _choose_device(settings.device)
    torch.set_num_threads(settings.threads)
    torch.use_deterministic_algorithms(mode=True, warn_only=True)
    _seed(settings.seed, epoch=0)
    network = _build(settings.n_channels, settings.dropout).to(device)
    optimizer = torch.optim.AdamW(
        network.parameters(), lr=settings.learning_rate, weight_decay=settings.weight_decay
    )
    parts: dict[str, Any] = {"network": network, "optimizer": optimizer}
    checksum = data.checksum(train.features.assign(**{TARGET: train.target}))
    owner = settings.model_dump(mode="json") | {"training_rows": checksum}
    path = settings.checkpoint_path
    n_done = _resume(path, owner, parts) if settings.resume and path else 0
    (pixels, target), held_out = (
        (_pixels(rows.features).to(device), torch.tensor(rows.target.to_numpy()).to(device))
        for rows in (train, validation)
    )
    # bfloat16 is faster on a GPU that has it, and unlike float16 needs no scaling of gradients.
    has_bf16 = device.type == "cuda" and torch.cuda.is_bf16_supported(including_emulation=False)
    if N_PROCESSES > 1:
        distributed.init_process_group()
    epochs = range(n_done + 1, settings.epochs + 1)
    for epoch in tqdm(epochs, unit="epoch", disable=None if is_leader() else True):
        _seed(settings.seed, epoch)
        network.train()
        for batch in torch.split(torch.randperm(len(target)).to(device), settings.batch_size):
            mine = batch[RANK::N_PROCESSES]
            with torch.autocast(device.type, dtype=torch.bfloat16, enabled=has_bf16):
                losses = cross_entropy(network(pixels[mine]), target[mine], reduction="sum")
            optimizer.zero_grad()
            torch.autograd.backward(losses / len(batch))
            for parameter in network.parameters() if N_PROCESSES > 1 else ():
                distributed.all_reduce(parameter.grad)
            optimizer.step()
        if is_leader():
            report(_validate(network, *held_out), epoch)
            if path:
                state = {name: part.state_dict() for name, part in parts.items()}
                _write({"owner": owner, "epoch": epoch, **state}, path)
    if N_PROCESSES > 1:
        distributed.barrier()  # No process leaves while another one still communicates.
        distributed.destroy_process_group()
    return network.cpu().eval()


def predict_proba(model: nn.Sequential, features: pd.DataFrame) -> NDArray[np.float64]:
    """Predict probabilities: shape (n_rows, n_features) in, shape (n_rows, n_classes) out."""
    with torch.no_grad():
        parts = torch.split(_pixels(features), CHUNK_ROWS)
        return np.concatenate([model(part).softmax(dim=1) for part in parts], dtype=np.float64)


def save(model: nn.Sequential, example: pd.DataFrame, name: str, **facts: Any) -> str:
    """Register a model, with requirements and metadata as facts, and return its version."""
    with TemporaryDirectory() as folder:
        path = Path(folder, FILE.name)
        _write(model.state_dict(), path)
        info = mlflow.pyfunc.log_model(
            name="model",
            loader_module=__name__,
            data_path=path,
            input_example=example,
            signature=mlflow.models.infer_signature(example, predict_proba(model, example)),
            registered_model_name=name,
            **facts,
        )
    return str(info.registered_model_version)


def load(folder: Path) -> nn.Sequential:
    """Load the weights in a model's folder into the network of this module.

    Raises:
        UserError: If the file is damaged or missing.
    """
    path = folder / FILE
    with _intact(path, "train a new model"):
        weights = _read(path)
        network = _build(n_channels=len(weights["1.bias"]))
        network.load_state_dict(weights)
    return network.eval()


def _load_pyfunc(path: str) -> SimpleNamespace:
    """Load a model for MLflow, such as for ``mlflow models serve``."""
    model = load(Path(path).parents[1])
    return SimpleNamespace(predict=lambda features: predict_proba(model, features))


def _build(n_channels: int, dropout: float = 0) -> nn.Sequential:
    """Build two convolutions that keep the scan's size, and a linear layer that gives logits."""
    return nn.Sequential(
        nn.Unflatten(1, (1, SIDE, SIDE)),
        nn.Conv2d(1, n_channels, kernel_size=3, padding=1),
        nn.ReLU(),
        nn.Conv2d(n_channels, 2 * n_channels, kernel_size=3, padding=1),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Dropout(dropout),
        nn.Linear(2 * n_channels * (SIDE // 2) ** 2, len(CLASSES)),
    )


def _pixels(features: pd.DataFrame) -> torch.Tensor:
    """Return pixels from 0 to 1, shape (n_rows, n_features)."""
    return torch.tensor(features.to_numpy(), dtype=torch.float32) / 16


def _choose_device(asked: str) -> torch.device:
    """Choose the device of a training; each process on a machine has a GPU of its own."""
    with warnings.catch_warnings(action="ignore"):  # PyTorch's own, in several lines.
        found = torch.accelerator.current_accelerator(check_available=True)
    here, remedy = found.type if found else "cpu", "'uv run just doctor' finds out why"
    if asked not in {"auto", "cpu", here}:
        raise UserError(f"device = {asked!r}: PyTorch finds only {here!r} here; {remedy}")
    if asked == "auto" and here == "cpu" and torch.version.cuda:
        log.warning("training on the CPU: PyTorch finds no GPU; %s", remedy)
    kind = "cpu" if asked == "cpu" else here
    return torch.device(kind, LOCAL_RANK if kind == "cuda" else 0)


def _seed(seed: int, epoch: int) -> None:
    """Give each epoch random numbers of its own: no generator's state needs a checkpoint."""
    # 32 mixed bits, since PyTorch's generator on the CPU uses no more.
    torch.manual_seed(int(np.random.SeedSequence((seed, epoch)).generate_state(1)[0]))


def _validate(network: nn.Module, pixels: torch.Tensor, target: torch.Tensor) -> dict[str, float]:
    network.eval()
    with torch.no_grad():
        logits = network(pixels)
    loss, hits = cross_entropy(logits, target), logits.argmax(dim=1) == target
    return {"validation_loss": loss.item(), "validation_accuracy": hits.float().mean().item()}


def _resume(path: Path, owner: dict[str, Any], parts: dict[str, Any]) -> int:
    """Restore the state of all parts, and return the number of epochs that are done."""
    if not path.exists():
        log.info("there is no %s: the training starts from the beginning", path)
        return 0
    with _intact(path, "omit --resume"):
        found = _read(path)
        theirs, n_done = dict(found["owner"]), int(found["epoch"])
        if other := {name: theirs.get(name) for name in owner if theirs.get(name) != owner[name]}:
            raise UserError(f"{path} is of a training with {other}; use these or omit --resume")
        for name, part in parts.items():
            part.load_state_dict(found[name])
    return n_done


def _write(state: dict[str, Any], path: Path) -> None:
    """Write tensors and plain values, whole or not at all."""
    buffer = io.BytesIO()  # If it writes to a disk itself, PyTorch hides why it fails.
    torch.save(state, buffer)
    with files.replacing(path) as part:
        part.write_bytes(buffer.getbuffer())


def _read(path: Path) -> dict[str, Any]:
    """Read what ``_write`` wrote, and compare the checksums, which PyTorch does not."""
    with ZipFile(path) as archive:
        if damaged := archive.testzip():
            raise BadZipFile(damaged)
    found: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
    return found


@contextmanager
def _intact(path: Path, remedy: str) -> Iterator[None]:
    """Report in one line what PyTorch raises for a file that is damaged or of another network."""
    unreadable = (OSError, EOFError, RuntimeError, BadZipFile, zlib.error, pickle.UnpicklingError)
    try:
        yield
    except (*unreadable, AttributeError, LookupError, TypeError, ValueError) as error:
        raise UserError(f"{path} is missing, damaged or of another network; {remedy}") from error
