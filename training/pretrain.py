"""Continued pretraining of a backbone: it guesses masked words of French text.

A backbone cut down to fewer layers and pieces, or made for sentence vectors, has lost part of what it knew
of single words; some passes over text of the kind it will read bring it back (Gururangan et al., « Don't
stop pretraining », ACL 2020).
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np
import torch
from datasets import Dataset
from torch import Tensor, nn
from transformers import AutoConfig, AutoModel, AutoTokenizer, Trainer, TrainingArguments, set_seed
from transformers.utils import ModelOutput

from guillemets.inference.config import QuoteConfig
from guillemets.inference.text import View
from guillemets.inference.windows import Tokenizer, make_windows

from .train import has_bf16

MASKED_SHARE = 0.25  # of the words: more than BERT's 0.15, since texts are few and passes many
MASK_SHARE, RANDOM_SHARE = 0.85, 0.05  # of the masked words; the others stay as they are
IGNORED = -100


class WordGuesser(nn.Module):
    """An encoder under a masked-word head that shares its input embeddings."""

    def __init__(self, encoder: nn.Module) -> None:
        super().__init__()
        self.encoder = encoder
        embeddings = encoder.get_input_embeddings().weight
        size = embeddings.shape[1]
        self.head = nn.Sequential(nn.Linear(size, size), nn.GELU(), nn.LayerNorm(size))
        self.bias = nn.Parameter(torch.zeros(embeddings.shape[0]))

    def forward(self, input_ids: Tensor, attention_mask: Tensor, labels: Tensor) -> ModelOutput:
        """Mean cross-entropy of the masked tokens; only they are worth their logits."""
        hidden = self.encoder(input_ids=input_ids, attention_mask=attention_mask)[0]
        masked = labels != IGNORED
        embeddings = self.encoder.get_input_embeddings().weight
        logits = nn.functional.linear(self.head(hidden[masked]), embeddings, self.bias)
        return ModelOutput(loss=nn.functional.cross_entropy(logits.float(), labels[masked]))


class MaskingCollator:
    """Pads a batch of windows and masks whole words of it, other ones at every pass."""

    def __init__(self, tokenizer: Tokenizer, seed: int) -> None:
        self.pad, self.mask = tokenizer.pad_token_id, tokenizer.mask_token_id
        self.special = torch.tensor(sorted(tokenizer.all_special_ids))
        self.pieces = len(tokenizer)
        self.random = np.random.default_rng(seed)

    def __call__(self, batch: list[dict[str, list[int]]]) -> dict[str, Tensor]:
        size = max(len(row["input_ids"]) for row in batch)
        ids = torch.full((len(batch), size), self.pad)
        labels = torch.full((len(batch), size), IGNORED)
        for i, row in enumerate(batch):
            tokens = torch.tensor(row["input_ids"])
            word = np.searchsorted(row["heads"], np.arange(len(tokens)), side="right")
            chosen = self.random.random(len(row["heads"]) + 1) < MASKED_SHARE
            masked = torch.from_numpy(chosen[word]) & ~torch.isin(tokens, self.special)
            labels[i, : len(tokens)][masked] = tokens[masked]
            fate = torch.from_numpy(self.random.random(len(tokens)))
            noise = torch.from_numpy(self.random.integers(0, self.pieces, len(tokens)))
            shown = torch.where(fate < MASK_SHARE, self.mask, tokens)
            shown = torch.where(fate > 1 - RANDOM_SHARE, noise, shown)
            ids[i, : len(tokens)] = torch.where(masked, shown, tokens)
        return {"input_ids": ids, "attention_mask": (ids != self.pad).long(), "labels": labels}


def adapt(
    backbone: Path,
    texts: Iterable[str],
    out: Path,
    epochs: float = 4.0,
    batch: int = 8,
    rate: float = 4e-4,
    seed: int = 1,
) -> float:
    """Pretrains ``backbone`` further on ``texts`` and writes it to ``out``; the last mean loss."""
    set_seed(seed)
    tokenizer = AutoTokenizer.from_pretrained(backbone)
    config = AutoConfig.from_pretrained(backbone)
    config.attention_probs_dropout_prob = 0.0  # as in fine-tuning: the fused kernel
    encoder = AutoModel.from_pretrained(
        backbone,
        config=config,
        use_safetensors=True,
        dtype=torch.float32,
        **QuoteConfig(encoder=config.to_dict()).encoder_options(),
    )
    size = min(tokenizer.model_max_length, 512) - 2
    windows = (w for text in texts for w in make_windows(View.of(text), tokenizer, size, 0))
    rows = Dataset.from_list(
        [{"input_ids": w.input_ids, "heads": w.heads, "length": len(w.input_ids)} for w in windows]
    )
    trainer = Trainer(
        model=WordGuesser(encoder),
        args=TrainingArguments(
            output_dir=str(out),
            num_train_epochs=epochs,
            per_device_train_batch_size=batch,
            learning_rate=rate,
            weight_decay=0.01,
            adam_beta2=0.98,
            warmup_steps=0.06,
            lr_scheduler_type="linear",
            use_cpu=not torch.cuda.is_available(),
            bf16=has_bf16(),
            seed=seed,
            train_sampling_strategy="group_by_length",
            length_column_name="length",
            save_strategy="no",
            logging_steps=25,
            report_to="none",
            remove_unused_columns=False,
            dataloader_pin_memory=torch.cuda.is_available(),
        ),
        train_dataset=rows,
        data_collator=MaskingCollator(tokenizer, seed),
    )
    trainer.train()
    encoder.save_pretrained(out)
    tokenizer.save_pretrained(out)
    return trainer.state.log_history[-1]["train_loss"]
