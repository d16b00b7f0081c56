"""An evaluation measures what it says, on a folder of a few rows, and says plainly what is wrong."""

from __future__ import annotations

import json
import lzma
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
import torch
from tiny import TEXTS, save_tiny_weights, tiny_network, tiny_tokenizer
from typer.testing import CliRunner

from models.checkpoint import load_checkpoint
from models.corpora import LabelledMention, LabelledMessage
from models.encoding import encode_texts, first_window, frame_of
from models.evaluate import evaluate
from models.evaluation.heads import at_confidence, measure_head, reliability
from models.evaluation.judge import HeadScores, Judge, three_class, two_class
from models.evaluation.records import EvaluationError, load_evaluation, save_evaluation
from models.evaluation.robustness import measure_finglish, measure_rewritten
from models.evaluation.sets import load_sets
from models.evaluation.slices import has_negation, lacks_punctuation, length_name, slice_members
from models.evaluation.tasks import load_tasks
from models.evaluation.transfer import FineTuning, TextChooser, Texts, choose, fine_tune
from models.heads import HEADS
from models.labels import Aspect, Emotion, Flag, Intent, Sentiment, Stage
from models.metrics import Resampling
from pipeline.__main__ import app
from pipeline.errors import SettingsError

EMOTIONS = ("ANGRY", "HAPPY")


def write(path: Path, rows: Sequence[dict[str, object]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with lzma.open(path, "wt", encoding="utf-8") as lines:
        lines.writelines(json.dumps(row) + "\n" for row in rows)


def labelled(text: str, number: int, channel: dict[str, str]) -> dict[str, object]:
    mention = {"stage": "use", "intent": "praise", "aspect": "product", "sentiment": "positive"}
    ends = [(0, 8), (9, len(text))]
    mentions = [{"start": start, "end": end, **mention} for start, end in ends]
    sentiment = ("positive", "negative", "mixed")[number % 3]
    flags = ["sarcasm"] if number == 0 else []
    labels = {"sentiment": sentiment, "emotion": "joy", "flags": flags, "mentions": mentions}
    return {"id": str(number), "source": "shop", "text": text, **labels, **channel}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Returns a data folder with some eight texts in every set."""
    data = tmp_path_factory.mktemp("data")
    texts = [f"{text} {number}" for number, text in enumerate(TEXTS[:8])]
    for split in ("train", "dev", "test"):
        for name, sentiments in (("snappfood", 2), ("dksf", 3)):
            chosen = ("negative", "positive", "neutral")[:sentiments]
            rows = [{"text": text, "sentiment": chosen[i % sentiments]} for i, text in enumerate(texts)]
            write(data / "sentiment" / f"{name}.{split}.jsonl.xz", rows)
        polar = [{"text": text, "polarity": i % 5 - 2} for i, text in enumerate(texts)]
        write(data / "sentiment" / f"deepsentipers.{split}.jsonl.xz", polar)
        felt = [{"text": text, "emotion": EMOTIONS[i % 2]} for i, text in enumerate(texts)]
        write(data / "emotion" / f"armanemo.{split}.jsonl.xz", felt)
        for name, channel in (("annotated", {}), ("authored", {"channel": "chat"})):
            rows = [labelled(text, i, channel) for i, text in enumerate(texts)]
            write(data / name / f"messages.{split}.jsonl.xz", rows)
    write(data / "finglish" / "pairs.jsonl.xz", [{"finglish": "salam khoobi", "fa": "سلام خوبی"}])
    return data


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Returns a weights folder of its own, with the reports of an evaluation in it."""
    copied = tmp_path_factory.mktemp("reported")
    save_tiny_weights(copied)
    return copied


@pytest.fixture(scope="module")
def out(folder: Path, weights: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("out") / "made" / "evaluation.json"
    (weights / "ablations.toml").write_text(
        '[[run]]\nname = "plain"\nchanged = "nothing"\nfigures = { stage = 0.5, mean = 0.61 }\n'
        '[[run]]\nname = "noise"\nchanged = "no noise"\nfigures = { stage = 0.52 }\n',
        encoding="utf-8",
    )
    evaluate(data=folder, weights=weights, out=path, card=True, transfer=True, threads=1)
    return path


def message(text: str, **known: object) -> LabelledMessage:
    return LabelledMessage(text, "shop", **known)  # type: ignore[arg-type]


def test_every_set_and_head_is_measured(out: Path) -> None:
    found = load_evaluation(out)

    assert found.model_version == "tiny-1"
    assert found.split == "test"
    assert list(found.heads) == [
        "snappfood",
        "dksf",
        "deepsentipers",
        *(name for name in HEADS if name != "flags"),
    ]
    assert {name: sum(map(sum, head.confusion)) for name, head in found.heads.items()} == {
        "snappfood": 8,
        "dksf": 8,
        "deepsentipers": 8,
        "stage": 32,
        "intent": 32,
        "aspect": 32,
        "mention_sentiment": 32,
        "sentiment": 16,
        "emotion": 16,
    }
    assert list(found.flags) == [str(flag) for flag in Flag]
    assert found.flags["sarcasm"].at_threshold.n == 2
    assert list(found.boundaries) == ["all", "authored", "shop"]


def test_slices_finglish_behaviours_costs_and_transfers_are_measured(out: Path) -> None:
    found = load_evaluation(out)

    sizes = {(one.kind, one.name): (one.n_messages, one.n_mentions) for one in found.slices}
    assert sizes["source", "shop"] == sizes["channel", "chat"] == (8, 16)
    assert sizes["text", "sarcasm"] == (2, 4)
    assert sizes["text", "mixed"] == (4, 8)
    assert sizes["rewritten", "Finglish"] == (16, 32)
    assert found.finglish["twins"].n == 16
    assert sum(rate.n for rate in found.behaviours.values()) >= 300
    assert found.cost is not None
    assert found.cost.load_s > 0
    assert found.cost.weights_mb == pytest.approx(0.1, abs=0.2)
    assert [(one.task, one.n_train, one.n_test) for one in found.transfers] == [
        ("DeepSentiPers binary", 6, 6),
        ("DeepSentiPers 5-class", 8, 8),
        ("ArmanEmo", 8, 8),
    ]


def test_the_card_and_the_manifest_tell_what_was_measured(out: Path, weights: Path) -> None:
    found = load_evaluation(weights / "evaluation.json")
    card = (weights / "CARD.md").read_text(encoding="utf-8")
    figures = load_checkpoint(weights).manifest.figures

    assert found == load_evaluation(out)
    assert card.startswith("# tiny-1\n")
    assert "## Measured on the test sets\n" in card
    accuracy = found.heads["dksf"].scores.accuracy
    assert (
        f"| DKSF, accuracy | {accuracy.value:.3f} [{accuracy.low:.3f}, {accuracy.high:.3f}] | 0.84 |" in card
    )
    assert "### By channel (messages written for this project)" in card
    assert "| ArmanEmo |" in card
    assert "| run | changed | stage | mean |" in card
    assert "| plain | nothing | 0.500 | 0.610 |\n| noise | no noise | 0.520 |  |" in card
    assert figures["test dksf accuracy"] == accuracy.value


def test_an_evaluation_is_kept_whole(out: Path, tmp_path: Path) -> None:
    found = load_evaluation(out)

    save_evaluation(tmp_path / "again.json", found)

    assert load_evaluation(tmp_path / "again.json") == found


def test_the_command_measures_a_few_messages(folder: Path, weights: Path, tmp_path: Path) -> None:
    options = ["--data", str(folder), "--weights", str(weights), "--no-transfer", "--limit", "4"]

    result = CliRunner().invoke(app, ["evaluate", *options, "--out", str(tmp_path / "few.json")])

    assert result.exit_code == 0
    found = load_evaluation(tmp_path / "few.json")
    assert found.limit == 4
    assert found.heads["dksf"].scores.accuracy.n == 4
    assert found.transfers == []


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--data", "nowhere"], "nowhere: no such folder; give the folder of the corpora with --data"),
        (["--split", "train"], "--split is 'train', expected dev or test"),
        (["--weights", "nowhere"], "nowhere/manifest.toml: cannot be read"),
        (["--card", "--limit", "3"], "--card tells of whole sets: leave out --limit"),
    ],
)
def test_what_is_wrong_is_said_in_a_sentence(
    options: list[str], said: str, folder: Path, weights: Path
) -> None:
    fitting = {"--data": str(folder), "--weights": str(weights)}
    given = [part for name, value in fitting.items() if name not in options for part in (name, value)]

    result = CliRunner().invoke(app, ["evaluate", *given, *options])

    assert isinstance(result.exception, SettingsError)
    assert said in str(result.exception)


def test_a_missing_or_damaged_file_is_named(folder: Path, tmp_path: Path) -> None:
    data = tmp_path / "data"
    shutil.copytree(folder, data)
    damaged = data / "sentiment" / "dksf.test.jsonl.xz"

    damaged.write_bytes(damaged.read_bytes()[:-20])
    with pytest.raises(EvaluationError, match=r"a file cannot be read .* copy the folder anew"):
        load_sets(data, "test")
    write(damaged, [{"text": "خوب"}])
    with pytest.raises(EvaluationError, match=r"a row has other fields than expected \(KeyError\)"):
        load_sets(data, "test")
    damaged.unlink()
    with pytest.raises(EvaluationError, match=r"dksf\.test\.jsonl\.xz: is missing"):
        load_sets(data, "test")
    with pytest.raises(EvaluationError, match=r"is no evaluation \(\d+ faults\)"):
        load_evaluation(_saved(tmp_path / "other.json", "{}"))


def test_without_torch_fine_tuning_names_the_remedy(folder: Path, weights: Path) -> None:
    program = (
        "import sys; sys.modules['torch'] = None\n"
        "from pathlib import Path\n"
        "from models.evaluation.run import measure_transfers\n"
        f"measure_transfers(Path({str(folder)!r}), Path({str(weights)!r}), watch=lambda *_: None)\n"
    )

    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)

    assert ended.stderr.splitlines()[-1] == (
        "models.evaluation.records.EvaluationError: fine-tuning needs torch and onnx: pip install "
        "'bazkhord[train]' (WITH_TORCH=1 make setup), or leave it out with --no-transfer"
    )


def test_a_limit_takes_the_same_rows_each_time_in_their_order(folder: Path) -> None:
    whole, few = load_sets(folder, "test"), load_sets(folder, "test", limit=3)

    texts = [one.text for one in few.held_out]
    assert len(texts) == 3
    assert texts == [one.text for one in whole.held_out if one in few.held_out][:3]
    assert load_sets(folder, "test", limit=3) == few


def test_binary_polarity_drops_the_neutral_and_joins_the_signs(folder: Path) -> None:
    binary, five, emotions = load_tasks(folder)

    assert binary.labels == ("negative", "positive")
    assert [label for _, label in binary.test] == ["negative"] * 2 + ["positive"] * 2 + ["negative"] * 2
    assert five.labels == ("-1", "-2", "0", "1", "2")
    assert emotions.labels == EMOTIONS


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("غذا بد نبود", True),
        ("اصلا نمی‌ارزه", True),
        ("نميخوام دیگه", True),
        ("هیچی نفهمیدم", True),
        ("بدون مشکل رسید", True),
        ("asan khoob nabood", True),
        ("نوشابه خنک بود", False),
        ("نمونه کار عالی", False),
        ("نان تازه بود", False),
    ],
)
def test_negation_is_seen(text: str, expected: object) -> None:
    assert has_negation(message(text)) is expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("پیک خیلی دیر رسید و سرد", True),
        ("پیک خیلی دیر رسید، و سرد", False),
        ("پیک خیلی دیر رسید\nو سرد", False),
        ("خیلی خوب بود", False),
    ],
)
def test_texts_without_punctuation_have_five_words_and_no_mark(text: str, expected: object) -> None:
    assert lacks_punctuation(message(text)) is expected


def test_lengths_and_slices_are_cut_where_they_say() -> None:
    messages = [
        message("ا" * 20, flags=frozenset({Flag.SARCASM}), sentiment=Sentiment.MIXED),
        message("ا" * 21, channel="email"),
        message("ا" * 150, flags=frozenset({Flag.FINGLISH})),
        message("ا" * 151),
    ]

    assert [length_name(one) for one in messages] == ["1–20", "21–60", "61–150", "> 150"]
    assert slice_members(messages) == {
        ("source", "shop"): [0, 1, 2, 3],
        ("channel", "email"): [1],
        ("length", "1–20"): [0],
        ("length", "21–60"): [1],
        ("length", "61–150"): [2],
        ("length", "> 150"): [3],
        ("text", "Finglish"): [2],
        ("text", "mixed"): [0],
        ("text", "sarcasm"): [0],
    }


def test_two_and_three_classes_leave_the_others_out() -> None:
    probabilities = np.array([[0.1, 0.5, 0.3, 0.1], [0.2, 0.1, 0.1, 0.6]], dtype=np.float32)

    assert two_class(probabilities) == pytest.approx(np.array([[0.25, 0.75], [2 / 3, 1 / 3]]))
    assert three_class(probabilities)[1] == pytest.approx([0.5, 0.25, 0.25])


def test_confidence_is_counted_by_hand() -> None:
    probabilities = np.array([[0.96, 0.04], [0.91, 0.09], [0.4, 0.6], [0.8, 0.2]], dtype=np.float32)
    truth = np.array([0, 1, 1, 0])

    kept = {
        one.confidence: (one.precision, one.coverage, one.n) for one in at_confidence(probabilities, truth)
    }
    bins = [(one.low, one.accuracy, one.n) for one in reliability(probabilities, truth)]

    assert kept == {
        0.5: (0.75, 1.0, 4),
        0.7: (pytest.approx(2 / 3), 0.75, 3),
        0.8: (pytest.approx(2 / 3), 0.75, 3),
        0.9: (0.5, 0.5, 2),
        0.95: (1.0, 0.25, 1),
    }
    assert bins == [(0.6, 1.0, 1), (0.8, 1.0, 1), (0.9, 0.5, 2)]


def test_a_head_tells_its_classes_and_confusions() -> None:
    probabilities = np.array([[0.9, 0.1], [0.8, 0.2], [0.7, 0.3], [0.1, 0.9]], dtype=np.float32)
    scores = HeadScores(probabilities, np.array([0, 0, 1, 1]), np.arange(4))

    found = measure_head(scores, ["no", "yes"], Resampling(4))

    assert found.confusion == [[2, 0], [1, 1]]
    assert found.classes["no"].precision == pytest.approx(2 / 3)
    assert found.classes["yes"].recall == 0.5
    assert found.scores.accuracy.value == 0.75
    assert [one.n for one in found.at_confidence["yes"]] == [1, 1, 1, 1, 0]


def test_long_and_empty_texts_are_judged_like_all_others(tiny_weights: Path) -> None:
    long_text = " ".join(TEXTS * 8)
    last = LabelledMention(
        len(long_text) - 12, len(long_text), Stage.USE, Intent.PRAISE, Aspect.APP, Sentiment.POSITIVE
    )
    known = {"sentiment": Sentiment.POSITIVE, "emotion": Emotion.JOY, "flags": frozenset()}
    messages = [
        message(long_text, mentions=(last,), **known),
        message("", **known),
        message(TEXTS[0], **known),
    ]

    judged = Judge(tiny_weights, threads=1).judge(messages)

    shares = judged.head("sentiment").probabilities
    assert shares.shape == (3, 4)
    assert shares.sum(axis=1) == pytest.approx([1.0, 1.0, 1.0], abs=1e-5)
    assert shares[1].tolist() == [0.0, 1.0, 0.0, 0.0]
    assert judged.head("aspect").truth.tolist() == [list(Aspect).index(Aspect.APP)]
    assert judged.head("aspect").places.tolist() == [0]


def test_items_of_chosen_messages_are_numbered_anew() -> None:
    scores = HeadScores(np.eye(4, dtype=np.float32), np.arange(4), np.array([0, 1, 1, 2]))

    chosen = scores.chosen([2, 1])

    assert chosen.truth.tolist() == [1, 2, 3]
    assert chosen.places.tolist() == [1, 1, 0]


def test_texts_in_no_persian_script_have_no_twins(tiny_weights: Path) -> None:
    messages = [message("ok 123", sentiment=Sentiment.NEUTRAL, emotion=Emotion.NONE, flags=frozenset())]

    assert measure_finglish(lambda _: [], [], messages) == {}
    assert measure_rewritten(Judge(tiny_weights, threads=1), messages) == []


def test_fine_tuning_learns_what_can_be_learnt() -> None:
    tokenizer = tiny_tokenizer()
    texts = ["غذا عالی بود", "برنامه باز نمیشه", "غذا خوب بود", "برنامه جواب نمیده"] * 6
    windows = [first_window(one, [], frame=frame_of(tokenizer)) for one in encode_texts(tokenizer, texts)]
    examples = Texts(windows, np.array([0, 1, 0, 1] * 6))
    chooser = TextChooser(tiny_network(tokenizer.get_vocab_size()), "emotion", [3, None])
    recipe = FineTuning(n_epochs=12, batch_tokens=64, peak_rate=2e-3, average_decay=0.8)
    seen: list[tuple[int, int]] = []

    torch.manual_seed(1)
    best = fine_tune(
        chooser,
        examples,
        examples,
        recipe,
        hidden_piece=None,
        watch=lambda done, total: seen.append((done, total)),
    )

    assert choose(best, windows).tolist() == [0, 1, 0, 1] * 6
    assert seen[-1] == (len(seen), len(seen))


def _saved(path: Path, content: str) -> Path:
    path.write_text(content, encoding="utf-8")
    return path
