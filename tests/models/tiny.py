"""Builds a tiny network with a tokenizer and a weights folder, in a second."""

from __future__ import annotations

from pathlib import Path

import torch
from tokenizers import Tokenizer

from models.checkpoint import MODEL_FILE, TOKENIZER_FILE, Manifest, save_manifest
from models.export import export_onnx
from models.heads import EXCLUSIVE_HEADS, MESSAGE_HEADS
from models.network import Encoder, Network, Shape
from models.normalize import normalize
from models.vocabulary import train_tokenizer

TEXTS = (
    "غذا عالی بود ولی پیک دیر رسید",
    "سلام سفارش من نرسید لطفا پیگیری کنید",
    "کیفیت خوب بود ممنون",
    "برنامه باز نمیشه و پشتیبانی جواب نمیده",
    "خیلی خوشمزه بود 😍 دوباره سفارش میدم",
) * 5


def tiny_tokenizer() -> Tokenizer:
    return train_tokenizer([normalize(text).text for text in TEXTS], n_pieces=300)


def tiny_network(n_pieces: int) -> Network:
    torch.manual_seed(1)
    shape = Shape(n_pieces, width=32, n_layers=2, n_heads=2, inner_width=64)
    return Network(Encoder(shape)).eval()


def save_tiny_weights(folder: Path, *, version: str = "tiny-1") -> Network:
    folder.mkdir(parents=True, exist_ok=True)
    tokenizer = tiny_tokenizer()
    network = tiny_network(tokenizer.get_vocab_size())
    export_onnx(network, folder / MODEL_FILE)
    tokenizer.save(str(folder / TOKENIZER_FILE))
    temperatures = dict.fromkeys(EXCLUSIVE_HEADS, 1.0)
    thresholds = {str(flag): 0.5 for flag in MESSAGE_HEADS["flags"]}
    save_manifest(folder, Manifest(version, temperatures, thresholds))
    return network
