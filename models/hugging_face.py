"""Any encoder of the transformers library as the encoder of our network.

A *base* is what fine-tuning starts from: a folder (or the name of one on the hub) with ``config.json``, the
weights and the tokenizer. Nothing that a base or a weights folder brings is run as code.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import torch
import transformers
from huggingface_hub import hf_hub_download
from huggingface_hub.utils import logging as hub_logging
from tokenizers import Tokenizer, processors
from torch import Tensor, nn
from transformers import AutoConfig, AutoModel, AutoTokenizer, PreTrainedModel
from transformers.utils import logging as transformers_logging
from transformers.utils.hub import cached_file

from models.checkpoint import CheckpointError
from models.encoding import frame_of
from models.heads import MAX_TOKENS
from models.network import AnyEncoder, OtherShape
from models.normalize import PLACEHOLDERS

WINDOW_SIZES = (MAX_TOKENS, 128, 96, 64, 48, 32)
_NEEDED = "give a folder with config.json, model.safetensors and tokenizer.json"
_FRAMES = (("[CLS]", "[SEP]"), ("<s>", "</s>"), ("<cls>", "<sep>"))
_NOT_OF_THE_ENCODER = frozenset(
    ("auto_map", "quantization_config", "attn_implementation", "_attn_implementation", "dtype", "torch_dtype")
)
_UNUSABLE = (AttributeError, IndexError, KeyError, OSError, RuntimeError, TypeError, ValueError)


class HuggingFaceEncoder(AnyEncoder):
    """A model of the transformers library with the interface of :class:`models.network.Encoder`.

    Args:
        model: Gives ``last_hidden_state``; its pooler, which no head reads, is taken off.
    """

    def __init__(self, model: PreTrainedModel) -> None:
        super().__init__()
        if getattr(model, "pooler", None) is not None:
            model.pooler = None  # type: ignore[assignment]
        self.model = model
        self.shape = OtherShape(int(model.config.hidden_size))
        self.padding = int(getattr(model.config, "pad_token_id", None) or 0)

    def forward(self, tokens: Tensor, is_token: Tensor | None = None) -> Tensor:
        """Returns the state of each token in the context of its text.

        Args:
            tokens: Piece numbers; those of padding may be any. Shape: (batch, tokens).
            is_token: True where there is a token; ``None``: no padding. Shape: (batch, tokens).

        Returns:
            Shape: (batch, tokens, width).
        """
        if is_token is None:
            is_token = torch.ones_like(tokens, dtype=torch.bool)
        # RoBERTa counts positions from the tokens that are not its padding number.
        tokens = tokens.masked_fill(~is_token, self.padding)
        states: Tensor = self.model(input_ids=tokens, attention_mask=is_token.long()).last_hidden_state
        return states


@dataclass(frozen=True, slots=True)
class Base:
    """An encoder to fine-tune, with what reads texts for it.

    Attributes:
        encoder: On the processor, in float32.
        tokenizer: Knows the masks of redaction, frames a text by two tokens, pads and cuts nothing.
        max_tokens: Tokens it reads at once, frame included; one of ``WINDOW_SIZES``.
    """

    encoder: HuggingFaceEncoder
    tokenizer: Tokenizer
    max_tokens: int


def load_base(base: str) -> Base:
    """Returns an encoder ready to be fine-tuned, from a folder or, where it can be reached, from the hub.

    Args:
        base: A folder, or an identifier on the hub such as ``HooshvareLab/bert-fa-base-uncased``.

    Raises:
        CheckpointError: There is no such folder or hub model, a file is missing, the tokenizer exists in slow
            form only, the model needs code of its own, or it is no encoder.
    """
    _keep_quiet()
    _ensure_there(base)
    tokenizer = _load_tokenizer(base)
    model = _load_model(base)
    n_pieces = max(tokenizer.get_vocab().values()) + 1
    embeddings = model.get_input_embeddings()
    if isinstance(embeddings, nn.Embedding) and n_pieces > embeddings.num_embeddings:
        model.resize_token_embeddings(n_pieces, mean_resizing=False)
    encoder = HuggingFaceEncoder(model).eval()
    return Base(encoder, tokenizer, _max_tokens(base, encoder, frame_of(tokenizer)[0]))


def save_config(encoder: HuggingFaceEncoder, path: Path) -> None:
    """Writes ``config.json`` as :func:`build_encoder` reads it."""
    content = encoder.model.config.to_dict()
    kept = {name: value for name, value in content.items() if name not in _NOT_OF_THE_ENCODER}
    path.write_text(json.dumps(kept, indent=2, sort_keys=True, default=str) + "\n", encoding="utf-8")


def build_encoder(config: Path) -> HuggingFaceEncoder:
    """Returns the encoder that a ``config.json`` describes, with random weights.

    Raises:
        CheckpointError: The file describes no model that the installed transformers library knows.
    """
    _keep_quiet()
    try:
        content = json.loads(config.read_text(encoding="utf-8"))
        kept = {name: value for name, value in content.items() if name not in _NOT_OF_THE_ENCODER}
        described = AutoConfig.for_model(kept.pop("model_type"), **kept)
        model: PreTrainedModel = AutoModel.from_config(described, dtype=torch.float32)  # type: ignore[no-untyped-call]
        return HuggingFaceEncoder(model).eval()
    except _UNUSABLE as error:
        raise CheckpointError(
            f"{config}: describes no encoder that transformers {transformers.__version__} knows "
            f"({_first_line(error)}); install the version that made it, or train again"
        ) from error


def _ensure_there(base: str) -> None:
    if (Path(base) / "config.json").is_file():
        return
    if Path(base).is_dir():
        raise CheckpointError(f"{base}: has no config.json; {_NEEDED}")
    try:
        # One file first: where the hub cannot be reached, this gives up after half a minute and not after two.
        hf_hub_download(base, "config.json")  # who trains names it; none of its code is run  # nosec B615
    except _UNUSABLE as error:
        raise _explained(base, error) from error


def _load_model(base: str) -> PreTrainedModel:
    model: PreTrainedModel
    try:
        model, report = AutoModel.from_pretrained(  # as above  # nosec B615
            base, trust_remote_code=False, dtype=torch.float32, output_loading_info=True
        )
    except _UNUSABLE as error:
        raise _explained(base, error) from error
    missing = sorted(name for name in report["missing_keys"] if "pooler" not in name)
    if missing:
        raise CheckpointError(
            f"{base}: its weights lack {len(missing)} parts of the encoder, such as {missing[0]}; {_NEEDED} "
            "that belong together"
        )
    return model


def _load_tokenizer(base: str) -> Tokenizer:
    try:
        path = cached_file(base, "tokenizer.json", _raise_exceptions_for_missing_entries=False)
        tokenizer = Tokenizer.from_file(path) if path else _converted(base)
    except _UNUSABLE as error:
        raise _explained(base, error) from error
    tokenizer.no_padding()
    tokenizer.no_truncation()
    _ensure_frame(base, tokenizer)
    tokenizer.add_special_tokens(list(PLACEHOLDERS))
    return tokenizer


def _converted(base: str) -> Tokenizer:
    found = AutoTokenizer.from_pretrained(base, trust_remote_code=False)  # as above  # nosec B615
    if not found.is_fast:
        raise CheckpointError(
            f"{base}: has a slow tokenizer only ({type(found).__name__}), which does not say where its pieces "
            "stand in the text; needed is the tokenizer.json of a fast one, made for the same vocabulary"
        )
    tokenizer: Tokenizer = found.backend_tokenizer
    if tokenizer.get_vocab_size() <= len(found.all_special_tokens):
        raise CheckpointError(f"{base}: has no tokenizer; {_NEEDED}")
    return tokenizer


def _ensure_frame(base: str, tokenizer: Tokenizer) -> None:
    if not tokenizer.encode("").ids:
        for first, last in _FRAMES:
            tokens = [(token, tokenizer.token_to_id(token)) for token in (first, last)]
            if None not in (number for _, number in tokens):
                tokenizer.post_processor = processors.TemplateProcessing(
                    single=f"{first} $A {last}", special_tokens=tokens
                )
                break
    try:
        frame_of(tokenizer)
    except ValueError as error:
        raise CheckpointError(f"{base}: {error}") from error


def _max_tokens(base: str, encoder: HuggingFaceEncoder, token: int) -> int:
    why = ""
    for n_tokens in WINDOW_SIZES:
        try:
            with torch.inference_mode():
                states = encoder(torch.full((1, n_tokens), token))
        except _UNUSABLE as error:
            why = _first_line(error)
            continue
        if states.shape == (1, n_tokens, encoder.shape.width):
            return n_tokens
    raise CheckpointError(
        f"{base}: a {encoder.model.config.model_type} does not give one state for each of {WINDOW_SIZES[-1]} "
        f"tokens{f' ({why})' if why else ''}; give an encoder such as BERT, RoBERTa or ELECTRA"
    )


def _explained(base: str, error: Exception) -> CheckpointError:
    if Path(base).is_dir():
        return CheckpointError(f"{base}: cannot be used as a base ({_first_line(error)}); {_NEEDED}")
    return CheckpointError(
        f"{base}: no such folder, and the hub cannot be reached or has no such model; {_NEEDED}"
    )


def _keep_quiet() -> None:
    hub_logging.set_verbosity_error()  # type: ignore[no-untyped-call]
    transformers_logging.set_verbosity_error()  # type: ignore[no-untyped-call]
    transformers_logging.disable_progress_bar()  # type: ignore[no-untyped-call]


def _first_line(error: Exception) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0][:200]
