"""Teaches all heads at once, starting from the pre-trained encoder.

``python -m models.train`` starts from the mean of the teachers' networks (``--start``: from an earlier result,
for when labels were added), reads what they think in ``taught.npz`` (see :mod:`models.teach`) and leaves
``trained.pt``: the averaged weights that did best on the dev sets. With ``--alone`` it starts from ``pretrained.pt``
and learns from labels only. Run it again after a break and it goes on where it stopped.
"""

from __future__ import annotations

import copy
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import torch
import typer
from tokenizers import Tokenizer
from torch import Tensor

from models.corpora import DEFAULT_DATA, Corpora
from models.dequantize import network_from_onnx
from models.examples import (
    Batch,
    label_counts,
    rarity_weights,
    sample_batches,
)
from models.heads import MENTION_HEADS
from models.inference import Floats, score_windows
from models.losses import class_weights, total_loss
from models.metrics import Labels, macro_f1
from models.network import Encoder, Network, Shape
from models.pretrain import learning_rate, load_pretrained
from models.taught import COPY_SHARE, TAUGHT, load_taught_set
from models.torch_engine import TorchForward, bfloat16
from models.training_set import TrainingSet, load_training_set
from models.vocabulary import MASK, SPECIAL_TOKENS, WORK_FOLDER

TRAINED = "trained.pt"
FOLD_FOLDERS = "fold-*"
STATE = "training.pt"
_LOG_EVERY_STEPS = 50
_NEGATIVE, _POSITIVE = 0, 2


@dataclass(frozen=True, slots=True)
class Recipe:
    """How to train.

    Attributes:
        minutes: Time of training over all runs.
        peak_rate: Highest learning rate of the encoder.
        head_rate_factor: How much faster the heads learn.
        dropout: Share of the states dropped.
        noise: Share of the pieces hidden from the encoder.
        batch_tokens: Tokens of a batch, padding included.
        full_share: Share of the batches that come from the fully labelled messages.
        class_power: How far rare labels weigh more (see :func:`models.losses.class_weights`).
        sample_power: How far messages with rare labels are drawn more often.
        average_decay: Decay of the running average of the weights.
        evaluate_every_s: Seconds of training between looks at the dev sets.
        seed: Seed of everything.
    """

    minutes: float = 30.0
    peak_rate: float = 5e-4
    head_rate_factor: float = 2.0
    dropout: float = 0.1
    noise: float = 0.08
    batch_tokens: int = 1536
    full_share: float = 0.5
    class_power: float = 0.25
    sample_power: float = 0.5
    average_decay: float = 0.998
    evaluate_every_s: float = 480.0
    seed: int = 1


def load_network(work: Path, *, dropout: float) -> Network:
    """Returns the network with the pre-trained encoder and new heads."""
    weights = load_pretrained(work)
    n_pieces, width = weights["embedding.weight"].shape
    network = Network(Encoder(Shape(n_pieces, width), dropout=dropout), dropout=dropout)
    network.encoder.load_state_dict(weights)
    return network


def mean_network(files: Sequence[Path], *, dropout: float) -> Network:
    """Returns the network whose weights are the mean of those of several ``trained.pt``.

    They must have begun at the same weights; then their mean is about as good as they are together (model
    soups, Wortsman et al. 2022, arXiv 2203.05482).
    """
    states = [torch.load(file, weights_only=True) for file in files]
    network = Network(Encoder(Shape(**states[0]["shape"]), dropout=dropout), dropout=dropout)
    models = [state["model"] for state in states]
    mean = {name: torch.stack([one[name] for one in models]).mean(dim=0) for name in models[0]}
    network.load_state_dict(mean)
    return network


def evaluate_on_dev(network: Network, data: TrainingSet) -> dict[str, float]:
    """Returns the macro F1 of each head on the dev sets, and that of Snappfood's two classes."""
    network.eval()
    scores = score_windows(TorchForward(network), [example.window for example in data.dev_full])
    figures: dict[str, float] = {}
    for column, name in enumerate(MENTION_HEADS):
        truth = np.concatenate([example.mentions[:, column] for example in data.dev_full])
        figures[name] = macro_f1(truth, np.concatenate([one[name] for one in scores]).argmax(axis=-1))
    for name in ("sentiment", "emotion"):
        truth = np.array([getattr(example, name) for example in data.dev_full])
        figures[name] = macro_f1(truth, np.stack([one[name] for one in scores]).argmax(axis=-1))
    snappfood = score_windows(TorchForward(network), [example.window for example in data.dev_snappfood])
    truth = np.array([example.sentiment for example in data.dev_snappfood])
    figures["snappfood"] = macro_f1(truth, two_class(np.stack([one["sentiment"] for one in snappfood])))
    network.train()
    return figures


def two_class(scores: Floats) -> Labels:
    """Returns negative or positive, whichever scores higher. Shape: (messages, 4) to (messages,)."""
    return np.where(scores[:, _NEGATIVE] > scores[:, _POSITIVE], _NEGATIVE, _POSITIVE)


class Trainer:
    """A run of training with all that a later run needs to go on.

    Args:
        work: Folder that gets ``trained.pt`` and the state of the run.
        data: What is trained on and chosen by.
        recipe: How to train.
        network: What is trained; its encoder may be any that :class:`models.network.Network` takes.
        compiled: Whether to compile the encoder first.
        device: Where to train, ``cpu`` or ``cuda``.
        clock: Tells the time that the recipe's minutes are counted by, in seconds.
        on_step: Is told after each step which share of the time is spent.
    """

    def __init__(
        self,
        work: Path,
        data: TrainingSet,
        recipe: Recipe,
        *,
        network: Network,
        compiled: bool,
        device: str = "cpu",
        clock: Callable[[], float] = time.monotonic,
        on_step: Callable[[float], None] = lambda share: None,
    ) -> None:
        self.clock = clock
        self.work, self.data, self.recipe = work, data, recipe
        self.device, self.on_step = torch.device(device), on_step
        self.network = network.to(self.device)
        self.average = copy.deepcopy(network).eval()
        self.optimizer = _optimizer(self.network, recipe)
        weights = class_weights(label_counts(data.full), power=recipe.class_power)
        self.weights = {name: one.to(device) for name, one in weights.items()}
        self.step, self.spent_s, self.best = 0, 0.0, -1.0
        if (work / STATE).exists():
            self._resume()
        self.compiled = compiled
        if compiled:
            self.network.encoder.compile(dynamic=False)
        self.generator = torch.Generator().manual_seed(recipe.seed + self.step)

    def run(self) -> None:
        """Trains until the recipe's time is spent; the best averaged weights are in ``trained.pt``."""
        batches = self._batches()
        total_s = self.recipe.minutes * 60
        losses: list[float] = []
        shapes: set[torch.Size] = set()
        n_tokens, evaluated_at, before = 0, self.spent_s, self.clock()
        while self.spent_s < total_s:
            batch = next(batches)
            losses.append(self._train_on(batch, learning_rate(self.spent_s / total_s, 1.0)))
            n_tokens += batch.tokens.numel()
            now = self.clock()
            # The first batch of each shape is compiled for, which takes longer than many steps.
            self.spent_s += now - before if batch.tokens.shape in shapes or not self.compiled else 0.0
            shapes.add(batch.tokens.shape)
            before = now
            self.on_step(min(1.0, self.spent_s / total_s))
            if self.step % _LOG_EVERY_STEPS == 0:
                recent = float(np.mean(losses[-_LOG_EVERY_STEPS:]))
                typer.echo(
                    f"{self.spent_s / 60:5.1f} min  step {self.step:5,}  loss {recent:.3f}  "
                    f"{n_tokens / self.spent_s:,.0f} tokens/s"
                )
            if self.spent_s - evaluated_at > self.recipe.evaluate_every_s:
                evaluated_at = self.spent_s
                self._evaluate()
        self._evaluate()

    def _train_on(self, batch: Batch, share: float) -> float:
        for group in self.optimizer.param_groups:
            group["lr"] = group["peak"] * share
        tokens = self._with_noise(batch.tokens).to(self.device)
        batch = _moved(batch, self.device)
        with bfloat16(self.device):
            scores = self.network(tokens, batch.is_token, batch.spans)
        loss = total_loss(scores, batch, self.weights)
        torch.autograd.backward(loss)
        torch.nn.utils.clip_grad_norm_(self.network.parameters(), 1.0)
        self.optimizer.step()
        self.optimizer.zero_grad(set_to_none=True)
        self.step += 1
        decay = min(self.recipe.average_decay, self.step / (self.step + 10))
        with torch.no_grad():
            for average, current in zip(self.average.parameters(), self.network.parameters(), strict=True):
                average.lerp_(current, 1.0 - decay)
        return float(loss.item())

    def _with_noise(self, tokens: Tensor) -> Tensor:
        chance = torch.rand(tokens.shape, generator=self.generator)
        is_piece = tokens >= len(SPECIAL_TOKENS)
        return tokens.masked_fill((chance < self.recipe.noise) & is_piece, SPECIAL_TOKENS.index(MASK))

    def _batches(self) -> Iterator[Batch]:
        recipe = self.recipe
        seed = recipe.seed + self.step
        labelled = self.data.full + self.data.full_copies.examples
        others = self.data.partial + self.data.partial_copies.examples
        rarity = rarity_weights(labelled, power=recipe.sample_power, limit=4.0)
        full = sample_batches(labelled, rarity, batch_tokens=recipe.batch_tokens, seed=seed)
        other = sample_batches(others, None, batch_tokens=recipe.batch_tokens, seed=seed)
        rng = np.random.default_rng(seed)
        while True:
            yield next(full if rng.random() < recipe.full_share else other)

    def _evaluate(self) -> None:
        figures = evaluate_on_dev(self.average, self.data)
        mean = float(np.mean(list(figures.values())))
        typer.echo(f"dev {mean:.4f}  " + "  ".join(f"{name} {value:.3f}" for name, value in figures.items()))
        if mean > self.best:
            self.best = mean
            shape = asdict(self.average.encoder.shape)
            _save(self.work / TRAINED, {"model": self.average.state_dict(), "shape": shape, "dev": figures})
        state = {
            "model": self.network.state_dict(),
            "average": self.average.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "step": self.step,
            "spent_s": self.spent_s,
            "best": self.best,
        }
        _save(self.work / STATE, state)

    def _resume(self) -> None:
        state = torch.load(self.work / STATE, map_location=self.device, weights_only=True)
        self.network.load_state_dict(state["model"])
        self.average.load_state_dict(state["average"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.step, self.spent_s, self.best = state["step"], state["spent_s"], state["best"]
        typer.echo(f"goes on at step {self.step:,}")


def main(
    *,
    data: Annotated[Path, typer.Option(help="Folder of the corpora.")] = DEFAULT_DATA,
    work: Annotated[Path, typer.Option(help="Folder of the checkpoints.")] = WORK_FOLDER,
    minutes: Annotated[
        float, typer.Option(help="Minutes of training in all, as long as all threads have a core.")
    ] = 30.0,
    peak_rate: Annotated[float, typer.Option(help="Highest learning rate.")] = 5e-4,
    threads: Annotated[int, typer.Option(help="Threads of the matrix work.")] = 2,
    seed: Annotated[int, typer.Option(help="Seed of everything.")] = 1,
    full_share: Annotated[float, typer.Option(help="Share of the batches with all labels.")] = 0.5,
    alone: Annotated[bool, typer.Option(help="Learn from the labels only, without teachers.")] = False,
    start: Annotated[
        Path | None,
        typer.Option(help="A trained.pt or model.onnx to start from instead of the mean of the teachers."),
    ] = None,
    compiled: Annotated[bool, typer.Option(help="Compile the encoder (needs a C++ compiler).")] = True,
) -> None:
    """Fine-tunes all heads; stop it at any time, run it again to go on."""
    torch.set_num_threads(threads)
    torch.manual_seed(seed)
    tokenizer = Tokenizer.from_file(str(work / "tokenizer.json"))
    recipe = Recipe(minutes=minutes, peak_rate=peak_rate, full_share=full_share, seed=seed)
    if alone:
        training_set = load_training_set(Corpora(data), tokenizer, copy_share=COPY_SHARE)
        network = load_network(work, dropout=recipe.dropout)
    else:
        training_set = load_taught_set(Corpora(data), tokenizer, work / TAUGHT)
        if start is not None and start.suffix == ".onnx":
            network = network_from_onnx(start, dropout=recipe.dropout).train()
        else:
            starts = [start] if start else sorted(work.glob(f"{FOLD_FOLDERS}/{TRAINED}"))
            network = mean_network(starts, dropout=recipe.dropout)
    typer.echo(f"{len(training_set.full):,} fully and {len(training_set.partial):,} partly labelled messages")
    trainer = Trainer(
        work, training_set, recipe, network=network, compiled=compiled, clock=lambda: core_seconds(threads)
    )
    trainer.run()


def core_seconds(threads: int) -> float:
    """Returns the processor time of this process per thread, so that a busy machine trains as much."""
    return time.process_time() / threads


def _moved(batch: Batch, device: torch.device) -> Batch:
    if device.type == "cpu":
        return batch
    moved: dict[str, Any] = {}
    for one in fields(Batch):
        value = getattr(batch, one.name)
        moved[one.name] = (
            value.to(device)
            if isinstance(value, Tensor)
            else {name: tensor.to(device) for name, tensor in value.items()}
        )
    return replace(batch, **moved)


def _optimizer(network: Network, recipe: Recipe) -> torch.optim.AdamW:
    encoder = list(network.encoder.parameters())
    in_encoder = {id(parameter) for parameter in encoder}
    heads = [parameter for parameter in network.parameters() if id(parameter) not in in_encoder]
    groups = [
        {"params": [p for p in encoder if p.ndim > 1], "peak": recipe.peak_rate, "weight_decay": 0.02},
        {"params": [p for p in encoder if p.ndim <= 1], "peak": recipe.peak_rate, "weight_decay": 0.0},
        {"params": heads, "peak": recipe.head_rate_factor * recipe.peak_rate, "weight_decay": 0.02},
    ]
    return torch.optim.AdamW(groups, lr=recipe.peak_rate, betas=(0.9, 0.98), fused=True)


def _save(path: Path, state: dict[str, object]) -> None:
    partial = path.with_suffix(".partial")
    torch.save(state, partial)
    partial.replace(path)


if __name__ == "__main__":
    typer.run(main)
