"""A model as OpenVINO graphs with 8-bit weights, which need neither torch nor transformers to run."""

from __future__ import annotations

import contextlib
import io
import warnings
from pathlib import Path
from shutil import copyfile
from typing import TYPE_CHECKING

import msgspec
import numpy as np
import torch
from torch import Tensor, nn

from .exported import FILE, FORMAT, Export, Special, import_openvino
from .features import FEATURES
from .labels import SPAN_LABELS
from .model import QuoteModel, QuoteOutput
from .torch_backend import TorchBackend, quiet
from .windows import special_ids
from .writing import replacing_folder

if TYPE_CHECKING:
    from openvino import Model

openvino = import_openvino()
ops = openvino.opset15
SMALLEST = 4096  # weights: a smaller matrix is not worth its scales


def export(source: str, out: Path) -> None:
    """Writes the model of a folder or hub id to the folder ``out``, with its card, whole or not at all.

    Raises InputError for an unknown model, or an ``out`` that is in the way.
    """
    backend = TorchBackend.load(source, "cpu")
    out.parent.mkdir(parents=True, exist_ok=True)
    with replacing_folder(out) as folder, _silence():
        for name, graph in _graphs(backend.model).items():
            compress(graph)
            openvino.save_model(graph, folder / f"{name}.xml", compress_to_fp16=False)
        backend.tokenizer.backend_tokenizer.save(str(folder / "tokenizer.json"))
        (folder / FILE).write_bytes(msgspec.json.encode(_description(backend)))
        card = Path(source) / "README.md"
        if card.is_file():
            copyfile(card, folder / card.name)


def _description(backend: TorchBackend) -> Export:
    special = Special(*special_ids(backend.tokenizer), backend.tokenizer.pad_token_id)
    return Export(FORMAT, backend.settings, special, backend.transitions.tolist())


class _Encoder(nn.Module):
    def __init__(self, model: QuoteModel) -> None:
        super().__init__()
        self.model = model

    def forward(
        self, input_ids: Tensor, attention_mask: Tensor, heads: Tensor, features: Tensor
    ) -> tuple[Tensor, ...]:
        words = self.model.encode(input_ids, attention_mask, heads, features)
        tags = self.model.tag(words, features)
        return words, tags.quote, tags.mention, tags.cue


class _Attribution(nn.Module):
    def __init__(self, model: QuoteModel) -> None:
        super().__init__()
        self.model = model

    def forward(
        self,
        words: Tensor,
        mention: Tensor,
        cue: Tensor,
        features: Tensor,
        mask: Tensor,
        quotes: Tensor,
    ) -> tuple[Tensor, ...]:
        tags = QuoteOutput(words=words, mention=mention, cue=cue)
        found = self.model.attribute(tags, features, mask, quotes)
        outputs = (found.mention, found.cue, found.stance)
        return outputs if found.target is None else (*outputs, found.target)


def _graphs(model: QuoteModel) -> dict[str, Model]:
    """Graphs of any batch size, length and number of quotes."""
    batch, tokens, words, quotes = 2, 40, 30, 3
    features = torch.zeros(batch, words, len(FEATURES))
    spans = torch.tensor([[2, 5], [7, 8], [9, 20]]).expand(batch, quotes, 2).clone()
    encoder = {
        "input_ids": torch.full((batch, tokens), 5),
        "attention_mask": torch.ones(batch, tokens, dtype=torch.long),
        "heads": torch.arange(1, words + 1).expand(batch, words).clone(),
        "features": features,
    }
    attribution = {
        "words": torch.zeros(batch, words, model.config.hidden_size),
        "mention": torch.zeros(batch, words, len(SPAN_LABELS)),
        "cue": torch.zeros(batch, words, len(SPAN_LABELS)),
        "features": features,
        "mask": torch.ones(batch, words, dtype=torch.bool),
        "quotes": spans,
    }
    with torch.inference_mode():
        return {
            "encoder": openvino.convert_model(_Encoder(model).eval(), example_input=encoder),
            "attribution": openvino.convert_model(
                _Attribution(model).eval(), example_input=attribution
            ),
        }


def compress(graph: Model) -> None:
    """Puts 8-bit weights, with a scale a row, in place of matrices."""
    for node in graph.get_ordered_ops():
        kind = node.get_type_name()
        if kind not in ("MatMul", "Gather"):
            continue
        port = node.input(1 if kind == "MatMul" else 0)
        constant = port.get_source_output().get_node()
        if (
            constant.get_type_name() != "Constant"
            or constant.get_output_element_type(0).is_integral()
        ):
            continue
        weights = np.array(constant.data, dtype=np.float32)
        if weights.ndim != 2 or weights.size < SMALLEST:
            continue
        along_columns = kind == "MatMul" and not node.get_attributes()["transpose_b"]
        scale = np.abs(weights).max(0 if along_columns else 1, keepdims=True) / 127
        scale = np.where(scale == 0, 1, scale).astype(np.float16)
        rounded = np.clip(np.round(weights / scale.astype(np.float32)), -127, 127).astype(np.int8)
        half = ops.multiply(ops.convert(ops.constant(rounded), "f16"), ops.constant(scale))
        port.replace_source_output(ops.convert(half, "f32").output(0))


@contextlib.contextmanager
def _silence():  # type: ignore[no-untyped-def]
    """What the tracer and transformers say of the conversion is no news to the user."""
    silent = contextlib.redirect_stdout(io.StringIO())
    with quiet("transformers"), warnings.catch_warnings(), silent:
        warnings.simplefilter("ignore")
        yield
