"""Fine-tunes the shipped encoder on another set and measures it there; those weights are thrown away.

The new head starts from the shipped one of its kind; of its last layer, the rows of labels that mean about
the same. Weights are averaged over the
run, and the moment with the best macro F1 on dev is kept.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from tokenizers import Tokenizer
from torch import Tensor, nn
from torch.nn import functional

from models.checkpoint import Checkpoint
from models.dequantize import network_from_onnx
from models.encoding import Window, encode_texts, first_window, frame_of
from models.evaluation.records import Transfer
from models.evaluation.tasks import Labelled, Task
from models.heads import MESSAGE_HEADS
from models.inference import collate
from models.metrics import Figure, Labels, Resampling, Scorecard, macro_f1, score
from models.network import Network

_OUTSIDE = -1e4


@dataclass(frozen=True, slots=True)
class FineTuning:
    """How to fine-tune.

    Attributes:
        n_epochs: Passes over the training texts.
        peak_rate: Highest learning rate of the encoder; the head learns four times as fast.
        batch_tokens: Tokens of a batch, padding included.
        dropout: Share of the states dropped.
        noise: Share of the pieces hidden.
        smoothing: Label smoothing.
        average_decay: Decay of the running average of the weights.
        seed: Seed of everything.
    """

    n_epochs: int = 5
    peak_rate: float = 2e-4
    batch_tokens: int = 1536
    dropout: float = 0.1
    noise: float = 0.05
    smoothing: float = 0.1
    average_decay: float = 0.99
    seed: int = 1


@dataclass(frozen=True, slots=True)
class Texts:
    """Texts as windows with the numbers of their labels."""

    windows: list[Window]
    labels: Labels


class TextChooser(nn.Module):
    """An encoder with one head that chooses a label for the whole text, pooling as the shipped one does.

    Args:
        network: What it starts from; its encoder is changed by training.
        head: The message head to start from.
        rows: For each label to choose from, the row of the head's last layer that it starts from, if any.
    """

    def __init__(self, network: Network, head: str, rows: Sequence[int | None]) -> None:
        super().__init__()
        row = list(MESSAGE_HEADS).index(head)
        width = network.message_pooling.in_features
        self.encoder = network.encoder
        self.pooling = nn.Linear(width, 1)
        with torch.no_grad():
            self.pooling.weight.copy_(network.message_pooling.weight[row : row + 1])
            self.pooling.bias.copy_(network.message_pooling.bias[row : row + 1])
        layers = network.heads[head]
        if not isinstance(layers, nn.Sequential):
            raise TypeError(f"the head {head} of the network must be a sequence of layers")
        *below, last = layers
        self.head = nn.Sequential(*below, _last_layer(last, rows))

    def forward(self, tokens: Tensor, is_token: Tensor) -> Tensor:
        """Returns the scores of each label.

        Args:
            tokens: Piece numbers. Shape: (batch, tokens).
            is_token: True where there is a token. Shape: (batch, tokens).

        Returns:
            Shape: (batch, labels).
        """
        states = self.encoder(tokens, is_token)
        inside = is_token[..., None].to(states.dtype)
        weights = (self.pooling(states) + (1.0 - inside) * _OUTSIDE).softmax(dim=1)
        mean = (states * inside).sum(dim=1) / inside.sum(dim=1)
        scores: Tensor = self.head(torch.cat(((weights * states).sum(dim=1), mean, states[:, 0]), dim=-1))
        return scores


def _last_layer(shipped: nn.Module, rows: Sequence[int | None]) -> nn.Linear:
    if not isinstance(shipped, nn.Linear):
        raise TypeError("the last layer of a head must be linear")
    layer = nn.Linear(shipped.in_features, len(rows))
    with torch.no_grad():
        for place, row in enumerate(rows):
            if row is not None:
                layer.weight[place] = shipped.weight[row]
                layer.bias[place] = shipped.bias[row]
    return layer


def measure_transfer(
    checkpoint: Checkpoint,
    task: Task,
    recipe: FineTuning,
    *,
    n_seeds: int = 1,
    watch: Callable[[int, int], None] | None = None,
) -> Transfer:
    """Returns how the shipped encoder does on a task after learning from its training texts.

    Args:
        checkpoint: The shipped network.
        task: The texts.
        recipe: How to fine-tune.
        n_seeds: How often, with the seeds from ``recipe.seed`` on; the mean is reported.
        watch: Told the steps done and the steps in all.
    """
    reader = Tokenizer.from_file(str(checkpoint.tokenizer))
    room = checkpoint.manifest.max_tokens
    train, dev, test = (
        _encode(reader, part, task.labels, max_tokens=room) for part in (task.train, task.dev, task.test)
    )
    samples, n_labels = Resampling(len(test.labels)), len(task.labels)
    cards: list[Scorecard] = []
    for seed in range(recipe.seed, recipe.seed + n_seeds):
        torch.manual_seed(seed)
        chooser = TextChooser(_network(checkpoint, recipe.dropout), task.head, _rows(task))
        chosen = replace(recipe, seed=seed)
        best = fine_tune(chooser, train, dev, chosen, hidden_piece=_mask_of(reader), watch=watch)
        guesses = choose(best, test.windows)
        places = np.arange(len(guesses))
        cards.append(score(test.labels, guesses, places, samples, n_labels=n_labels, min_support=1))
    return Transfer(task.name, len(train.labels), len(test.labels), n_seeds, _mean_card(cards))


def fine_tune(
    chooser: TextChooser,
    train: Texts,
    dev: Texts,
    recipe: FineTuning,
    *,
    hidden_piece: int | None,
    watch: Callable[[int, int], None] | None = None,
) -> TextChooser:
    """Returns the averaged weights that did best on dev, looked at after each epoch."""
    torch.manual_seed(recipe.seed)
    average = copy.deepcopy(chooser).eval()
    optimizer = _optimizer(chooser.train(), recipe)
    epochs = [list(_batches(train, recipe, seed=recipe.seed * 1000 + i)) for i in range(recipe.n_epochs)]
    n_steps = sum(map(len, epochs))
    best, best_f1, step = average, -1.0, 0
    for epoch in epochs:
        for windows, labels in epoch:
            _train_on(
                chooser, optimizer, windows, labels, recipe, share=step / n_steps, hidden_piece=hidden_piece
            )
            step += 1
            _follow(average, chooser, decay=min(recipe.average_decay, step / (step + 10)))
            if watch is not None:
                watch(step, n_steps)
        found = macro_f1(dev.labels, choose(average, dev.windows), min_support=1)
        if found > best_f1:
            best, best_f1 = copy.deepcopy(average), found
    return best


def choose(chooser: TextChooser, windows: Sequence[Window]) -> Labels:
    """Returns the number of the likeliest label of each text. Shape: (texts,)."""
    guesses = np.zeros(len(windows), dtype=np.int64)
    lengths = [len(window.pieces) for window in windows]
    with torch.inference_mode():
        for batch in _plan(lengths, range(len(windows)), 2048):
            tokens, is_token, _ = collate([windows[i] for i in batch])
            scores = chooser(torch.from_numpy(tokens), torch.from_numpy(is_token))
            guesses[batch] = scores.argmax(dim=-1).numpy()
    return guesses


def _rows(task: Task) -> list[int | None]:
    ours = [label.value for label in MESSAGE_HEADS[task.head]]
    return [ours.index(task.alike[label]) if label in task.alike else None for label in task.labels]


def _network(checkpoint: Checkpoint, dropout: float) -> Network:
    if checkpoint.manifest.engine == "torch":
        from models.torch_engine import load_network

        return load_network(checkpoint, torch.device("cpu"))
    return network_from_onnx(checkpoint.model, dropout=dropout)


def _mask_of(tokenizer: Tokenizer) -> int | None:
    number = tokenizer.token_to_id("[MASK]")
    return tokenizer.token_to_id("<mask>") if number is None else number


def _encode(
    tokenizer: Tokenizer, texts: Sequence[Labelled], labels: Sequence[str], *, max_tokens: int
) -> Texts:
    frame = frame_of(tokenizer)
    encoded = encode_texts(tokenizer, [text for text, _ in texts])
    windows = [first_window(one, [], frame=frame, max_tokens=max_tokens) for one in encoded]
    return Texts(windows, np.array([labels.index(label) for _, label in texts], dtype=np.int64))


def _plan(lengths: Sequence[int], order: Sequence[int], batch_tokens: int) -> list[list[int]]:
    """Returns batches of like length: a random order, sorted by length within stretches of it."""
    stretch = max(1, batch_tokens // 2)
    batches: list[list[int]] = []
    for start in range(0, len(order), stretch):
        batch: list[int] = []
        for i in sorted(order[start : start + stretch], key=lambda i: lengths[i]):
            if batch and (len(batch) + 1) * lengths[i] > batch_tokens:
                batches.append(batch)
                batch = []
            batch.append(i)
        batches.append(batch)
    return batches


def _batches(texts: Texts, recipe: FineTuning, *, seed: int) -> Iterator[tuple[list[Window], Labels]]:
    rng = np.random.default_rng(seed)
    lengths = [len(window.pieces) for window in texts.windows]
    batches = _plan(lengths, rng.permutation(len(lengths)).tolist(), recipe.batch_tokens)
    for i in rng.permutation(len(batches)).tolist():
        yield [texts.windows[place] for place in batches[i]], texts.labels[batches[i]]


def _optimizer(chooser: TextChooser, recipe: FineTuning) -> torch.optim.AdamW:
    encoder = list(chooser.encoder.parameters())
    head = [*chooser.pooling.parameters(), *chooser.head.parameters()]
    groups = [
        {"params": [p for p in encoder if p.ndim > 1], "peak": recipe.peak_rate, "weight_decay": 0.02},
        {"params": [p for p in encoder if p.ndim <= 1], "peak": recipe.peak_rate, "weight_decay": 0.0},
        {"params": head, "peak": 4 * recipe.peak_rate, "weight_decay": 0.02},
    ]
    return torch.optim.AdamW(groups, lr=recipe.peak_rate, betas=(0.9, 0.98), fused=True)


def _train_on(
    chooser: TextChooser,
    optimizer: torch.optim.AdamW,
    windows: Sequence[Window],
    labels: Labels,
    recipe: FineTuning,
    *,
    share: float,
    hidden_piece: int | None,
) -> None:
    rise = min(1.0, share / 0.1)
    for group in optimizer.param_groups:
        group["lr"] = group["peak"] * rise * (1.0 - 0.98 * share)
    numbers, is_token, _ = collate(windows)
    tokens = torch.from_numpy(numbers)
    if hidden_piece is not None:
        hidden = torch.rand(tokens.shape) < recipe.noise
        hidden[:, 0] = False
        tokens = tokens.masked_fill(hidden, hidden_piece)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        scores = chooser(tokens, torch.from_numpy(is_token))
    loss = functional.cross_entropy(
        scores.float(), torch.from_numpy(labels), label_smoothing=recipe.smoothing
    )
    torch.autograd.backward(loss)
    torch.nn.utils.clip_grad_norm_(chooser.parameters(), 1.0)
    optimizer.step()
    optimizer.zero_grad(set_to_none=True)


def _follow(average: TextChooser, current: TextChooser, *, decay: float) -> None:
    with torch.no_grad():
        for ours, theirs in zip(average.parameters(), current.parameters(), strict=True):
            ours.lerp_(theirs, 1.0 - decay)


def _mean_card(cards: Sequence[Scorecard]) -> Scorecard:
    return Scorecard(
        _mean_figure([card.macro_f1 for card in cards]),
        _mean_figure([card.weighted_f1 for card in cards]),
        _mean_figure([card.accuracy for card in cards]),
    )


def _mean_figure(figures: Sequence[Figure]) -> Figure:
    value, low, high = np.mean([(one.value, one.low, one.high) for one in figures], axis=0).tolist()
    return Figure(value, low, high, figures[0].n)
