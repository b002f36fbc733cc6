"""Configuration of a quote model: an encoder of any family, and the heads on top of it."""

from __future__ import annotations

from typing import Any

from transformers import CONFIG_MAPPING, AutoConfig, PreTrainedConfig


class QuoteConfig(PreTrainedConfig):
    """``encoder`` is the backbone's own configuration, as a dict with its ``model_type``."""

    model_type = "guillemets"

    def __init__(
        self,
        encoder: dict[str, Any] | None = None,
        head_size: int = 256,
        head_dropout: float = 0.2,
        reach: int = 160,
        window_tokens: int = 510,
        window_overlap: int = 128,
        targets: bool = False,
        features: int = 8,
        feature_input: bool = False,
        stance_temperature: float = 1.0,
        score_scale: float = 1.0,
        score_bias: float = 0.0,
        **kwargs: Any,
    ) -> None:
        self.encoder = encoder or {"model_type": "camembert"}
        self.head_size = head_size
        self.head_dropout = head_dropout
        self.reach = reach  # words to either side of a quote where its mention and cue may stand
        self.window_tokens = window_tokens
        self.window_overlap = window_overlap
        self.targets = targets  # whether a head points at what a stance is for or against
        self.features = features  # how many of features.FEATURES the model reads
        self.feature_input = feature_input  # whether the encoder reads them too
        # Fitted on held-out documents by `guillemets calibrate`.
        self.stance_temperature = stance_temperature
        self.score_scale, self.score_bias = score_scale, score_bias
        super().__init__(**kwargs)

    def forget_scaling(self) -> None:
        """Scores as the weights give them: what was fitted on other weights means nothing for these."""
        self.stance_temperature = self.score_scale = 1.0
        self.score_bias = 0.0

    def encoder_config(self) -> PreTrainedConfig:
        options = dict(self.encoder)
        return CONFIG_MAPPING[options.pop("model_type")](**options)

    def encoder_options(self) -> dict[str, Any]:
        """Options of the encoder's class: no pooler where the family has one."""
        pooled = self.encoder["model_type"] in ("camembert", "roberta", "xlm-roberta", "bert")
        return {"add_pooling_layer": False} if pooled else {}

    @property
    def hidden_size(self) -> int:
        return int(self.encoder_config().hidden_size)


# AutoTokenizer reads a folder's configuration too, and warns of types that it doesn't know.
AutoConfig.register(QuoteConfig.model_type, QuoteConfig, exist_ok=True)
