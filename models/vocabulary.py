"""Learns the word pieces and their skip-gram vectors from the corpora.

``python -m models.vocabulary`` writes ``tokenizer.json``, ``vectors.npy`` and ``pieces.npz`` (all texts as
piece numbers) into the work folder; pre-training starts from them.
"""

from __future__ import annotations

import random
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Annotated

import numpy as np
import typer
from numpy.typing import NDArray
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors, trainers

from models.corpora import DEFAULT_DATA, Corpora
from models.normalize import PLACEHOLDERS, normalize

PAD, UNK, CLS, SEP, MASK = "[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"
SPECIAL_TOKENS = (PAD, UNK, CLS, SEP, MASK, *PLACEHOLDERS)
WORK_FOLDER = Path("checkpoints")
CORPUS_NAMES = ("ugc", "telegram", "formal", "labelled")


def train_tokenizer(texts: Iterable[str], *, n_pieces: int = 24_000) -> Tokenizer:
    """Returns a WordPiece tokenizer of normalised texts.

    Args:
        texts: Normalised texts.
        n_pieces: Size of the vocabulary, special tokens included.
    """
    tokenizer = Tokenizer(models.WordPiece(unk_token=UNK, max_input_chars_per_word=64))
    tokenizer.normalizer = normalizers.Lowercase()
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.BertPreTokenizer(), pre_tokenizers.Digits(individual_digits=False)]
    )
    trainer = trainers.WordPieceTrainer(
        vocab_size=n_pieces,
        min_frequency=5,
        limit_alphabet=1_500,
        special_tokens=list(SPECIAL_TOKENS),
        continuing_subword_prefix="##",
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts, trainer)
    tokenizer.post_processor = processors.TemplateProcessing(
        single=f"{CLS} $A {SEP}",
        special_tokens=[(token, tokenizer.token_to_id(token)) for token in (CLS, SEP)],
    )
    return tokenizer


def train_vectors(
    lines: Path, n_pieces: int, *, width: int, epochs: int, threads: int
) -> NDArray[np.float32]:
    """Returns the skip-gram vectors of the pieces, scaled to a mean length of one.

    Args:
        lines: A file with one text a line, as piece numbers parted by spaces.
        n_pieces: Size of the vocabulary; pieces never seen get small random vectors.
        width: Width of a vector.
        epochs: Passes over the file.
        threads: Worker threads.

    Returns:
        Shape: (n_pieces, width).
    """
    from gensim.models import Word2Vec

    skip_gram = Word2Vec(
        corpus_file=str(lines),
        sg=1,
        vector_size=width,
        window=5,
        negative=5,
        sample=1e-4,
        min_count=3,
        workers=threads,
        epochs=epochs,
        seed=1,
    )
    vectors = np.random.default_rng(1).normal(0, width**-0.5, (n_pieces, width)).astype(np.float32)
    known = [int(key) for key in skip_gram.wv.index_to_key]
    learned = skip_gram.wv.vectors - skip_gram.wv.vectors.mean(axis=0)
    vectors[known] = learned / np.linalg.norm(learned, axis=1).mean()
    return vectors


def main(
    *,
    data: Annotated[Path, typer.Option(help="Folder of the corpora.")] = DEFAULT_DATA,
    work: Annotated[Path, typer.Option(help="Folder that gets the files.")] = WORK_FOLDER,
    n_pieces: Annotated[int, typer.Option(help="Size of the vocabulary.")] = 24_000,
    width: Annotated[int, typer.Option(help="Width of the vectors.")] = 256,
    epochs: Annotated[int, typer.Option(help="Skip-gram passes over the corpora.")] = 2,
    threads: Annotated[int, typer.Option(help="Worker threads.")] = 2,
) -> None:
    """Learns pieces and vectors; takes about eight minutes on two cores."""
    started = time.monotonic()
    work.mkdir(parents=True, exist_ok=True)
    texts = {name: list(_normalized(Corpora(data), name)) for name in CORPUS_NAMES}
    typer.echo(f"{time.monotonic() - started:4.0f} s  {sum(map(len, texts.values())):,} texts normalised")
    tokenizer = train_tokenizer(_sample(texts), n_pieces=n_pieces)
    tokenizer.save(str(work / "tokenizer.json"))
    typer.echo(f"{time.monotonic() - started:4.0f} s  {tokenizer.get_vocab_size():,} pieces")
    pieces = {name: _encode(tokenizer, some) for name, some in texts.items()}
    np.savez(work / "pieces.npz", **{name: np.concatenate(some) for name, some in pieces.items()})
    _write_lines(work / "pieces.txt", pieces)
    typer.echo(f"{time.monotonic() - started:4.0f} s  {_sizes(pieces)}")
    vectors = train_vectors(
        work / "pieces.txt", tokenizer.get_vocab_size(), width=width, epochs=epochs, threads=threads
    )
    np.save(work / "vectors.npy", vectors)
    typer.echo(f"{time.monotonic() - started:4.0f} s  vectors written")


def _normalized(corpora: Corpora, name: str) -> Iterator[str]:
    held_out = corpora.held_out_keys()
    texts = corpora.training_texts() if name == "labelled" else corpora.corpus(name)
    for text in texts:
        plain = normalize(text).text
        if len(plain) > 1 and "".join(char for char in plain if char.isalnum()) not in held_out:
            yield plain


def _sample(texts: dict[str, list[str]]) -> Iterator[str]:
    rng = random.Random(1)  # noqa: S311 - no secret depends on it
    yield from texts["ugc"]
    yield from texts["labelled"]
    for name in ("telegram", "formal"):
        yield from rng.sample(texts[name], len(texts[name]) // 3)


def _encode(tokenizer: Tokenizer, texts: list[str]) -> list[NDArray[np.uint16]]:
    rows: list[NDArray[np.uint16]] = []
    for start in range(0, len(texts), 20_000):
        encodings = tokenizer.encode_batch_fast(texts[start : start + 20_000])
        rows += [np.array(encoding.ids, dtype=np.uint16) for encoding in encodings]
    return rows


def _write_lines(path: Path, pieces: dict[str, list[NDArray[np.uint16]]]) -> None:
    with path.open("w") as lines:
        for rows in pieces.values():
            lines.writelines(" ".join(map(str, row[1:-1].tolist())) + "\n" for row in rows)


def _sizes(pieces: dict[str, list[NDArray[np.uint16]]]) -> str:
    return ", ".join(f"{name} {sum(map(len, rows)):,}" for name, rows in pieces.items()) + " pieces"


if __name__ == "__main__":
    typer.run(main)
