"""The model: the only module that knows the framework."""

import io
import logging
import os
import pickle
import warnings
import zlib
from collections.abc import Callable, Iterator
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
from torch.nn.functional import cross_entropy, mse_loss
from tqdm import tqdm

from . import data, files
from .data import Rows
from .errors import UserError
from .schema import CLASSES, TARGET
from .settings import Settings
from .tracking import Report, is_leader

log = logging.getLogger(__name__)

RANK, LOCAL_RANK = (int(os.environ.get(name, "0")) for name in ("RANK", "LOCAL_RANK"))
N_PROCESSES = int(os.environ.get("WORLD_SIZE", "1"))
"""Workers of a training, and the ranks of this one, as set by ``torchrun``."""

FILE = Path("data/model.pt")
"""File of a saved model, the only one that is read: a pickle could run any code."""

CHUNK_ROWS = 4096
"""Rows per chunk of a prediction, which limits memory."""

N_STEPS = 16
"""Minimum number of steps in an epoch: a small table gets smaller batches."""

WIDTH, LIMIT = 8, 10.0
"""Size of a category's embedding; standard deviations beyond which numbers are clipped."""

LOSS: Callable[..., torch.Tensor] = cross_entropy if CLASSES else mse_loss

Tensors = tuple[torch.Tensor, torch.Tensor]
Encoding = dict[str, Any]
"""Statistics of the training columns; see ``_measure``."""


class Network(nn.Module):
    """Two hidden layers, which take numbers and an embedding of each category."""

    def __init__(self, encoding: Encoding, n_hidden: int, dropout: float = 0) -> None:
        super().__init__()
        self.encoding = encoding
        sizes = [1 + len(names) for names in encoding["categories"].values()]
        self.n_numbers = len(encoding["means"]) + len(encoding["gaps"])
        self.embedding = nn.Embedding(sum(sizes), WIDTH)
        nn.init.zeros_(self.embedding.weight)  # Unseen categories have no effect.
        self.layers = nn.Sequential(
            nn.Linear(self.n_numbers + WIDTH * len(sizes), n_hidden),
            nn.ReLU(),
            nn.Dropout(dropout),
            nn.Linear(n_hidden, n_hidden),
            nn.ReLU(),
            nn.Dropout(dropout),
            nn.Linear(n_hidden, max(1, len(CLASSES))),
        )

    def forward(self, columns: torch.Tensor) -> torch.Tensor:
        """Return logits, or a standardized number, for what ``_encode`` returns."""
        numbers, codes = columns.tensor_split([self.n_numbers], dim=1)
        embedded = self.embedding(codes.long()).flatten(1)  # (n_rows, WIDTH * n_texts)
        found: torch.Tensor = self.layers(torch.cat([numbers, embedded], dim=1))
        return found


def fit(train: Rows, validation: Rows, settings: Settings, report: Report) -> Network:
    """Train a network, and return it on the CPU.

    Each epoch is reported and writes a checkpoint, from which ``resume`` continues. The same
    settings, rows and machine give the same weights, interrupted or not. Several processes
    give the weights of one, except for rounding and dropout: they sum the gradients of their rows.

    Raises:
        UserError: If the checkpoint has other settings or rows, or the device is missing.
    """
    device = _choose_device(settings.device)
    torch.set_num_threads(settings.threads)
    torch.use_deterministic_algorithms(mode=True, warn_only=True)
    _seed(settings.seed, epoch=0)
    network = Network(_measure(train), settings.n_hidden, settings.dropout).to(device)
    optimizer = torch.optim.AdamW(network.parameters(), weight_decay=settings.weight_decay)
    parts: dict[str, Any] = {"network": network, "optimizer": optimizer}
    checksum = data.checksum(train.features.assign(**{TARGET: train.target}))
    owner = settings.model_dump(mode="json") | {"training_rows": checksum}
    path = settings.checkpoint_path
    n_done = _resume(path, owner, parts) if settings.resume and path else 0
    rows, held_out = (_tensors(network.encoding, part, device) for part in (train, validation))
    if N_PROCESSES > 1:
        distributed.init_process_group()
    epochs = range(n_done + 1, settings.epochs + 1)
    for epoch in tqdm(epochs, unit="epoch", disable=None if is_leader() else True):
        _seed(settings.seed, epoch)
        for group in optimizer.param_groups:
            group["lr"] = settings.learning_rate * (1 - (epoch - 1) / settings.epochs)
        _train(network, optimizer, rows, settings.batch_size)
        if is_leader():
            report(_validate(network, held_out), epoch)
            if path:
                state = {name: part.state_dict() for name, part in parts.items()}
                _write({"owner": owner, "epoch": epoch, **state}, path)
    if N_PROCESSES > 1:
        distributed.barrier()  # No process leaves while another one still communicates.
        distributed.destroy_process_group()
    return network.cpu().eval()


def predict(model: Network, features: pd.DataFrame) -> NDArray[np.float64]:
    """Predict probabilities of classes or a number; shape (n_rows, n_classes) or (n_rows, 1)."""
    columns = torch.split(_encode(model.encoding, features), CHUNK_ROWS)
    with torch.no_grad():
        found = torch.cat([model(part) for part in columns]).double()
    mean, deviation = model.encoding["target"]
    return (found.softmax(dim=1) if CLASSES else found * deviation + mean).numpy()


def save(model: Network, example: pd.DataFrame, name: str, **facts: Any) -> str:
    """Register a model, with requirements and metadata as facts, and return its version."""
    with TemporaryDirectory() as folder:
        path = Path(folder, FILE.name)
        _write({"encoding": model.encoding, "weights": model.state_dict()}, path)
        info = mlflow.pyfunc.log_model(
            name="model",
            loader_module=__name__,
            data_path=path,
            input_example=example,
            signature=mlflow.models.infer_signature(example, predict(model, example)),
            registered_model_name=name,
            **facts,
        )
    return str(info.registered_model_version)


def load(folder: Path) -> Network:
    """Load the model in a folder.

    Raises:
        UserError: If the file is damaged or missing.
    """
    path = folder / FILE
    with _intact(path, "train a new model"):
        found = _read(path)
        network = Network(found["encoding"], n_hidden=len(found["weights"]["layers.0.bias"]))
        network.load_state_dict(found["weights"])
    return network.eval()


def _load_pyfunc(path: str) -> SimpleNamespace:
    """Load a model for MLflow, such as for ``mlflow models serve``."""
    model = load(Path(path).parents[1])
    return SimpleNamespace(predict=lambda features: predict(model, features))


def _measure(rows: Rows) -> Encoding:
    """Return means, deviations and gaps of numbers, categories, and scale of the target."""
    numbers = rows.features.select_dtypes(["number", "bool"])
    texts = rows.features.drop(columns=numbers.columns)
    deviations = numbers.std()
    mean, deviation = (0, 1) if CLASSES else (rows.target.mean(), rows.target.std())
    return {
        "means": numbers.mean().to_dict(),
        "deviations": deviations.where(deviations > 0, 1.0).to_dict(),
        "gaps": [name for name in numbers if 0 < numbers[name].isna().mean() < 1],
        "categories": {name: sorted(texts[name].dropna().unique()) for name in texts},
        "target": [float(mean), float(deviation) or 1.0],
    }


def _encode(encoding: Encoding, features: pd.DataFrame) -> torch.Tensor:
    """Standardize numbers, mark gaps, encode categories; shape (n_rows, n_columns)."""
    means, deviations = ([*encoding[name].values()] for name in ("means", "deviations"))
    numbers = (features[[*encoding["means"]]].to_numpy(np.float64) - means) / deviations
    columns = [np.nan_to_num(numbers).clip(-LIMIT, LIMIT), features[encoding["gaps"]].isna()]
    first = 0
    for name, known in encoding["categories"].items():
        columns.append(first + 1 + pd.Index(known).get_indexer(features[name]))  # 0 is unknown.
        first += 1 + len(known)
    return torch.tensor(np.column_stack(columns), dtype=torch.float32)


def _tensors(encoding: Encoding, rows: Rows, device: torch.device) -> Tensors:
    """Return columns and target: numbers of classes, (n_rows,), or standardized, (n_rows, 1)."""
    mean, deviation = encoding["target"]
    if CLASSES:
        target = torch.tensor(pd.Categorical(rows.target, CLASSES).codes, dtype=torch.long)
    else:
        target = torch.tensor((rows.target.to_numpy() - mean) / deviation).float()[:, None]
    return _encode(encoding, rows.features).to(device), target.to(device)


def _choose_device(asked: str) -> torch.device:
    """Choose the training device; each process on a machine has its own GPU."""
    with warnings.catch_warnings(action="ignore"):  # PyTorch warns in several lines.
        found = torch.accelerator.current_accelerator(check_available=True)
    here, remedy = found.type if found else "cpu", "'uv run just doctor' shows why"
    if asked not in {"auto", "cpu", here}:
        raise UserError(f"device = {asked!r}: PyTorch finds only {here!r} here; {remedy}")
    if asked == "auto" and here == "cpu" and torch.version.cuda:
        log.warning("training on the CPU: PyTorch finds no GPU; %s", remedy)
    kind = "cpu" if asked == "cpu" else here
    return torch.device(kind, LOCAL_RANK if kind == "cuda" else 0)


def _seed(seed: int, epoch: int) -> None:
    """Seed each epoch separately, so that checkpoints need no generator state."""
    # 32 mixed bits, since PyTorch's generator on the CPU uses no more.
    torch.manual_seed(int(np.random.SeedSequence((seed, epoch)).generate_state(1)[0]))


def _train(network: Network, optimizer: torch.optim.AdamW, rows: Tensors, n_rows: int) -> None:
    """Train one epoch, with this process's part of each batch of up to ``n_rows``."""
    columns, target = rows
    network.train()
    # bfloat16 is faster on a GPU that has it, and unlike float16 needs no scaling of gradients.
    kind = target.device.type
    has_bf16 = kind == "cuda" and torch.cuda.is_bf16_supported(including_emulation=False)
    n_rows = min(n_rows, 1 + len(target) // N_STEPS)
    for batch in torch.split(torch.randperm(len(target)).to(target.device), n_rows):
        mine = batch[RANK::N_PROCESSES]
        with torch.autocast(kind, dtype=torch.bfloat16, enabled=has_bf16):
            losses = LOSS(network(columns[mine]), target[mine], reduction="sum")
        optimizer.zero_grad()
        torch.autograd.backward(losses / len(batch))
        for parameter in network.parameters() if N_PROCESSES > 1 else ():
            distributed.all_reduce(parameter.grad)
        optimizer.step()


def _validate(network: Network, rows: Tensors) -> dict[str, float]:
    columns, target = rows
    network.eval()
    with torch.no_grad():
        found = network(columns)
    scores = {"validation_loss": LOSS(found, target).item()}
    if CLASSES:
        scores["validation_accuracy"] = (found.argmax(dim=1) == target).float().mean().item()
    return scores


def _resume(path: Path, owner: dict[str, Any], parts: dict[str, Any]) -> int:
    """Restore the state of all parts, and return the number of finished epochs."""
    if not path.exists():
        log.info("no checkpoint %s: training starts from scratch", path)
        return 0
    with _intact(path, "omit --resume"):
        found = _read(path)
        theirs, n_done = dict(found["owner"]), int(found["epoch"])
        if other := {name: theirs.get(name) for name in owner if theirs.get(name) != owner[name]}:
            raise UserError(f"{path} is from a training with {other}; use these or omit --resume")
        for name, part in parts.items():
            part.load_state_dict(found[name])
    return n_done


def _write(state: dict[str, Any], path: Path) -> None:
    """Write tensors and plain values atomically."""
    buffer = io.BytesIO()  # PyTorch hides the reason if writing to a disk fails.
    torch.save(state, buffer)
    with files.replacing(path) as part:
        part.write_bytes(buffer.getbuffer())


def _read(path: Path) -> dict[str, Any]:
    """Read a file of ``_write``, and verify its checksums, which PyTorch does not."""
    with ZipFile(path) as archive:
        if damaged := archive.testzip():
            raise BadZipFile(damaged)
    found: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
    return found


@contextmanager
def _intact(path: Path, remedy: str) -> Iterator[None]:
    """Report errors of PyTorch for a damaged or unsuitable file in one line."""
    unreadable = (OSError, EOFError, RuntimeError, BadZipFile, zlib.error, pickle.UnpicklingError)
    try:
        yield
    except (*unreadable, AttributeError, LookupError, TypeError, ValueError) as error:
        raise UserError(f"{path} is missing, damaged or from another network; {remedy}") from error
