"""Networks of the folds judge what they never saw; the shipped network learns from what they think."""

from __future__ import annotations

import json
import lzma
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from tiny import TEXTS, tiny_network, tiny_tokenizer

from models.codes import decode_clause, decode_message
from models.corpora import Corpora, LabelledMention, LabelledMessage
from models.crossed import NEVER, Crossed, cross_validate, load_crossed, save_crossed
from models.examples import encode_messages, label_counts, to_batch
from models.folds import fold_numbers, without_fold
from models.further import further_annotated, further_authored, text_key
from models.heads import HEADS, MENTION_HEADS
from models.inference import Scores
from models.labels import Aspect, Emotion, Flag, Intent, Sentiment, Stage
from models.linear import mix, teach_linearly
from models.losses import class_weights, total_loss
from models.normalize import letters_key
from models.taught import load_taught, save_taught
from models.training_set import Copies, TrainingSet, full_messages, partial_messages, with_teachers

DATA = Path(__file__).parents[3] / "shared" / "data"
MESSAGE = LabelledMessage(
    text=TEXTS[0],
    source="snappfood",
    sentiment=Sentiment.MIXED,
    emotion=Emotion.NONE,
    flags=frozenset(),
    mentions=(
        LabelledMention(0, 12, Stage.USE, Intent.PRAISE, Aspect.PRODUCT, Sentiment.POSITIVE),
        LabelledMention(13, 29, Stage.DELIVERY, Intent.COMPLAINT, Aspect.DELIVERY, Sentiment.NEGATIVE),
    ),
)
FURTHER, HELD_OUT = "برنامه خوب است ولی دیر باز میشه", "بسته من اصلا نرسید"
UNLABELLED = LabelledMessage(text=TEXTS[1], source="ugc")


def scores_of(n_mentions: int, seed: int = 1) -> Scores:
    rng = np.random.default_rng(seed)
    found: Scores = {}
    for name, labels in HEADS.items():
        shape = (n_mentions, len(labels)) if name in MENTION_HEADS else (len(labels),)
        values = rng.random(shape).astype(np.float32)
        found[name] = values if name == "flags" else values / values.sum(axis=-1, keepdims=True)
    return found


def write_rows(path: Path, rows: list[dict[str, object]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with lzma.open(path, "wt", encoding="utf-8") as lines:
        lines.writelines(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)


@pytest.fixture
def data_folder(tmp_path: Path) -> Path:
    for name in ("snappfood", "dksf", "bank_reviews"):
        write_rows(tmp_path / "sentiment" / f"{name}.train.jsonl.xz", [])
    write_rows(tmp_path / "annotated" / "messages.test.jsonl.xz", [{"text": HELD_OUT}])
    (tmp_path / "corpus").mkdir()
    with lzma.open(tmp_path / "corpus" / "ugc.txt.xz", "wt", encoding="utf-8") as lines:
        lines.write(f"{FURTHER}\nغذا دیر رسید و سرد بود\n")
    return tmp_path


def test_codes_become_labels() -> None:
    assert decode_clause("pu.que.pay.u") == (
        Stage.PURCHASE,
        Intent.QUESTION,
        Aspect.PAYMENT,
        Sentiment.NEUTRAL,
    )
    assert decode_message("m", "wo", "us-") == (
        Sentiment.MIXED,
        Emotion.WORRY,
        frozenset({Flag.URGENT, Flag.SARCASM}),
    )


@pytest.mark.parametrize("code", ["pu.que.pay", "xx.que.pay.u", ""])
def test_a_wrong_code_is_named(code: str) -> None:
    with pytest.raises(ValueError, match=f"code '{code}'"):
        decode_clause(code)


def test_further_labels_find_their_texts(data_folder: Path) -> None:
    labels = {"sentiment": "m", "emotion": "no", "flags": "", "mentions": [[0, 14, "us.pra.app.p"]]}
    rows: list[dict[str, object]] = [{"key": key, **labels} for key in (text_key(FURTHER), "0" * 16)]
    write_rows(data_folder / "labels.xz", rows)

    (message,) = further_annotated(Corpora(data_folder), data_folder / "labels.xz")

    assert message == LabelledMessage(
        text=FURTHER,
        source="ugc",
        sentiment=Sentiment.MIXED,
        emotion=Emotion.NONE,
        flags=frozenset(),
        mentions=(LabelledMention(0, 14, Stage.USE, Intent.PRAISE, Aspect.APP, Sentiment.POSITIVE),),
    )


def test_a_held_out_text_is_in_no_further_set(data_folder: Path) -> None:
    row = {"text": HELD_OUT + "!", "sentiment": "n", "emotion": "no", "flags": "", "mentions": []}
    (data_folder / "authored.jsonl").write_text(json.dumps(row) + "\n", encoding="utf-8")

    assert further_authored(Corpora(data_folder), data_folder / "authored.jsonl") == []


@pytest.mark.shared
def test_nothing_is_trained_on_that_is_held_out() -> None:
    if not DATA.exists():
        pytest.skip("no data beside the repository")
    corpora = Corpora(DATA)

    trained_on = [*full_messages(corpora), *partial_messages(corpora, n_unlabelled=12_000)]

    assert len(trained_on) > 50_000
    assert not corpora.held_out_keys() & {letters_key(message.text) for message in trained_on}


@pytest.mark.shared
def test_every_further_label_fits_its_text() -> None:
    if not DATA.exists():
        pytest.skip("no data beside the repository")
    corpora = Corpora(DATA)

    messages = [*further_annotated(corpora), *further_authored(corpora)]

    assert len(messages) > 5_000
    for message in messages:
        bounds = [bound for mention in message.mentions for bound in (mention.start, mention.end)]
        assert bounds == sorted(bounds)
        assert all(message.text[m.start : m.end].strip() for m in message.mentions)


def test_a_fold_holds_out_its_messages_and_all_copies() -> None:
    examples = encode_messages(tiny_tokenizer(), [MESSAGE] * 12)
    copies = Copies(examples, np.arange(12))
    data = TrainingSet(examples, [], [], [], full_copies=copies)
    held = int((fold_numbers(12) == 1).sum())

    kept = without_fold(data, 1)

    assert held == 3
    assert len(kept.full) == 9
    assert kept.full_copies.examples == []


def test_what_teachers_think_survives_the_file_and_reaches_the_copies(tmp_path: Path) -> None:
    tokenizer = tiny_tokenizer()
    full = encode_messages(tokenizer, [MESSAGE] * 2)
    partly = encode_messages(tokenizer, [UNLABELLED], cut=True)
    data = TrainingSet(full, partly, [], [], full_copies=Copies(full[:1], np.array([1])))
    thought = [scores_of(2, seed=2), scores_of(2, seed=3)]

    save_taught(tmp_path / "taught.npz", thought, [scores_of(len(partly[0].mentions), seed=4)])
    taught = with_teachers(data, *load_taught(tmp_path / "taught.npz"))

    assert taught.full_copies.examples[0].taught is not None
    np.testing.assert_allclose(taught.full_copies.examples[0].taught["stage"], thought[1]["stage"], atol=1e-3)
    assert to_batch(taught.partial).taught["emotion"].sum().item() == pytest.approx(1.0, abs=1e-2)


def test_the_network_comes_to_think_like_its_teachers() -> None:
    tokenizer = tiny_tokenizer()
    network = tiny_network(tokenizer.get_vocab_size()).train()
    (example,) = encode_messages(tokenizer, [UNLABELLED], cut=True)
    wanted = scores_of(len(example.mentions), seed=5)
    batch = to_batch([replace(example, taught=wanted)])
    weights = class_weights(label_counts(encode_messages(tokenizer, [MESSAGE])), power=0.25)
    optimizer = torch.optim.AdamW(network.parameters(), lr=5e-3)
    for _ in range(120):
        scores = network(batch.tokens, batch.is_token, batch.spans)
        optimizer.zero_grad()
        torch.autograd.backward(total_loss(scores, batch, weights))
        optimizer.step()

    thinks = network(batch.tokens, batch.is_token, batch.spans)
    np.testing.assert_allclose(thinks["aspect"].softmax(-1)[0].detach(), wanted["aspect"], atol=0.05)
    np.testing.assert_allclose(thinks["flags"].sigmoid()[0].detach(), wanted["flags"], atol=0.1)


def test_cross_validation_counts_what_was_taken_for_what_by_source() -> None:
    examples = encode_messages(tiny_tokenizer(), [MESSAGE] * 3)
    scores = scores_of(2)
    scores["mention_sentiment"] = np.array([[0.1, 0.1, 0.8], [0.2, 0.7, 0.1]], dtype=np.float32)

    crossed = cross_validate([scores] * 3, examples, ["bank", "snappfood", "snappfood"])

    assert crossed.confusion["mention_sentiment"] == {
        "bank": [[0, 1, 0], [0, 0, 0], [0, 0, 1]],
        "snappfood": [[0, 2, 0], [0, 0, 0], [0, 0, 2]],
    }
    assert crossed.levels["mention_sentiment"]["positive"] == (NEVER, NEVER)


def test_a_level_is_the_least_confidence_that_is_right_often_enough(tmp_path: Path) -> None:
    examples = encode_messages(
        tiny_tokenizer(),
        [replace(MESSAGE, sentiment=s) for s in [Sentiment.NEGATIVE] * 95 + [Sentiment.POSITIVE] * 45],
    )
    sure, unsure = scores_of(2), scores_of(2)
    sure["sentiment"] = np.array([0.9, 0.04, 0.03, 0.03], dtype=np.float32)
    unsure["sentiment"] = np.array([0.5, 0.2, 0.2, 0.1], dtype=np.float32)

    crossed = cross_validate([sure] * 90 + [unsure] * 50, examples, ["bank"] * 140)
    save_crossed(tmp_path / "crossed.json", crossed)

    assert crossed.levels["sentiment"]["negative"] == (0.51, 0.51)
    assert crossed.levels["sentiment"]["mixed"] == (NEVER, NEVER)
    assert load_crossed(tmp_path / "crossed.json") == crossed
    assert load_crossed(tmp_path / "other.json") == Crossed({}, {})


def test_a_linear_teacher_never_saw_the_fold_that_it_judges() -> None:
    late = replace(
        MESSAGE, text="پیک خیلی دیر رسید", mentions=(replace(MESSAGE.mentions[1], start=0, end=17),)
    )
    tasty = replace(MESSAGE, text="غذا خوشمزه بود", mentions=(replace(MESSAGE.mentions[0], start=0, end=14),))
    odd = replace(tasty, text="زعفران نایاب", mentions=(replace(MESSAGE.mentions[1], start=0, end=12),))
    messages = [late, tasty] * 10 + [odd] * 5
    folds = np.array([0, 0, 1, 1] * 5 + [1] * 5)

    full, others = teach_linearly(messages, [late, tasty, odd], folds, "stage")

    delivery, use = list(Stage).index(Stage.DELIVERY), list(Stage).index(Stage.USE)
    assert full[:20].argmax(axis=1).tolist() == [delivery, use] * 10
    assert others[2, delivery] > full[20, delivery]
    assert others.argmax(axis=1)[:2].tolist() == [delivery, use]
    assert full.sum(axis=1) == pytest.approx(1.0)


def test_linear_opinions_are_mixed_in_by_their_share() -> None:
    scores = [scores_of(2, seed=2), scores_of(1, seed=3)]
    linear = np.zeros((3, len(Stage)), dtype=np.float32)
    linear[:, 4] = 1.0

    mixed = mix(scores, linear, "stage")

    assert mixed[1]["stage"][0, 4] == pytest.approx(0.7 * scores[1]["stage"][0, 4] + 0.3)
    assert mixed[0]["stage"].shape == (2, len(Stage))
    assert mixed[0]["emotion"] is scores[0]["emotion"]
