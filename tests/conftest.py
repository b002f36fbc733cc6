"""Shared fixtures: the corpus, and tiny backbones of two families made on the spot."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import msgspec
import pytest
import torch
from hypothesis import settings as hypothesis_settings

# How long an example takes is the machine's affair, not the test's.
hypothesis_settings.register_profile("no deadline", deadline=None)
hypothesis_settings.load_profile("no deadline")

try:  # OpenVINO imports it where it is installed; uvicorn, setting logging up, closes its handlers
    from absl import logging as absl_logging
except ModuleNotFoundError:
    pass
else:  # and this one its stream with it, which would be pytest's own
    absl_logging.get_absl_handler().python_handler.setStream(sys.__stderr__)

ROOT = Path(__file__).resolve().parent.parent
CORPUS = ROOT / "training" / "corpus"

# Every way of marking a quote that news texts come with: what opens, what closes.
STYLES = {
    "guillemets": ("« ", " »"),
    "no space": ("«", "»"),
    "no-break": ("«\u00a0", "\u00a0»"),
    "thin": ("«\u202f", "\u202f»"),
    "straight": ('"', '"'),
    "curly": ("“", "”"),
    "german": ("„", "“"),
    "single": ("‹ ", " ›"),
    "inverted single": ("‘", "’"),
    "turned": ("»", "«"),
    "ascii": ("<< ", " >>"),
}

torch.set_num_threads(min(2, torch.get_num_threads()))


@pytest.fixture(scope="session")
def heldout():
    """Authored articles that no shipped model was trained on."""
    from guillemets.inference.reading import read_documents

    return list(read_documents(CORPUS / "heldout.jsonl"))


@pytest.fixture(scope="session")
def few(heldout):
    """Four short articles to overfit."""
    return sorted(heldout, key=lambda d: len(d.text))[:4]


def tiny_tokenizer(texts: list[str]):
    from tokenizers import (
        Regex,
        Tokenizer,
        models,
        normalizers,
        pre_tokenizers,
        processors,
        trainers,
    )
    from transformers import PreTrainedTokenizerFast

    special = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]
    tokenizer = Tokenizer(models.BPE(unk_token="<unk>"))
    tokenizer.normalizer = normalizers.NFKC()
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.WhitespaceSplit(),
            pre_tokenizers.Split(Regex(r"[^\w]"), "isolated"),
        ]
    )
    trainer = trainers.BpeTrainer(vocab_size=800, special_tokens=special)
    tokenizer.train_from_iterator(texts, trainer)
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>", special_tokens=[("<s>", 0), ("</s>", 2)]
    )
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        bos_token="<s>",
        eos_token="</s>",
        cls_token="<s>",
        sep_token="</s>",
        pad_token="<pad>",
        unk_token="<unk>",
        mask_token="<mask>",
    )


@pytest.fixture(scope="session")
def tiny_backbone(tmp_path_factory, heldout):
    """``tiny_backbone(family)``: a folder with a random encoder of that family, and a tokenizer."""
    from transformers import CamembertConfig, CamembertModel, DebertaV2Config, DebertaV2Model

    tokenizer = tiny_tokenizer([d.text for d in heldout])
    sizes = dict(  # noqa: C408
        vocab_size=len(tokenizer),
        hidden_size=64,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=128,
        max_position_embeddings=514,
        pad_token_id=1,
    )
    families = {
        "camembert": lambda: CamembertModel(
            CamembertConfig(type_vocab_size=1, **sizes), add_pooling_layer=False
        ),
        "deberta-v2": lambda: DebertaV2Model(
            DebertaV2Config(
                relative_attention=True,
                position_buckets=32,
                pos_att_type=["p2c", "c2p"],
                share_att_key=True,
                norm_rel_ebd="layer_norm",
                **sizes,
            )
        ),
    }
    folders: dict[str, str] = {}

    def make(family: str) -> str:
        if family not in folders:
            folder = tmp_path_factory.mktemp(family)
            torch.manual_seed(0)
            families[family]().save_pretrained(folder)
            tokenizer.save_pretrained(folder)
            folders[family] = str(folder)
        return folders[family]

    return make


@pytest.fixture
def settings(tmp_path, few, tiny_backbone):
    """``settings(family, **optimisation)``: a run on four documents that are dev data as well."""

    from guillemets.inference.schema import Document
    from guillemets.training.settings import load_settings

    def make(family: str = "camembert", **optimisation):
        texts = {
            "train": few,
            "dev": [Document(f"{d.id}-dev", d.text + "Fin.", d.quotes) for d in few],
        }
        for name, documents in texts.items():
            lines = b"".join(msgspec.json.encode(d) + b"\n" for d in documents)
            (tmp_path / f"{name}.jsonl").write_bytes(lines)
        raw = {
            "backbone": tiny_backbone(family),
            "output": str(tmp_path / "run"),
            "data": {k: [str(tmp_path / f"{k}.jsonl")] for k in texts},
            "windows": {"tokens": 256, "overlap": 64},
            "heads": {"size": 32, "dropout": 0.0},
            "optimisation": {
                "encoder_rate": 2e-3,
                "head_rate": 4e-3,
                "layer_decay": 1.0,
                "freeze_embeddings": False,
                "precision": "fp32",
                "mask_words": 0.0,
                "shrink_quotes": 0.0,
                **optimisation,
            },
            "evaluation": {"every": 10},
        }
        path = tmp_path / "run.yaml"
        path.write_text(json.dumps(raw), encoding="utf-8")
        return load_settings(path)

    return make
