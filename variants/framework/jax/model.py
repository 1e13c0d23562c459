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

# JAX reads these when it initializes its devices, after all imports.
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
from .schema import CLASSES, TARGET
from .settings import Settings
from .tracking import Report, is_leader

log = logging.getLogger(__name__)
logging.getLogger("jax").setLevel(logging.WARNING)  # INFO lists missing TPUs.

Arrays = tuple[jax.Array, jax.Array]
Weights = tuple[jax.Array, list[Arrays]]
"""Embeddings of all categories, and kernel and bias of each layer."""

State = tuple[Weights, optax.OptState]
Encoding = dict[str, Any]
"""Statistics of the training columns; see ``_measure``."""

Model = tuple[Encoding, Weights]

FILE = Path("data/model.npz")
"""File of a saved model, the only one that is read: a pickle could run any code."""

CHUNK_ROWS = 256
"""Rows per chunk of a prediction, padded, as JAX recompiles for each number of rows."""

N_STEPS = 16
"""Minimum number of steps in an epoch: a small table gets smaller batches."""

WIDTH, LIMIT = 8, 10.0
"""Size of a category's embedding; standard deviations beyond which numbers are clipped."""

ADDRESS = ("RANK", "MASTER_ADDR", "MASTER_PORT")
"""Variables of each worker, besides WORLD_SIZE; ``torchrun`` sets them too."""

CUDA_PLUGINS = ("jax_cuda13_plugin", "jax_cuda12_plugin")


def fit(train: Rows, validation: Rows, settings: Settings, report: Report) -> Model:
    """Train a network, and return its weights.

    Each epoch is reported and writes a checkpoint, from which ``resume`` continues. The same
    settings, rows and machine give the same weights, interrupted or not. Each GPU of each
    process computes the gradients of its rows of a batch; XLA sums them, so the weights are those
    of one device except for rounding.

    Raises:
        UserError: If the checkpoint has other settings or rows, or the device is missing.
    """
    _join()
    device = _choose_device(settings.device)
    mesh = Mesh(np.array(jax.devices(device.platform)), ("rows",))
    everywhere = NamedSharding(mesh, Axes())  # type: ignore[no-untyped-call]
    divided = NamedSharding(mesh, Axes("rows"))  # type: ignore[no-untyped-call]
    checksum = data.checksum(train.features.assign(**{TARGET: train.target}))
    owner = settings.model_dump(mode="json") | {"training_rows": checksum}
    path = settings.checkpoint_path
    encoding = _measure(train)
    with jax.default_device(device):
        key = jax.random.fold_in(jax.random.key(settings.seed), 0)
        start = _draw(key, encoding, settings.n_hidden), 0
        state, n_done = _resume(path, owner, start) if settings.resume and path else start
        state = jax.device_put(jax.tree.map(np.asarray, state), everywhere)
        arrays = [_arrays(encoding, part) for part in (train, validation)]
        rows, held_out = jax.device_put(arrays, everywhere)
        epochs = range(n_done + 1, settings.epochs + 1)
        for epoch in tqdm(epochs, unit="epoch", disable=None if is_leader() else True):
            state = _train(state, rows, settings, epoch, divided)
            report(jax.tree.map(float, _validate(state[0], *held_out)), epoch)
            if is_leader() and path:
                leaves = map(np.asarray, jax.tree.leaves(state))
                with files.replacing(path) as part, part.open("wb") as file:
                    np.savez(file, *leaves, owner=json.dumps(owner), epoch=epoch)
        weights: Weights = jax.tree.map(np.asarray, state[0])
    return encoding, weights


def predict(model: Model, features: pd.DataFrame) -> NDArray[np.float64]:
    """Predict probabilities of classes or a number; shape (n_rows, n_classes) or (n_rows, 1)."""
    encoding, weights = model
    columns = _encode(encoding, features)
    padded = np.pad(columns, ((0, -len(columns) % CHUNK_ROWS), (0, 0)))
    parts = padded.reshape(-1, CHUNK_ROWS, columns.shape[1])
    with jax.default_device(_cpu()):  # A GPU would round differently.
        found = [_predict(weights, part) for part in parts]
    values = np.asarray(found, np.float64).reshape(-1, max(1, len(CLASSES)))[: len(columns)]
    mean, deviation = encoding["target"]
    return values if CLASSES else values * deviation + mean


def save(model: Model, example: pd.DataFrame, name: str, **facts: Any) -> str:
    """Register a model, with requirements and metadata as facts, and return its version."""
    with TemporaryDirectory() as folder:
        path = Path(folder, FILE.name)
        np.savez(path, *jax.tree.leaves(model[1]), encoding=json.dumps(model[0]))
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


def load(folder: Path) -> Model:
    """Load the model in a folder.

    Raises:
        UserError: If the file is damaged or missing.
    """
    path = folder / FILE
    with _intact(path, "train a new model"), np.load(path, allow_pickle=False) as arrays:
        encoding, n_hidden = json.loads(str(arrays["encoding"])), arrays["arr_1"].shape[1]
        state = jax.eval_shape(lambda: _draw(jax.random.key(0), encoding, n_hidden))
        return encoding, _fill(state[0], arrays)


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


def _encode(encoding: Encoding, features: pd.DataFrame) -> NDArray[np.float32]:
    """Standardize numbers, mark gaps, encode categories; shape (n_rows, n_columns)."""
    means, deviations = ([*encoding[name].values()] for name in ("means", "deviations"))
    numbers = (features[[*encoding["means"]]].to_numpy(np.float64) - means) / deviations
    columns = [np.nan_to_num(numbers).clip(-LIMIT, LIMIT), features[encoding["gaps"]].isna()]
    first = 0
    for name, known in encoding["categories"].items():
        columns.append(first + 1 + pd.Index(known).get_indexer(features[name]))  # 0 is unknown.
        first += 1 + len(known)
    return np.column_stack(columns).astype(np.float32)


def _arrays(encoding: Encoding, rows: Rows) -> tuple[NDArray[np.float32], NDArray[Any]]:
    """Return columns and target: class indices, or standardized numbers."""
    mean, deviation = encoding["target"]
    if CLASSES:
        target = pd.Categorical(rows.target, CLASSES).codes.astype(np.int32)
    else:
        target = ((rows.target.to_numpy(np.float64) - mean) / deviation).astype(np.float32)
    return _encode(encoding, rows.features), target


def _draw(key: jax.Array, encoding: Encoding, n_hidden: int) -> State:
    """Draw two hidden layers, on numbers and embeddings of categories, and one for the output."""
    sizes = [1 + len(names) for names in encoding["categories"].values()]
    n_inputs = len(encoding["means"]) + len(encoding["gaps"]) + WIDTH * len(sizes)
    shapes = [(n_inputs, n_hidden), (n_hidden, n_hidden), (n_hidden, max(1, len(CLASSES)))]
    draw = jax.nn.initializers.variance_scaling(1 / 3, "fan_in", "uniform")
    keys = jax.random.split(key, len(shapes))
    layers = [(draw(k, s), jnp.zeros(s[1])) for k, s in zip(keys, shapes, strict=True)]
    weights = jnp.zeros((sum(sizes), WIDTH)), layers  # Unseen categories have no effect.
    return weights, optax.adamw(0.0).init(weights)


def _output(weights: Weights, columns: jax.Array, kept: Any = (1, 1)) -> jax.Array:
    """Return logits, or a standardized number, for what ``_encode`` returns."""
    embeddings, (*hidden, (last, last_bias)) = weights
    n_texts = (len(hidden[0][0]) - columns.shape[1]) // (WIDTH - 1)  # Each has WIDTH inputs.
    x, codes = jnp.split(columns, [columns.shape[1] - n_texts], axis=1)
    x = jnp.hstack([x, embeddings[codes.astype(int)].reshape(len(x), -1)])
    for (kernel, bias), mask in zip(hidden, kept, strict=True):
        x = jax.nn.relu(x @ kernel + bias) * mask
    return x @ last + last_bias


def _losses(output: jax.Array, target: jax.Array) -> jax.Array:
    found: jax.Array = cross_entropy(output, target) if CLASSES else (output[:, 0] - target) ** 2
    return found


@jax.jit
def _predict(weights: Weights, columns: jax.Array) -> jax.Array:
    output = _output(weights, columns)
    return jax.nn.softmax(output) if CLASSES else output


def _train(state: State, rows: Arrays, settings: Settings, epoch: int, divided: Any) -> State:
    """Train an epoch with its own random key, so that checkpoints need no generator state."""
    key = jax.random.fold_in(jax.random.key(settings.seed), epoch)
    shuffle_key, dropout_key = jax.random.split(key)
    rates = settings.model_dump(include={"weight_decay", "dropout"})
    rates["learning_rate"] = settings.learning_rate * (1 - (epoch - 1) / settings.epochs)
    order = jax.random.permutation(shuffle_key, len(rows[1]))
    for step, batch in enumerate(_batches(order, settings.batch_size, divided.mesh.size)):
        dropped = jax.random.fold_in(dropout_key, step)
        state = _step(state, rows, jax.device_put(batch, divided), dropped, rates)
    return state


@jax.jit
def _step(state: State, rows: Arrays, batch: jax.Array, key: jax.Array, rates: Any) -> State:
    """Take a step along the gradient of a batch of row numbers; -1 pads a short batch."""
    (weights, optimizer_state), (columns, target) = state, rows
    kept_fraction = 1 - rates["dropout"]
    kept = jax.random.bernoulli(key, kept_fraction, (2, len(batch), len(weights[1][1][0])))

    def loss(weights: Weights) -> jax.Array:
        output = _output(weights, columns[batch], kept / kept_fraction)
        return jnp.mean(_losses(output, target[batch]), where=batch >= 0)

    adamw = optax.adamw(rates["learning_rate"], weight_decay=rates["weight_decay"])
    updates, optimizer_state = adamw.update(jax.grad(loss)(weights), optimizer_state, weights)
    return optax.apply_updates(weights, updates), optimizer_state


@jax.jit
def _validate(weights: Weights, columns: jax.Array, target: jax.Array) -> dict[str, jax.Array]:
    output = _output(weights, columns)
    scores = {"validation_loss": _losses(output, target).mean()}
    if CLASSES:
        scores["validation_accuracy"] = (output.argmax(axis=1) == target).mean()
    return scores


def _batches(order: jax.Array, batch_size: int, n_devices: int) -> NDArray[np.int32]:
    """Divide row numbers into batches, padded with -1 to a multiple of the devices."""
    size = min(batch_size, 1 + len(order) // N_STEPS)
    batches = np.pad(order, (0, -len(order) % size), constant_values=-1).reshape(-1, size)
    return np.pad(batches, ((0, 0), (0, -size % n_devices)), constant_values=-1)


def _resume(path: Path, owner: dict[str, Any], start: tuple[State, int]) -> tuple[State, int]:
    """Return the state in a checkpoint, shaped like ``start``, and the finished epochs."""
    if not path.exists():
        log.info("no checkpoint %s: training starts from scratch", path)
        return start
    with _intact(path, "omit --resume"), np.load(path, allow_pickle=False) as arrays:
        theirs, n_done = dict(json.loads(str(arrays["owner"]))), int(arrays["epoch"])
        if other := {name: theirs.get(name) for name in owner if theirs.get(name) != owner[name]}:
            raise UserError(f"{path} is from a training with {other}; use these or omit --resume")
        state: State = _fill(start[0], arrays)
    return state, n_done


def _fill(tree: Any, arrays: Mapping[str, NDArray[Any]]) -> Any:
    """Replace the arrays of a tree by others of the same shapes."""
    leaves, structure = jax.tree.flatten(tree)
    found = [arrays[f"arr_{number}"] for number in range(len(leaves))]
    if [(one.shape, one.dtype) for one in found] != [(one.shape, one.dtype) for one in leaves]:
        raise ValueError("other shapes")
    return jax.tree.unflatten(structure, found)


@contextmanager
def _intact(path: Path, remedy: str) -> Iterator[None]:
    """Report errors of NumPy for a damaged or unsuitable file in one line."""
    unreadable = (OSError, EOFError, BadZipFile, RuntimeError, zlib.error)
    try:
        yield
    except (*unreadable, AttributeError, LookupError, TypeError, ValueError) as error:
        raise UserError(f"{path} is missing, damaged or from another network; {remedy}") from error


def _join() -> None:
    """Join the other workers of a training, before JAX initializes its devices."""
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
    gpus, remedy = _gpus(), "'uv run just doctor' shows why"
    if asked == "cuda" and not gpus:
        raise UserError(f"device = 'cuda': JAX finds no GPU here; {remedy}")
    if asked == "auto" and not gpus and any(map(find_spec, CUDA_PLUGINS)):
        log.warning("training on the CPU: JAX finds no GPU; %s", remedy)
    return gpus[0] if gpus and asked != "cpu" else _cpu()


def _gpus() -> list[jax.Device]:
    """List the GPUs of this process; initializes all devices, where a GPU fails only once."""
    try:
        return [device for device in jax.local_devices() if device.platform == "gpu"]
    except (RuntimeError, AssertionError) as error:  # The second: an invalid JAX_PLATFORMS.
        log.debug("JAX initializes no GPU: %s", error)
        return []


def _cpu() -> jax.Device:
    _gpus()
    return jax.local_devices(backend="cpu")[0]
