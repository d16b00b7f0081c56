"""Makes tiny encoders in Hugging Face form, with tokenizers of their families, and data to fine-tune them on."""

from __future__ import annotations

import json
import lzma
from collections.abc import Callable
from pathlib import Path

import torch
from tiny import TEXTS
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors, trainers
from transformers import AutoConfig, AutoModel

from models.corpora import SENTIMENT_SETS
from models.normalize import normalize

NORMALIZED = [normalize(text).text for text in TEXTS]
_SIZE = {
    "hidden_size": 32,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "intermediate_size": 64,
}
# What sets a family apart: XLM-R counts 130 positions from its padding number 1, so that it reads 128 tokens.
_CONFIGS: dict[str, dict[str, int]] = {
    "bert": {**_SIZE, "max_position_embeddings": 100},
    "xlm-roberta": {**_SIZE, "max_position_embeddings": 130, "pad_token_id": 1},
    "distilbert": {"dim": 32, "n_layers": 2, "n_heads": 2, "hidden_dim": 64},
    "electra": {**_SIZE, "embedding_size": 16},
    "modernbert": {**_SIZE, "pad_token_id": 3, "bos_token_id": 1, "cls_token_id": 1}
    | {"eos_token_id": 2, "sep_token_id": 2},
}
N_TOKENS = {"bert": 96, "xlm-roberta": 128, "distilbert": 256, "electra": 256, "modernbert": 256}


def save_base(folder: Path, family: str) -> Path:
    """Writes an encoder with random weights; BERT with the vocab.txt alone that ParsBERT has."""
    folder.mkdir(parents=True, exist_ok=True)
    tokenizer = _TOKENIZERS[family]()
    torch.manual_seed(1)
    config = AutoConfig.for_model(family, vocab_size=tokenizer.get_vocab_size(), **_CONFIGS[family])
    AutoModel.from_config(config).save_pretrained(folder)
    if family == "bert":
        vocabulary = sorted(tokenizer.get_vocab().items(), key=lambda item: item[1])
        (folder / "vocab.txt").write_text(
            "\n".join(piece for piece, _ in vocabulary) + "\n", encoding="utf-8"
        )
    else:
        tokenizer.save(str(folder / "tokenizer.json"))
    return folder


def save_tiny_data(folder: Path) -> Path:
    """Writes every file that fine-tuning reads, with five texts of one label each."""
    for split, ending in (("train", ""), ("dev", " واقعا")):
        texts = [text + ending for text in TEXTS]
        for name in SENTIMENT_SETS:
            label = {"polarity": -1} if name == "deepsentipers" else {"sentiment": "positive"}
            _write(folder / "sentiment" / f"{name}.{split}.jsonl.xz", [{"text": t, **label} for t in texts])
        for name in ("annotated", "authored"):
            _write(folder / name / f"messages.{split}.jsonl.xz", [_labelled(text) for text in texts])
    _write(folder / "authored" / "conversations.jsonl.xz", [])
    _write(folder / "corpus" / "ugc.txt.xz", [])
    return folder


def _labelled(text: str) -> dict[str, object]:
    mention = {"stage": "use", "intent": "praise", "aspect": "product", "sentiment": "positive"}
    mentions = [{"start": 0, "end": 10, **mention}, {"start": 10, "end": len(text), **mention}]
    labels = {"sentiment": "positive", "emotion": "joy", "flags": [], "mentions": mentions}
    return {"id": "1", "source": "test", "channel": "chat", "text": text, **labels}


def _write(path: Path, rows: list[dict[str, object]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with lzma.open(path, "wt", encoding="utf-8") as lines:
        lines.writelines(json.dumps(row) + "\n" for row in rows)


def _word_piece() -> Tokenizer:
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    tokenizer = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer()
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    trainer = trainers.WordPieceTrainer(vocab_size=200, special_tokens=special, show_progress=False)
    tokenizer.train_from_iterator(NORMALIZED, trainer)
    tokenizer.post_processor = _frame("[CLS]", "[SEP]", tokenizer)
    tokenizer.enable_padding(length=64)
    tokenizer.enable_truncation(16)
    return tokenizer


def _unigram() -> Tokenizer:
    special = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]
    tokenizer = Tokenizer(models.Unigram())
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    trainer = trainers.UnigramTrainer(
        vocab_size=100, special_tokens=special, unk_token="<unk>", show_progress=False
    )
    tokenizer.train_from_iterator(NORMALIZED, trainer)
    tokenizer.post_processor = _frame("<s>", "</s>", tokenizer)
    return tokenizer


def _byte_level() -> Tokenizer:
    special = ["[UNK]", "[CLS]", "[SEP]", "[PAD]", "[MASK]"]
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(
        vocab_size=400, special_tokens=special, initial_alphabet=alphabet, show_progress=False
    )
    tokenizer.train_from_iterator(NORMALIZED, trainer)
    tokenizer.post_processor = _frame("[CLS]", "[SEP]", tokenizer)
    return tokenizer


def _frame(first: str, last: str, tokenizer: Tokenizer) -> processors.TemplateProcessing:
    tokens = [(token, tokenizer.token_to_id(token)) for token in (first, last)]
    return processors.TemplateProcessing(single=f"{first} $A {last}", special_tokens=tokens)


_TOKENIZERS: dict[str, Callable[[], Tokenizer]] = {
    "bert": _word_piece,
    "xlm-roberta": _unigram,
    "distilbert": _word_piece,
    "electra": _word_piece,
    "modernbert": _byte_level,
}
