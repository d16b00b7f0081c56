"""Training lessens its loss, goes on where it stopped, and leaves what can be exported."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from tiny import TEXTS, tiny_network, tiny_tokenizer

from models.calibration import fit_flag_thresholds, fit_temperatures
from models.corpora import LabelledMention, LabelledMessage
from models.examples import (
    encode_messages,
    label_counts,
    rarity_weights,
    sample_batches,
    to_batch,
)
from models.export import load_trained
from models.heads import HEADS, MENTION_HEADS
from models.inference import score_windows
from models.labels import Aspect, Emotion, Intent, Sentiment, Stage
from models.losses import class_weights, total_loss
from models.network import MaskedLanguageModel, Shape
from models.pretrain import (
    KEPT,
    PRETRAINED,
    hide_pieces,
    keep_pretrained,
    learning_rate,
    load_pretrained,
    pretrain,
)
from models.train import STATE, Recipe, TorchForward, Trainer, load_network
from models.training_set import TrainingSet
from models.vocabulary import MASK, SPECIAL_TOKENS

FULL = [
    LabelledMessage(
        text=TEXTS[0],
        source="test",
        sentiment=Sentiment.MIXED,
        emotion=Emotion.NONE,
        flags=frozenset(),
        mentions=(
            LabelledMention(0, 12, Stage.USE, Intent.PRAISE, Aspect.PRODUCT, Sentiment.POSITIVE),
            LabelledMention(13, 29, Stage.DELIVERY, Intent.COMPLAINT, Aspect.DELIVERY, Sentiment.NEGATIVE),
        ),
    ),
    LabelledMessage(text=TEXTS[2], source="test", sentiment=Sentiment.POSITIVE),
]


@pytest.fixture
def work(tmp_path: Path) -> Path:
    tokenizer = tiny_tokenizer()
    n_pieces = tokenizer.get_vocab_size()
    rows = [tokenizer.encode(text).ids for text in TEXTS * 40]
    pieces = np.concatenate([np.array(row, dtype=np.uint16) for row in rows])
    np.savez(tmp_path / "pieces.npz", ugc=pieces, labelled=pieces, telegram=pieces, formal=pieces)
    np.save(tmp_path / "vectors.npy", np.random.default_rng(1).normal(size=(n_pieces, 32)).astype(np.float32))
    tokenizer.save(str(tmp_path / "tokenizer.json"))
    return tmp_path


def test_a_fifth_of_the_pieces_is_hidden_and_frames_are_not() -> None:
    tokens = torch.randint(len(SPECIAL_TOKENS), 100, (8, 64))
    tokens[:, 0] = SPECIAL_TOKENS.index("[CLS]")

    shown, hidden, pieces = hide_pieces(tokens, 100, torch.Generator().manual_seed(1))

    assert len(hidden) == 102
    assert torch.equal(tokens.flatten()[hidden], pieces)
    assert torch.equal(shown[:, 0], tokens[:, 0])
    assert 60 <= int((shown == SPECIAL_TOKENS.index(MASK)).sum()) <= 100


def test_the_rate_rises_then_falls() -> None:
    rates = [learning_rate(share, 1.0) for share in (0.0, 0.02, 0.5, 1.0)]

    assert rates == pytest.approx([0.0, 1.0, 0.525, 0.02], abs=0.02)


def test_hidden_pieces_are_guessed_better_with_every_look() -> None:
    torch.manual_seed(1)
    model = MaskedLanguageModel(tiny_network(100).encoder)
    tokens = torch.randint(len(SPECIAL_TOKENS), 30, (1, 16)).repeat(16, 1)
    batch = hide_pieces(tokens, 100, torch.Generator().manual_seed(1))
    optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3)
    losses = []
    for _ in range(30):
        loss = model(*batch)
        optimizer.zero_grad()
        torch.autograd.backward(loss)
        optimizer.step()
        losses.append(loss.item())

    assert losses[-1] < 0.6 * losses[0]


def test_pre_training_goes_on_where_it_stopped(work: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pretrain(work, minutes=0.005, peak_rate=2e-3, seed=1, compiled=False)
    before = torch.load(work / PRETRAINED, weights_only=True)

    minutes = before["spent_s"] / 60 + 0.02
    pretrain(work, minutes=minutes, peak_rate=2e-3, seed=1, compiled=False)

    assert f"goes on at step {before['step']:,}" in capsys.readouterr().out
    assert torch.load(work / PRETRAINED, weights_only=True)["step"] > before["step"]


def test_a_kept_encoder_is_the_pretrained_one_in_half_precision(work: Path) -> None:
    pretrain(work, minutes=0.005, peak_rate=2e-3, seed=1, compiled=False)

    keep_pretrained(work, work / "kept.safetensors")

    kept, weights = load_file(work / "kept.safetensors"), load_pretrained(work)
    assert kept.keys() == weights.keys()
    assert all(torch.equal(kept[name], weights[name].half()) for name in kept)


def test_who_has_no_work_folder_starts_from_the_kept_encoder(tmp_path: Path) -> None:
    network = load_network(tmp_path, dropout=0.0)

    assert network.encoder.shape == Shape(24_000)
    assert torch.equal(network.encoder.output_norm.weight.half(), load_file(KEPT)["output_norm.weight"])


def test_the_loss_falls_on_what_is_trained_on() -> None:
    tokenizer = tiny_tokenizer()
    network = tiny_network(tokenizer.get_vocab_size()).train()
    examples = encode_messages(tokenizer, FULL)
    batch, weights = to_batch(examples), class_weights(label_counts(examples), power=0.25)
    optimizer = torch.optim.AdamW(network.parameters(), lr=3e-3)
    losses = []
    for _ in range(40):
        loss = total_loss(network(batch.tokens, batch.is_token, batch.spans), batch, weights)
        optimizer.zero_grad()
        torch.autograd.backward(loss)
        optimizer.step()
        losses.append(loss.item())

    assert losses[-1] < 0.5 * losses[0]


def test_a_class_the_annotator_could_not_choose_is_not_trained_down() -> None:
    tokenizer = tiny_tokenizer()
    two = (Sentiment.NEGATIVE, Sentiment.POSITIVE)
    (example,) = encode_messages(tokenizer, [replace(FULL[1], sentiment_classes=two)])
    batch = to_batch([example])
    scores = {name: torch.zeros(1, 1, len(labels)) for name, labels in HEADS.items() if name in MENTION_HEADS}
    scores |= {
        name: torch.zeros(1, len(labels)) for name, labels in HEADS.items() if name not in MENTION_HEADS
    }
    scores["sentiment"].requires_grad_()

    torch.autograd.backward(total_loss(scores, batch, class_weights(label_counts([example]), power=0.5)))

    gradient = scores["sentiment"].grad
    assert gradient is not None
    assert gradient[0].tolist() == [0.5, 0.0, -0.5, 0.0]


def test_rare_labels_weigh_more_and_are_drawn_more_often() -> None:
    tokenizer = tiny_tokenizer()
    common, rare = (
        FULL[0],
        replace(
            FULL[0],
            mentions=(
                LabelledMention(0, 12, Stage.LOYALTY, Intent.CHURN, Aspect.ACCOUNT, Sentiment.NEGATIVE),
            ),
        ),
    )
    examples = encode_messages(tokenizer, [common] * 9 + [rare])

    shares = rarity_weights(examples, power=0.5, limit=4.0)
    weights = class_weights(label_counts(examples), power=0.5)

    assert shares[9] > 1.2 * shares[0]
    assert shares.sum() == pytest.approx(1.0)
    assert weights["stage"][list(Stage).index(Stage.LOYALTY)] > weights["stage"][list(Stage).index(Stage.USE)]


def test_batches_of_one_length_have_one_shape() -> None:
    examples = encode_messages(tiny_tokenizer(), FULL)
    batches = sample_batches(examples, None, batch_tokens=64, seed=1)

    shapes = {tuple(next(batches).tokens.shape) for _ in range(10)}

    assert all(rows * tokens <= 64 for rows, tokens in shapes)
    assert len({tokens for _, tokens in shapes}) == len(shapes)


def test_fine_tuning_keeps_the_best_and_goes_on(work: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pretrain(work, minutes=0.01, peak_rate=1e-3, seed=1, compiled=False)
    examples = encode_messages(tiny_tokenizer(), FULL * 30)
    data = TrainingSet(examples, examples[1:2] * 20, dev_full=examples[::2], dev_snappfood=examples)
    recipe = Recipe(minutes=0.05, peak_rate=2e-3, batch_tokens=128, evaluate_every_s=1.0, full_share=0.9)

    Trainer(work, data, recipe, network=load_network(work, dropout=0.1), compiled=False).run()
    minutes = torch.load(work / STATE, weights_only=True)["spent_s"] / 60 + 0.02
    longer = replace(recipe, minutes=minutes)
    Trainer(work, data, longer, network=load_network(work, dropout=0.1), compiled=False).run()

    assert "goes on at step" in capsys.readouterr().out
    assert (work / STATE).exists()
    network = load_trained(work)
    scores = score_windows(TorchForward(network), [examples[0].window])
    assert scores[0]["stage"].shape == (2, 8)


def test_temperatures_cool_what_is_too_sure() -> None:
    examples = encode_messages(tiny_tokenizer(), FULL[:1] * 10)
    rng = np.random.default_rng(1)
    scores = [
        {
            name: (20.0 * rng.normal(size=(2, len(labels)) if name in MENTION_HEADS else len(labels))).astype(
                np.float32
            )
            for name, labels in HEADS.items()
        }
        for _ in examples
    ]

    temperatures = fit_temperatures(scores, examples)

    assert min(temperatures.values()) > 3.0
    assert fit_flag_thresholds(scores, examples) == dict.fromkeys(
        ("urgent", "effort", "sarcasm", "spam", "finglish"), 0.5
    )
