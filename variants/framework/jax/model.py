"""The model: the only module that knows the framework, beside ``devices.py``."""

import json
import logging
import os
import struct
from pathlib import Path
from tempfile import TemporaryDirectory
from types import SimpleNamespace
from typing import Any
from zipfile import BadZipFile

os.environ.setdefault("MLFLOW_ALLOW_PICKLE_DESERIALIZATION", "false")  # a pickle can run any code

import jax
import jax.numpy as jnp
import mlflow.pyfunc
import numpy as np
import optax
import pandas as pd
from jax import export
from numpy.typing import NDArray
from optax import softmax_cross_entropy_with_integer_labels as cross_entropy

from . import devices, doctor, progress, registry, workers
from .card import Card
from .data import Rows, digest
from .schema import CLASSES, FEATURES, SIDE, TARGET
from .settings import Settings

log = logging.getLogger(__name__)
# A saved program names no file of the machine that made it.
jax.config.update("jax_traceback_in_locations_limit", 0)  # type: ignore[no-untyped-call]
N_ROWS_AT_ONCE = 256  # in a prediction; fewer are filled up, as each number is compiled anew
Arrays = tuple[jax.Array, jax.Array]
Knobs = dict[str, float]
Weights = list[Arrays]  # kernel and bias of each layer
State = tuple[Weights, optax.OptState]


def fit(
    train: Rows, validation: Rows, settings: Settings, report: progress.Report
) -> export.Exported:
    """Train a network that maps pixels to probabilities, and return it as a program.

    Each epoch is reported and leaves a checkpoint, from which ``resume`` goes on. The same
    settings, rows and machine give the same weights, stopped in between or not.

    Raises:
        ValueError: If the checkpoint belongs to other settings or rows, or there is no such device.
    """
    rows_digest = digest(train.features.assign(**{TARGET: train.target}))
    owner = settings.model_dump(mode="json") | {"training_rows": rows_digest}
    knobs = settings.model_dump(include={"learning_rate", "weight_decay", "dropout"})
    path = settings.checkpoint_path
    workers.join()
    team = workers.Team(_choose_device(settings))
    with jax.default_device(team.device):
        key = jax.random.key(settings.seed)
        state = _draw(jax.random.fold_in(key, 0), settings.n_channels)
        state, n_done = _read(path, owner, state) if settings.resume else (state, 0)
        parts = [(part.features, part.target) for part in (train, validation)]
        state, (rows, held_out) = team.copy((state, parts))
        for epoch in progress.steps(n_done + 1, settings.epochs, unit="epoch"):
            # Each epoch has random numbers of its own: no generator's state needs a checkpoint.
            shuffle_key, dropout_key = jax.random.split(jax.random.fold_in(key, epoch))
            order = jax.random.permutation(shuffle_key, len(train.target))
            for step, batch in enumerate(team.deal(order, settings.batch_size)):
                state = _step(state, rows, batch, jax.random.fold_in(dropout_key, step), knobs)
            report(jax.tree.map(float, _validate(state[0], *held_out)), epoch)
            if workers.is_leader():
                _write(path, owner, state, epoch)
        weights = jax.tree.map(np.asarray, state[0])
    return _export(jax.jit(lambda pixels: jax.nn.softmax(_logits(weights, pixels))))


def predict_proba(model: export.Exported, features: pd.DataFrame) -> NDArray[np.float64]:
    """Predict probabilities: shape (n_rows, n_features) in, shape (n_rows, n_classes) out."""
    pixels = np.pad(features.to_numpy(np.float32), ((0, -len(features) % N_ROWS_AT_ONCE), (0, 0)))
    parts = pixels.reshape(-1, N_ROWS_AT_ONCE, len(FEATURES))
    with jax.default_device(devices.cpu()):  # A GPU would round otherwise.
        found = [model.call(part) for part in parts]  # type: ignore[no-untyped-call]
    return np.asarray(found, dtype=np.float64).reshape(-1, len(CLASSES))[: len(features)]


def save(model: export.Exported, example: pd.DataFrame, name: str, card: Card) -> str:
    """Register a model as the newest version of ``name`` and return its URI."""
    with TemporaryDirectory() as folder:
        path = Path(folder, "model.stablehlo")
        path.write_bytes(model.serialize())
        info = mlflow.pyfunc.log_model(
            name="model",
            loader_module=__name__,
            data_path=path,
            input_example=example,
            signature=mlflow.models.infer_signature(example, predict_proba(model, example)),
            registered_model_name=name,
            pip_requirements=card.requirements,
            metadata=card.metadata,
        )
    return f"models:/{name}/{info.registered_model_version}"


def load(uri: str) -> export.Exported:
    """Load a registered model. It names the code that loads it: use a store that you trust."""
    with registry.intact(uri, RuntimeError, struct.error):
        model: export.Exported = mlflow.pyfunc.load_model(uri).get_raw_model()
    return model


def _load_pyfunc(path: str) -> SimpleNamespace:
    """Read what ``save`` wrote, in the shape that MLflow serves."""
    model = export.deserialize(bytearray(Path(path).read_bytes()))
    return SimpleNamespace(predict=lambda x: predict_proba(model, x), get_raw_model=lambda: model)


def _export(function: jax.stages.Wrapped) -> export.Exported:
    """Turn a function of pixels into StableHLO for any number of rows, on a CPU or with CUDA."""
    pixels = export.symbolic_args_specs(jnp.zeros((1, len(FEATURES))), "n_rows, ...")
    return export.export(function, platforms=("cpu", "cuda"))(pixels)


def _write(path: Path, owner: dict[str, Any], state: State, epoch: int) -> None:
    """Write a checkpoint, whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f"{path.name}.part.npz")
    np.savez(unfinished, *jax.tree.leaves(state), owner=json.dumps(owner), epoch=epoch)
    unfinished.replace(path)


def _read(path: Path, owner: dict[str, Any], start: State) -> tuple[State, int]:
    """Return the state of a checkpoint, shaped as ``start`` is, and the epochs behind it."""
    if not path.exists():
        log.info("there is no %s: the training starts from the beginning", path)
        return start, 0
    unfit = ValueError(f"{path} is no checkpoint that fits; omit '--resume'")
    try:
        with np.load(path, allow_pickle=False) as file:
            found = dict(file)
        recorded, epoch = dict(json.loads(str(found.pop("owner")))), int(found.pop("epoch"))
    except (BadZipFile, EOFError, KeyError, TypeError, ValueError) as error:
        raise unfit from error
    if other := {k: recorded.get(k) for k in owner if recorded.get(k) != owner[k]}:
        raise ValueError(f"{path} belongs to a training with {other}: use these or omit '--resume'")
    if [array.shape for array in found.values()] != [a.shape for a in jax.tree.leaves(start)]:
        raise unfit
    return jax.tree.unflatten(jax.tree.structure(start), map(jnp.asarray, found.values())), epoch


def _choose_device(settings: Settings) -> jax.Device:
    has_gpu = bool(devices.found())
    if settings.device == "cuda" and not has_gpu:
        raise ValueError(f"device = 'cuda': {doctor.first_problem() or 'here is only a CPU'}")
    if settings.device == "auto" and not has_gpu and devices.build().cuda:
        log.warning("training on the CPU: %s", doctor.first_problem() or "JAX finds no GPU")
    return jax.devices("cuda")[0] if has_gpu and settings.device != "cpu" else devices.cpu()


def _draw(key: jax.Array, n_channels: int) -> State:
    """Draw two convolutions that keep the scan's size, and a linear layer on top."""
    n_flat = 2 * n_channels * (SIDE // 2) ** 2
    shapes = [(3, 3, 1, n_channels), (3, 3, n_channels, 2 * n_channels), (n_flat, len(CLASSES))]
    draw, keys = jax.nn.initializers.he_normal(), jax.random.split(key, len(shapes))
    weights = [(draw(k, s), jnp.zeros(s[-1])) for k, s in zip(keys, shapes, strict=True)]
    return weights, optax.adamw(0.0).init(weights)


def _logits(weights: Weights, pixels: jax.Array, kept: jax.Array | float = 1) -> jax.Array:
    """Give logits, shape (n_rows, n_classes), for pixels, shape (n_rows, 64)."""
    *convolutions, (last, last_bias) = weights
    x = pixels.reshape(-1, SIDE, SIDE, 1) / 16  # (n_rows, height, width, channels), 0 to 1
    for kernel, bias in convolutions:
        layout = ("NHWC", "HWIO", "NHWC")
        x = jax.lax.conv_general_dilated(x, kernel, (1, 1), "SAME", dimension_numbers=layout)
        x = jax.nn.relu(x + bias)
    x = x.reshape(-1, SIDE // 2, 2, SIDE // 2, 2, x.shape[-1]).max(axis=(2, 4))  # of 2 x 2 pixels
    return x.reshape(-1, len(last)) * kept @ last + last_bias


@jax.jit
def _step(state: State, rows: Arrays, batch: jax.Array, key: jax.Array, knobs: Knobs) -> State:
    """Go one step along the gradient of a batch of row numbers; -1 fills up a short batch."""
    (weights, optimizer_state), (pixels, target) = state, rows
    share = 1 - knobs["dropout"]
    kept = jax.random.bernoulli(key, share, (len(batch), len(weights[-1][0]))) / share

    def loss(weights: Weights) -> jax.Array:
        losses = cross_entropy(_logits(weights, pixels[batch], kept), target[batch])
        return jnp.mean(losses, where=batch >= 0)

    adamw = optax.adamw(knobs["learning_rate"], weight_decay=knobs["weight_decay"])
    updates, optimizer_state = adamw.update(jax.grad(loss)(weights), optimizer_state, weights)
    return optax.apply_updates(weights, updates), optimizer_state


@jax.jit
def _validate(weights: Weights, pixels: jax.Array, target: jax.Array) -> dict[str, jax.Array]:
    logits = _logits(weights, pixels)
    loss, hits = cross_entropy(logits, target).mean(), logits.argmax(axis=1) == target
    return {"validation_loss": loss, "validation_accuracy": hits.mean()}
