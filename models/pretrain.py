"""Teaches the encoder the language: it guesses hidden pieces of the corpora.

``python -m models.pretrain --minutes 57`` reads what ``models.vocabulary`` wrote and leaves
``pretrained.pt``. Run it again after a break and it goes on where it stopped.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import numpy as np
import torch
import typer
from numpy.typing import NDArray
from safetensors.torch import load_file, save_file
from torch import Tensor

from models.network import Encoder, MaskedLanguageModel, Shape
from models.vocabulary import MASK, SPECIAL_TOKENS, WORK_FOLDER

PRETRAINED = "pretrained.pt"
KEPT = Path(__file__).parent / "pretrained.safetensors"
N_TOKENS = 2048
ROW_TOKENS = (64, 64, 64, 128)
HIDDEN_SHARE = 0.2
REPEATS = {"ugc": 3, "labelled": 2, "telegram": 1, "formal": 1}
_ENCODER = "encoder."
_SAVE_EVERY_S = 300
_LOG_EVERY_STEPS = 100


@dataclass(slots=True)
class Progress:
    """How far a run has come: ``spent_s`` seconds of training, ``step`` batches."""

    step: int = 0
    spent_s: float = 0.0


def learning_rate(share_done: float, peak: float) -> float:
    """Returns the rate after a share of the run: a short rise, then a cosine down to a fiftieth.

    >>> learning_rate(0.01, 1.0), round(learning_rate(1.0, 1.0), 3)
    (0.5, 0.02)
    """
    warm_up = 0.02
    if share_done < warm_up:
        return peak * share_done / warm_up
    rest = min(1.0, (share_done - warm_up) / (1 - warm_up))
    return peak * float(0.02 + 0.98 * 0.5 * (1 + np.cos(np.pi * rest)))


def hide_pieces(tokens: Tensor, n_pieces: int, generator: torch.Generator) -> tuple[Tensor, Tensor, Tensor]:
    """Returns the batch with a fifth of its pieces hidden, their places, and the pieces themselves.

    Of the hidden pieces 80 % become ``[MASK]``, 10 % a random piece, 10 % stay (BERT, arXiv 1810.04805).

    Args:
        tokens: Shape: (batch, tokens).
        n_pieces: Size of the vocabulary.
        generator: Source of chance.

    Returns:
        Shapes: (batch, tokens), (n_hidden,), (n_hidden,).
    """
    flat = tokens.flatten().clone()
    n_hidden = int(HIDDEN_SHARE * len(flat))
    chance = torch.rand(len(flat), generator=generator)
    chance[flat < SPECIAL_TOKENS.index(MASK)] = -1.0
    hidden = chance.topk(n_hidden).indices
    pieces = flat[hidden]
    fate = torch.rand(n_hidden, generator=generator)
    others = torch.randint(len(SPECIAL_TOKENS), n_pieces, (n_hidden,), generator=generator)
    masked = torch.where(fate < 0.8, SPECIAL_TOKENS.index(MASK), torch.where(fate < 0.9, others, pieces))
    flat[hidden] = masked
    return flat.view_as(tokens), hidden, pieces


def load_stream(work: Path, seed: int) -> NDArray[np.uint16]:
    """Returns all texts in a random order, one after the other, each corpus ``REPEATS`` times."""
    archive = np.load(work / "pieces.npz")
    cls = SPECIAL_TOKENS.index("[CLS]")
    texts: list[NDArray[np.uint16]] = []
    for name, repeats in REPEATS.items():
        pieces = archive[name]
        starts = np.flatnonzero(pieces == cls)
        texts += np.split(pieces, starts[1:]) * repeats
    order = np.random.default_rng(seed).permutation(len(texts))
    return np.concatenate([texts[i] for i in order])


def pretrain(work: Path, *, minutes: float, peak_rate: float, seed: int, compiled: bool) -> float:
    """Leaves ``pretrained.pt`` in the work folder, trained for the given time in all.

    Args:
        work: Folder with ``pieces.npz`` and ``vectors.npy``; gets the checkpoint.
        minutes: Time of training over all runs; a resumed run does the rest of it.
        peak_rate: Highest learning rate.
        seed: Seed of the order and of the hiding.
        compiled: Whether to compile the network first.

    Returns:
        The mean loss of the last batches.
    """
    vectors = torch.from_numpy(np.load(work / "vectors.npy"))
    model = MaskedLanguageModel(Encoder(Shape(n_pieces=vectors.shape[0], width=vectors.shape[1])))
    with torch.no_grad():
        model.encoder.embedding.weight.copy_(vectors)
    optimizer = _optimizer(model, peak_rate)
    progress = _resume(work / PRETRAINED, model, optimizer)
    stream = load_stream(work, seed)
    step_model = torch.compile(model, dynamic=False) if compiled else model
    generator = torch.Generator().manual_seed(seed + progress.step)
    losses: list[float] = []
    last_save = before = time.monotonic()
    while progress.spent_s < minutes * 60:
        for group in optimizer.param_groups:
            group["lr"] = learning_rate(progress.spent_s / (minutes * 60), peak_rate)
        tokens = _batch(stream, progress.step)
        with torch.autocast("cpu", dtype=torch.bfloat16):
            loss = step_model(*hide_pieces(tokens, vectors.shape[0], generator))
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        losses.append(loss.item())
        progress.step += 1
        now = time.monotonic()
        progress.spent_s += now - before
        before = now
        if progress.step % _LOG_EVERY_STEPS == 0:
            _log(progress, losses)
        if now - last_save > _SAVE_EVERY_S:
            _save(work / PRETRAINED, model, optimizer, progress)
            last_save = before = time.monotonic()
    _save(work / PRETRAINED, model, optimizer, progress)
    return float(np.mean(losses[-_LOG_EVERY_STEPS:]))


def load_pretrained(work: Path) -> dict[str, Tensor]:
    """Returns the weights of the pre-trained encoder: of the work folder, or where it has none, the kept ones."""
    if not (work / PRETRAINED).exists():
        return {name: weight.float() for name, weight in load_file(KEPT).items()}
    state = torch.load(work / PRETRAINED, weights_only=True)["model"]
    return {name.removeprefix(_ENCODER): w for name, w in state.items() if name.startswith(_ENCODER)}


def keep_pretrained(work: Path, file: Path = KEPT) -> None:
    """Writes the encoder's weights alone, in half precision, to a file that is small enough to be kept."""
    save_file({name: weight.half() for name, weight in load_pretrained(work).items()}, file)


def main(
    *,
    work: Annotated[Path, typer.Option(help="Folder of vocabulary and checkpoint.")] = WORK_FOLDER,
    minutes: Annotated[float, typer.Option(help="Minutes of training in all.")] = 57.0,
    peak_rate: Annotated[float, typer.Option(help="Highest learning rate.")] = 1.2e-3,
    seed: Annotated[int, typer.Option(help="Seed of order and hiding.")] = 1,
    threads: Annotated[int, typer.Option(help="Threads of the matrix work.")] = 2,
    compiled: Annotated[bool, typer.Option(help="Compile the network (needs a C++ compiler).")] = True,
    keep: Annotated[
        bool, typer.Option(help="Afterwards write the encoder into models/, for who has no work folder.")
    ] = False,
) -> None:
    """Pre-trains the encoder; stop it at any time, run it again to go on."""
    torch.set_num_threads(threads)
    loss = pretrain(work, minutes=minutes, peak_rate=peak_rate, seed=seed, compiled=compiled)
    typer.echo(f"done, loss {loss:.3f}")
    if keep:
        keep_pretrained(work)


def _optimizer(model: MaskedLanguageModel, rate: float) -> torch.optim.AdamW:
    matrices = [p for p in model.parameters() if p.ndim > 1]
    others = [p for p in model.parameters() if p.ndim <= 1]
    return torch.optim.AdamW(
        [{"params": matrices, "weight_decay": 0.01}, {"params": others, "weight_decay": 0.0}],
        lr=rate,
        betas=(0.9, 0.98),
        fused=True,
    )


def _batch(stream: NDArray[np.uint16], step: int) -> Tensor:
    row = ROW_TOKENS[step % len(ROW_TOKENS)]
    start = step * N_TOKENS % (len(stream) - N_TOKENS)
    chunk = stream[start : start + N_TOKENS].astype(np.int64)
    return torch.from_numpy(chunk).view(-1, row)


def _resume(path: Path, model: MaskedLanguageModel, optimizer: torch.optim.AdamW) -> Progress:
    if not path.exists():
        return Progress()
    state = torch.load(path, weights_only=True)
    model.load_state_dict(state["model"])
    optimizer.load_state_dict(state["optimizer"])
    typer.echo(f"goes on at step {state['step']:,}")
    return Progress(state["step"], state["spent_s"])


def _save(path: Path, model: MaskedLanguageModel, optimizer: torch.optim.AdamW, progress: Progress) -> None:
    state = {
        "model": model.state_dict(),
        "optimizer": optimizer.state_dict(),
        "step": progress.step,
        "spent_s": progress.spent_s,
    }
    partial = path.with_suffix(".partial")
    torch.save(state, partial)
    partial.replace(path)


def _log(progress: Progress, losses: list[float]) -> None:
    recent = float(np.mean(losses[-_LOG_EVERY_STEPS:]))
    rate = progress.step * N_TOKENS / progress.spent_s
    typer.echo(
        f"{progress.spent_s / 60:5.1f} min  step {progress.step:6,}  loss {recent:.3f}  {rate:,.0f} tokens/s"
    )


if __name__ == "__main__":
    typer.run(main)
