"""The model: the only module that knows the framework."""

import json
import logging
import os
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from types import SimpleNamespace
from typing import Any
from zipfile import BadZipFile

# JAX reads these when it starts its devices, which is later than any import.
os.environ.setdefault("XLA_FLAGS", "--xla_gpu_deterministic_ops=true")
os.environ.setdefault("XLA_PYTHON_CLIENT_PREALLOCATE", "false")  # true takes 3/4 of a GPU's memory.

import jax
import jax.numpy as jnp
import mlflow.pyfunc
import numpy as np
import optax
import pandas as pd
from jax.sharding import Mesh, NamedSharding
from jax.sharding import PartitionSpec as Axes
from numpy.typing import NDArray
from optax import softmax_cross_entropy_with_integer_labels as cross_entropy
from tqdm import tqdm

from . import data, files
from .data import Rows
from .errors import UserError
from .schema import CLASSES, FEATURES, SIDE, TARGET
from .settings import Settings
from .tracking import Report, is_leader

log = logging.getLogger(__name__)
logging.getLogger("jax").setLevel(logging.WARNING)  # Below, it lists the TPUs that are not there.

Arrays = tuple[jax.Array, jax.Array]
Weights = list[Arrays]
"""Kernel and bias of each layer."""

State = tuple[Weights, optax.OptState]

FILE = Path("data/model.npz")
"""Weights in a model's folder; they are all that is read, as code or a program could do harm."""

CHUNK_ROWS = 256
"""Rows of a prediction; fewer are padded, as JAX compiles anew for each number of rows."""

ADDRESS = ("RANK", "MASTER_ADDR", "MASTER_PORT")
"""Variables of a process that is one of several, beside WORLD_SIZE; ``torchrun`` sets them too."""


CUDA_PLUGINS = ("jax_cuda13_plugin", "jax_cuda12_plugin")


def fit(train: Rows, validation: Rows, settings: Settings, report: Report) -> Weights:
    """Train a network, and return its weights.

    Each epoch is reported and leaves a checkpoint, from which ``resume`` continues. The same
    settings, rows and machine give the same weights, stopped in between or not. Each GPU of each
    process computes the gradients of its rows of a batch; XLA sums them, so the weights are those
    of one device except for rounding.

    Raises:
        UserError: If the checkpoint is of other settings or rows, or there is no such device.
    """
    _join()
    device = _choose_device(settings.device)
    mesh = Mesh(np.array(jax.devices(device.platform)), ("rows",))
    everywhere = NamedSharding(mesh, Axes())  # type: ignore[no-untyped-call]
    divided = NamedSharding(mesh, Axes("rows"))  # type: ignore[no-untyped-call]
    checksum = data.checksum(train.features.assign(**{TARGET: train.target}))
    owner = settings.model_dump(mode="json") | {"training_rows": checksum}
    rates = settings.model_dump(include={"learning_rate", "weight_decay", "dropout"})
    path = settings.checkpoint_path
    with jax.default_device(device):
        key = jax.random.key(settings.seed)
        state = _draw(jax.random.fold_in(key, 0), settings.n_channels)
        n_done = 0
        if settings.resume and path:
            state, n_done = _resume(path, owner, state)
        state, (rows, held_out) = jax.device_put(
            (jax.tree.map(np.asarray, state), [*map(_arrays, (train, validation))]), everywhere
        )
        epochs = range(n_done + 1, settings.epochs + 1)
        for epoch in tqdm(epochs, unit="epoch", disable=None if is_leader() else True):
            # Each epoch has random numbers of its own: no generator's state needs a checkpoint.
            shuffle_key, dropout_key = jax.random.split(jax.random.fold_in(key, epoch))
            order = jax.random.permutation(shuffle_key, len(train.target))
            for step, batch in enumerate(_batches(order, settings.batch_size, mesh.size)):
                dropped = jax.random.fold_in(dropout_key, step)
                state = _step(state, rows, jax.device_put(batch, divided), dropped, rates)
            report(jax.tree.map(float, _validate(state[0], *held_out)), epoch)
            if is_leader() and path:
                arrays = map(np.asarray, jax.tree.leaves(state))
                with files.replacing(path) as part, part.open("wb") as file:
                    np.savez(file, *arrays, owner=json.dumps(owner), epoch=epoch)
        weights: Weights = jax.tree.map(np.asarray, state[0])
    return weights


def predict_proba(model: Weights, features: pd.DataFrame) -> NDArray[np.float64]:
    """Predict probabilities: shape (n_rows, n_features) in, shape (n_rows, n_classes) out."""
    pixels = np.pad(features.to_numpy(np.float32), ((0, -len(features) % CHUNK_ROWS), (0, 0)))
    parts = pixels.reshape(-1, CHUNK_ROWS, len(FEATURES))
    with jax.default_device(_cpu()):  # A GPU would round differently.
        found = [_probabilities(model, part) for part in parts]
    return np.asarray(found, dtype=np.float64).reshape(-1, len(CLASSES))[: len(features)]


def save(model: Weights, example: pd.DataFrame, name: str, **facts: Any) -> str:
    """Register a model, with requirements and metadata as facts, and return its version."""
    with TemporaryDirectory() as folder:
        path = Path(folder, FILE.name)
        np.savez(path, *jax.tree.leaves(model))
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


def load(folder: Path) -> Weights:
    """Load the weights in a model's folder.

    Raises:
        UserError: If the file is damaged or missing.
    """
    path = folder / FILE
    with _intact(path, "train a new model"), np.load(path, allow_pickle=False) as arrays:
        n_channels = arrays["arr_0"].shape[-1]
        weights, _ = jax.eval_shape(lambda: _draw(jax.random.key(0), n_channels))
        found: Weights = _fill(weights, arrays)
    return found


def _load_pyfunc(path: str) -> SimpleNamespace:
    """Load a model for MLflow, such as for ``mlflow models serve``."""
    model = load(Path(path).parents[1])
    return SimpleNamespace(predict=lambda features: predict_proba(model, features))


def _draw(key: jax.Array, n_channels: int) -> State:
    """Draw two convolutions that keep the scan's size, and a linear layer on top."""
    n_flat = 2 * n_channels * (SIDE // 2) ** 2
    shapes = [(3, 3, 1, n_channels), (3, 3, n_channels, 2 * n_channels), (n_flat, len(CLASSES))]
    draw, keys = jax.nn.initializers.he_normal(), jax.random.split(key, len(shapes))
    weights = [(draw(k, s), jnp.zeros(s[-1])) for k, s in zip(keys, shapes, strict=True)]
    return weights, optax.adamw(0.0).init(weights)


def _logits(weights: Weights, pixels: jax.Array, kept: jax.Array | float = 1) -> jax.Array:
    """Return logits, shape (n_rows, n_classes), for pixels, shape (n_rows, n_features)."""
    *convolutions, (last, last_bias) = weights
    x = pixels.reshape(-1, SIDE, SIDE, 1) / 16  # (n_rows, height, width, channels), 0 to 1
    for kernel, bias in convolutions:
        layout = ("NHWC", "HWIO", "NHWC")
        x = jax.lax.conv_general_dilated(x, kernel, (1, 1), "SAME", dimension_numbers=layout)
        x = jax.nn.relu(x + bias)
    x = x.reshape(-1, SIDE // 2, 2, SIDE // 2, 2, x.shape[-1]).max(axis=(2, 4))  # Of 2 x 2 pixels.
    return x.reshape(-1, len(last)) * kept @ last + last_bias


@jax.jit
def _probabilities(weights: Weights, pixels: jax.Array) -> jax.Array:
    return jax.nn.softmax(_logits(weights, pixels))


@jax.jit
def _step(state: State, rows: Arrays, batch: jax.Array, key: jax.Array, rates: Any) -> State:
    """Take a step along the gradient of a batch of row numbers; -1 pads a short batch."""
    (weights, optimizer_state), (pixels, target) = state, rows
    kept_fraction = 1 - rates["dropout"]
    kept = jax.random.bernoulli(key, kept_fraction, (len(batch), len(weights[-1][0])))

    def loss(weights: Weights) -> jax.Array:
        logits = _logits(weights, pixels[batch], kept / kept_fraction)
        return jnp.mean(cross_entropy(logits, target[batch]), where=batch >= 0)

    adamw = optax.adamw(rates["learning_rate"], weight_decay=rates["weight_decay"])
    updates, optimizer_state = adamw.update(jax.grad(loss)(weights), optimizer_state, weights)
    return optax.apply_updates(weights, updates), optimizer_state


@jax.jit
def _validate(weights: Weights, pixels: jax.Array, target: jax.Array) -> dict[str, jax.Array]:
    logits = _logits(weights, pixels)
    loss, hits = cross_entropy(logits, target).mean(), logits.argmax(axis=1) == target
    return {"validation_loss": loss, "validation_accuracy": hits.mean()}


def _arrays(rows: Rows) -> tuple[NDArray[np.float32], NDArray[np.int32]]:
    """Return features and target in the types of JAX: processes must put equal arrays."""
    return rows.features.to_numpy(np.float32), rows.target.to_numpy(np.int32)


def _batches(order: jax.Array, batch_size: int, n_devices: int) -> NDArray[np.int32]:
    """Divide row numbers into batches, padded with -1 to a multiple of the devices."""
    size = min(batch_size, len(order))
    batches = np.pad(order, (0, -len(order) % size), constant_values=-1).reshape(-1, size)
    return np.pad(batches, ((0, 0), (0, -size % n_devices)), constant_values=-1)


def _resume(path: Path, owner: dict[str, Any], start: State) -> tuple[State, int]:
    """Return the state in a checkpoint, shaped as ``start`` is, and the epochs that are done."""
    if not path.exists():
        log.info("there is no %s: the training starts from the beginning", path)
        return start, 0
    with _intact(path, "omit --resume"), np.load(path, allow_pickle=False) as arrays:
        theirs, n_done = dict(json.loads(str(arrays["owner"]))), int(arrays["epoch"])
        if other := {name: theirs.get(name) for name in owner if theirs.get(name) != owner[name]}:
            raise UserError(f"{path} is of a training with {other}; use these or omit --resume")
        state: State = _fill(start, arrays)
    return state, n_done


def _fill(tree: Any, arrays: Mapping[str, NDArray[Any]]) -> Any:
    """Put arrays in the place of those in a tree, which must have the same shapes."""
    leaves, structure = jax.tree.flatten(tree)
    found = [arrays[f"arr_{number}"] for number in range(len(leaves))]
    if [(one.shape, one.dtype) for one in found] != [(one.shape, one.dtype) for one in leaves]:
        raise ValueError("other shapes")
    return jax.tree.unflatten(structure, found)


@contextmanager
def _intact(path: Path, remedy: str) -> Iterator[None]:
    """Report in one line what NumPy raises for a file that is damaged or of another network."""
    unreadable = (OSError, EOFError, BadZipFile, RuntimeError, zlib.error)
    try:
        yield
    except (*unreadable, AttributeError, LookupError, TypeError, ValueError) as error:
        raise UserError(f"{path} is missing, damaged or of another network; {remedy}") from error


def _join() -> None:
    """Find the processes that share a training; JAX must not have started its devices before."""
    n_processes = int(os.environ.get("WORLD_SIZE", "1"))
    if n_processes == 1 or jax.distributed.is_initialized():
        return
    if missing := [name for name in ADDRESS if name not in os.environ]:
        raise UserError(f"WORLD_SIZE = {n_processes}: {', '.join(missing)} must be set as well")
    rank, host, port = (os.environ[name] for name in ADDRESS)
    mine = [int(os.environ["LOCAL_RANK"])] if "LOCAL_RANK" in os.environ else None
    jax.distributed.initialize(f"{host}:{port}", n_processes, int(rank), mine)


def _choose_device(asked: str) -> jax.Device:
    """Choose the first device of the kind that trains: all GPUs, or the CPU."""
    gpus, remedy = _gpus(), "'uv run just doctor' finds out why"
    if asked == "cuda" and not gpus:
        raise UserError(f"device = 'cuda': JAX finds no GPU here; {remedy}")
    if asked == "auto" and not gpus and any(map(find_spec, CUDA_PLUGINS)):
        log.warning("training on the CPU: JAX finds no GPU; %s", remedy)
    return gpus[0] if gpus and asked != "cpu" else _cpu()


def _gpus() -> list[jax.Device]:
    """List the GPUs of this process. JAX starts all devices now, and a GPU fails only once."""
    try:
        return [device for device in jax.local_devices() if device.platform == "gpu"]
    except (RuntimeError, AssertionError) as error:  # The second for a wrong JAX_PLATFORMS.
        log.debug("JAX starts no GPU: %s", error)
        return []


def _cpu() -> jax.Device:
    _gpus()
    return jax.local_devices(backend="cpu")[0]
