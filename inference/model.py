"""The model: one encoder pass gives quote, mention and cue tags; attribution reads its output.

The encoder is any Hugging Face encoder (CamemBERT, RoBERTa, DeBERTa-v2, …). Its hidden states are
taken at each word's first token, so labels and spans can never break a word.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from transformers import AutoModel, PreTrainedModel
from transformers.utils import ModelOutput

from .config import QuoteConfig
from .crf import LinearChainCRF
from .features import FEATURES
from .heads import Pointer, SpanPointer, StanceHead, distances, quote_vectors
from .labels import QUOTE_LABELS, SPAN_LABELS
from .schema import STANCES

LINE_FEATURE = FEATURES.index("after_break")

# Weights of the parts of the loss; those of tags are a mean over words, the others a mean over quotes.
LOSS_WEIGHTS = {
    "quote": 8.0,
    "mention": 4.0,
    "cue": 4.0,
    "mention_pointer": 1.0,
    "cue_pointer": 0.5,
    "stance": 2.0,
    "target": 0.3,
}
STANCE_SMOOTHING = 0.1  # annotators differ most here
NONE, IGNORED = -1, -2  # as the first word of a pointer's target


@dataclass
class QuoteOutput(ModelOutput):
    """``words`` (B, W, H) and the taggers' emissions (B, W, labels)."""

    loss: Tensor | None = None
    words: Tensor | None = None
    quote: Tensor | None = None
    mention: Tensor | None = None
    cue: Tensor | None = None


@dataclass
class Attributions:
    """For Q quotes: log-probabilities (B, Q, W + 1), « none » last, and stance logits (B, Q, 3).

    ``target``: those of its first and its last word (B, Q, 2, W + 1), where the model has targets.
    """

    mention: Tensor
    cue: Tensor
    stance: Tensor
    target: Tensor | None = None


class QuoteModel(PreTrainedModel):
    """Encoder, taggers, pointers and stance head, saved together."""

    config_class = QuoteConfig
    base_model_prefix = "encoder"
    _no_split_modules: list[str] = []

    def __init__(self, config: QuoteConfig) -> None:
        super().__init__(config)
        self.encoder = AutoModel.from_config(config.encoder_config(), **config.encoder_options())
        hidden, size, dropout = config.hidden_size, config.head_size, config.head_dropout
        # Backbones differ by orders of magnitude in scale; heads learn at one rate on unit scale.
        self.norm = nn.LayerNorm(hidden)
        self.dropout = nn.Dropout(dropout)
        if config.feature_input:
            self.feature_input = nn.Linear(config.features, hidden, bias=False)
        width = hidden + config.features
        self.quote_tags = nn.Linear(width, len(QUOTE_LABELS))
        self.mention_tags = nn.Linear(width, len(SPAN_LABELS))
        self.cue_tags = nn.Linear(width, len(SPAN_LABELS))
        self.crf = LinearChainCRF(QUOTE_LABELS)
        self.mention_pointer = Pointer(hidden, size, len(SPAN_LABELS), dropout)
        self.cue_pointer = Pointer(hidden, size, len(SPAN_LABELS), dropout)
        self.stance_head = StanceHead(hidden, size, dropout, len(STANCES))
        if config.targets:
            self.target_pointer = SpanPointer(hidden, size // 2, len(SPAN_LABELS), dropout)
        self.post_init()
        if config.feature_input:  # at first the encoder reads what it was pretrained on
            nn.init.zeros_(self.feature_input.weight)

    def encode(
        self, input_ids: Tensor, attention_mask: Tensor, heads: Tensor, features: Tensor
    ) -> Tensor:
        """Word vectors (B, W, H) of a batch of windows.

        heads (B, W) are first-token indices, 0 beyond a window's words; features (B, W, F).
        """
        if self.config.feature_input:
            embeddings = self.encoder.get_input_embeddings()(input_ids)
            embeddings = embeddings + self._of_tokens(features, heads, input_ids.shape[1])
            output = self.encoder(inputs_embeds=embeddings, attention_mask=attention_mask)
        else:
            output = self.encoder(input_ids=input_ids, attention_mask=attention_mask)
        hidden = output[0]
        hidden = hidden.gather(1, heads.unsqueeze(-1).expand(-1, -1, hidden.shape[-1]))
        return self.norm(hidden)

    def _of_tokens(self, features: Tensor, heads: Tensor, tokens: int) -> Tensor:
        """(B, T, H): what the features of the word that a token belongs to add to its embedding."""
        rows = self.feature_input(features[..., : self.config.features])
        starts = heads.new_zeros(heads.shape[0], tokens).scatter_add_(1, heads, (heads > 0).long())
        word = starts.cumsum(1) - 1  # -1 before the first word
        rows = rows.gather(1, word.clamp(min=0).unsqueeze(-1).expand(-1, -1, rows.shape[-1]))
        return rows * (word >= 0).unsqueeze(-1)

    def tag(self, words: Tensor, features: Tensor) -> QuoteOutput:
        """Emissions of the three taggers for word vectors and features (B, W, F)."""
        read = features[..., : self.config.features].to(words.dtype)
        joint = torch.cat([self.dropout(words), read], dim=-1)
        return QuoteOutput(
            words=words,
            quote=self.quote_tags(joint),
            mention=self.mention_tags(joint),
            cue=self.cue_tags(joint),
        )

    def attribute(
        self, tags: QuoteOutput, features: Tensor, mask: Tensor, quotes: Tensor
    ) -> Attributions:
        """Mentions, cues, stances and targets of quotes (B, Q, 2), given the taggers' output."""
        words, lines = tags.words, features[..., LINE_FEATURE].long().cumsum(1)
        vectors = quote_vectors(words, quotes, mask)
        distance = distances(quotes, words.shape[1])
        near = (distance.abs() <= self.config.reach) & mask.unsqueeze(1)
        pointers = []
        for pointer, emissions, allowed in (
            (self.mention_pointer, tags.mention, near & (distance != 0)),
            (self.cue_pointer, tags.cue, near),
        ):
            prior = torch.log_softmax(emissions.float(), -1).to(words.dtype)
            pointers.append(pointer(words, vectors, quotes, prior, lines, allowed))
        pointed = (p.detach() for p in pointers)
        stance = self.stance_head(words, vectors, quotes, *pointed, mask)
        target = None
        if self.config.targets:  # mostly inside the quote; a mention is seldom what it is about
            prior = torch.log_softmax(tags.mention.float(), -1).to(words.dtype).detach()
            target = self.target_pointer(words, vectors, quotes, prior, lines, near)
        return Attributions(*pointers, stance, target)

    def forward(
        self,
        input_ids: Tensor,
        attention_mask: Tensor,
        heads: Tensor,
        features: Tensor,
        word_mask: Tensor,
        quote_labels: Tensor | None = None,
        mention_labels: Tensor | None = None,
        cue_labels: Tensor | None = None,
        quotes: Tensor | None = None,
        mention_targets: Tensor | None = None,
        cue_targets: Tensor | None = None,
        target_targets: Tensor | None = None,
        stance_labels: Tensor | None = None,
    ) -> QuoteOutput:
        """Tags a batch of windows; with labels, the loss as well.

        Targets (B, Q, 2) are word spans, or NONE or IGNORED; stance labels (B, Q), -100 ignored.
        """
        words = self.encode(input_ids, attention_mask, heads, features)
        output = self.tag(words, features)
        if quote_labels is None:
            return output
        parts = {"quote": self.crf.nll(output.quote, quote_labels, word_mask) / word_mask.sum()}
        for name, labels in (("mention", mention_labels), ("cue", cue_labels)):
            parts[name] = nn.functional.cross_entropy(
                output[name].float().transpose(1, 2), labels.masked_fill(~word_mask, -100)
            )
        if (stance_labels != -100).any():
            found = self.attribute(output, features, word_mask, quotes)
            parts["mention_pointer"] = pointer_loss(found.mention, mention_targets)
            parts["cue_pointer"] = pointer_loss(found.cue, cue_targets)
            parts["stance"] = nn.functional.cross_entropy(
                found.stance.float().transpose(1, 2),
                stance_labels,
                ignore_index=-100,
                label_smoothing=STANCE_SMOOTHING,
            )
            if found.target is not None:
                parts["target"] = span_loss(found.target, target_targets)
        output.loss = sum(LOSS_WEIGHTS[name] * part for name, part in parts.items())
        return output


def pointer_loss(log_probabilities: Tensor, targets: Tensor) -> Tensor:
    """Mean over quotes of −log of the probability that falls on any word of the target."""
    size = log_probabilities.shape[-1] - 1
    position = torch.arange(size + 1, device=targets.device)
    first, end = targets[..., :1], targets[..., 1:]
    wanted = (position >= first) & (position < end) & (position < size)
    wanted = wanted | ((first == NONE) & (position == size))
    hit = log_probabilities.masked_fill(~wanted, -1e4).logsumexp(-1)
    # A word out of the pointer's reach can't be learned.
    kept = (targets[..., 0] != IGNORED) & wanted.any(-1) & (hit > -1e3)
    return -(hit * kept).sum() / kept.sum().clamp(min=1)


def span_loss(log_probabilities: Tensor, targets: Tensor) -> Tensor:
    """Mean over quotes of −log of the probabilities of a target's first and last word."""
    first, end = targets[..., 0], targets[..., 1]
    beyond = torch.where(first == NONE, first, end - 1)
    edges = [(first, first + 1), (beyond, end)]
    return sum(
        pointer_loss(log_probabilities[:, :, i], torch.stack(edge, dim=-1))
        for i, edge in enumerate(edges)
    )
