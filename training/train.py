"""Fine-tuning with transformers' Trainer: settings in, a model folder out."""

from __future__ import annotations

import json
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import torch
from datasets import Dataset
from torch import nn
from transformers import (
    AutoConfig,
    AutoModel,
    AutoTokenizer,
    PreTrainedConfig,
    ProgressCallback,
    Trainer,
    TrainingArguments,
    set_seed,
)
from transformers.integrations import TensorBoardCallback

from guillemets.inference.config import QuoteConfig
from guillemets.inference.errors import InputError
from guillemets.inference.features import FEATURES
from guillemets.inference.model import QuoteModel
from guillemets.inference.reading import read_documents
from guillemets.inference.schema import Document
from guillemets.inference.tagger import QuoteTagger
from guillemets.inference.torch_backend import TorchBackend
from guillemets.inference.windows import Tokenizer

from . import processes
from .averaging import WeightAverage
from .checkpoints import last_checkpoint, saving
from .examples import Collator, examples
from .metrics import score
from .order import LengthGroups, Order
from .settings import Data, Optimisation, Settings
from .validation import check_training
from .widening import widened


class QuoteTrainer(Trainer):
    """Trainer with a rate for the heads, one a layer for the encoder, and evaluation on documents.

    ``eval_dataset`` is a list of gold documents: they are tagged as a user's would be and scored.
    What is evaluated and kept is ``average``, a running mean of the weights.
    """

    def __init__(self, *args: Any, optimisation: Optimisation, **kwargs: Any) -> None:
        self.optimisation = optimisation
        super().__init__(*args, **kwargs)
        self.average = WeightAverage(self.model, optimisation.average)
        self.add_callback(self.average)
        self.data_collator = self.order = Order(self.args.seed, self.data_collator)
        self.add_callback(self.order)

    def create_optimizer(self, model: nn.Module | None = None) -> torch.optim.Optimizer:
        if self.optimizer is None:
            groups = parameter_groups(model if model is not None else self.model, self.optimisation)
            self.optimizer = torch.optim.AdamW(groups, betas=(0.9, 0.98), eps=1e-6, fused=True)
        return self.optimizer

    def evaluate(
        self,
        eval_dataset: list[Document] | None = None,
        ignore_keys: list[str] | None = None,
        metric_key_prefix: str = "eval",
    ) -> dict[str, float]:
        gold = self.eval_dataset if eval_dataset is None else eval_dataset
        device = str(self.args.device)
        tagger = QuoteTagger(TorchBackend(self.average.model, self.processing_class, device))
        figures = score(gold, tagger.pipe_documents(Document(d.id, d.text) for d in gold))
        metrics = {f"{metric_key_prefix}_{name}": value for name, value in figures.items()}
        self.log(metrics)
        self.control = self.callback_handler.on_evaluate(
            self.args, self.state, self.control, metrics
        )
        return metrics

    def _get_train_sampler(self, train_dataset: Dataset | None = None) -> LengthGroups:
        rows = self.train_dataset if train_dataset is None else train_dataset
        return LengthGroups(rows["length"], self.args.train_batch_size, self.order)

    def _save_checkpoint(self, model: nn.Module, trial: Any) -> None:
        with saving(Path(self.args.output_dir)):
            super()._save_checkpoint(model, trial)


def parameter_groups(model: nn.Module, options: Optimisation) -> list[dict[str, Any]]:
    """One group for every learning rate, without weight decay for biases and norms."""
    layers = model.config.encoder_config().num_hidden_layers
    groups: dict[tuple[float, float], list[nn.Parameter]] = {}
    for name, parameter in model.named_parameters():
        if not parameter.requires_grad:
            continue
        rate = options.head_rate
        if name.startswith("encoder."):
            rate = options.encoder_rate * options.layer_decay ** (layers - _depth(name, layers))
        decay = options.weight_decay if parameter.ndim > 1 else 0.0
        groups.setdefault((rate, decay), []).append(parameter)
    return [{"params": p, "lr": lr, "weight_decay": wd} for (lr, wd), p in groups.items()]


def _depth(name: str, layers: int) -> int:
    """Layers up to and with this parameter: 0 for embeddings."""
    parts = name.split(".")
    if "embeddings" in parts:
        return 0
    return int(parts[parts.index("layer") + 1]) + 1 if "layer" in parts else layers


def new_model(settings: Settings) -> tuple[QuoteModel, Tokenizer]:
    """A pretrained encoder under fresh heads, or a whole quote model to go on from; its tokenizer."""
    try:
        tokenizer = AutoTokenizer.from_pretrained(settings.backbone)
        found = AutoConfig.from_pretrained(settings.backbone)
        whole = isinstance(found, QuoteConfig)
        model = (_trained if whole else _fresh)(settings, found)
    except (OSError, ValueError, KeyError) as error:
        reason = str(error).strip().split("\n")[0]
        raise InputError(f"{settings.backbone}: no backbone can be loaded ({reason})") from None
    if not getattr(tokenizer, "is_fast", False):
        raise InputError(f"{settings.backbone}: a fast tokenizer is needed for offsets")
    if settings.optimisation.mask_words and tokenizer.mask_token_id is None:
        raise InputError(f"{settings.backbone}: no mask token, so set optimisation.mask_words=0")
    for name, parameter in model.encoder.named_parameters():
        if settings.optimisation.freeze_embeddings and "word_embeddings" in name:
            parameter.requires_grad = False
    return model, tokenizer


def _fresh(settings: Settings, encoder: PreTrainedConfig) -> QuoteModel:
    # Dropout inside attention rules out the fused kernels: half the speed for nothing measured.
    encoder.attention_probs_dropout_prob = settings.optimisation.attention_dropout
    options = encoder.to_dict()
    options.pop("_name_or_path", None)  # where it lay here means nothing elsewhere
    config = QuoteConfig(
        encoder=options,
        head_size=settings.heads.size,
        head_dropout=settings.heads.dropout,
        window_tokens=settings.windows.tokens,
        window_overlap=settings.windows.overlap,
        targets=True,
        features=len(FEATURES),
        feature_input=True,
    )
    model = QuoteModel(config)
    model.encoder = AutoModel.from_pretrained(
        settings.backbone,
        config=config.encoder_config(),
        use_safetensors=True,
        dtype=torch.float32,
        **config.encoder_options(),
    )
    return model


def _trained(settings: Settings, config: QuoteConfig) -> QuoteModel:
    """A model that `train` has made: its heads keep their size, and the new run's windows are taken."""
    loaded = QuoteModel.from_pretrained(
        settings.backbone, use_safetensors=True, dtype=torch.float32
    )
    config.targets = config.feature_input = True
    config.features = len(FEATURES)
    config.head_dropout = settings.heads.dropout
    config.window_tokens = settings.windows.tokens
    config.window_overlap = settings.windows.overlap
    config.forget_scaling()
    model = QuoteModel(config)  # with what an older model lacks
    model.load_state_dict(widened(loaded, model), strict=False)
    return model


def train(settings: Settings, resume: bool = False) -> dict[str, float]:
    """Runs the training and saves the model to ``settings.output``; its dev figures.

    Checkpoints stand in ``<output>/checkpoints``; ``resume`` goes on from the last whole one. Run by
    several processes (torchrun, accelerate launch), the first of them saves.
    """
    set_seed(settings.seed)
    gold, extra, dev = load_data(settings.data)
    output, callbacks = Path(settings.output), _callbacks(settings)
    _check_output(output)
    model, tokenizer = new_model(settings)
    cuts = [(settings.windows.tokens, gold + extra), (settings.windows.second, gold)]
    overlap = settings.windows.overlap
    rows = Dataset.from_list(
        [
            row
            for size, documents in cuts
            if size
            for row in examples(documents, tokenizer, size, min(overlap, size // 3))
        ]
    )
    trainer = QuoteTrainer(
        model=model,
        args=_arguments(settings, len(rows)),
        train_dataset=rows,
        eval_dataset=dev,
        data_collator=Collator(
            tokenizer,
            settings.optimisation.mask_words,
            settings.optimisation.shrink_quotes,
        ),
        processing_class=tokenizer,
        callbacks=callbacks,
        optimisation=settings.optimisation,
    )
    last = last_checkpoint(output / "checkpoints") if resume else None
    if last:
        trainer.average.load(last)
    try:
        trainer.train(resume_from_checkpoint=str(last) if last else None)
    except InputError:
        _close_bar(trainer)  # or it would be drawn again under the message
        raise
    figures = trainer.evaluate()
    if trainer.is_world_process_zero():
        save(trainer.average.model, tokenizer, output)
    trainer.accelerator.wait_for_everyone()
    return {name.removeprefix("eval_"): value for name, value in figures.items()}


def save(model: QuoteModel, tokenizer: Tokenizer, folder: Path, half: bool = True) -> None:
    """Writes config, safetensors (half precision unless told) and tokenizer.

    The files take their places when all are written: a failing save spoils no earlier model.
    """
    if half:
        model = model.half()
    with saving(folder):
        folder.mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory(dir=folder, prefix=".saving-") as name:
            part = Path(name)
            model.save_pretrained(part)
            tokenizer.save_pretrained(part)
            vocabulary = part / "tokenizer.json"
            compact = json.dumps(
                json.loads(vocabulary.read_bytes()), ensure_ascii=False, separators=(",", ":")
            )
            vocabulary.write_text(compact, encoding="utf-8")
            for file in part.iterdir():
                file.replace(folder / file.name)


def _check_output(output: Path) -> None:
    """Before hours of training: whether the folder can be made and written to."""
    with saving(output):
        output.mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory(dir=output, prefix=".saving-"):
            pass


def _callbacks(settings: Settings) -> list[TensorBoardCallback]:
    if settings.report == "none":
        return []
    try:
        logs = TensorBoardCallback()
    except (RuntimeError, ImportError):
        raise InputError("report: tensorboard is not installed: pip install tensorboard") from None
    logs.logging_dir = str(Path(settings.output) / "logs")
    return [logs]


def _close_bar(trainer: Trainer) -> None:
    for callback in trainer.callback_handler.callbacks:
        if isinstance(callback, ProgressCallback) and callback.training_bar is not None:
            callback.training_bar.close()


def load_data(
    data: Data, dev: bool = True
) -> tuple[list[Document], list[Document], list[Document]]:
    """Training, extra and (unless they are not wanted) dev documents; InputError where they are no use."""
    judges = data.dev if dev else []
    check_training([*data.train, *data.extra], judges)
    gold, extra, held = (
        [document for file in files for document in read_documents(Path(file))]
        for files in (data.train, data.extra, judges)
    )
    if not gold or (dev and not held):
        raise InputError("the training or the dev data is empty")
    return gold, extra, held


def _arguments(settings: Settings, rows: int) -> TrainingArguments:
    options, evaluation = settings.optimisation, settings.evaluation
    steps_per_epoch = -(-rows // (options.batch * processes.count()))
    interval = max(1, round(steps_per_epoch * evaluation.every))
    bf16 = options.precision == "bf16" or (options.precision == "auto" and has_bf16())
    return TrainingArguments(
        output_dir=str(Path(settings.output) / "checkpoints"),
        num_train_epochs=options.epochs,
        per_device_train_batch_size=options.batch,
        learning_rate=options.encoder_rate,
        warmup_steps=options.warmup,
        lr_scheduler_type="linear",
        max_grad_norm=options.clip,
        use_cpu=not torch.cuda.is_available(),
        bf16=bf16,
        fp16=options.precision == "fp16",
        seed=settings.seed,
        eval_strategy="steps",
        eval_steps=interval,
        save_strategy="steps",
        save_steps=interval,
        save_total_limit=2,
        logging_steps=max(1, min(50, interval // 4)),
        report_to="none",
        remove_unused_columns=False,
        dataloader_pin_memory=torch.cuda.is_available(),
    )


def has_bf16() -> bool:
    """Whether the hardware multiplies in bfloat16: elsewhere it is emulated, and slower."""
    if torch.cuda.is_available():
        return torch.cuda.is_bf16_supported(including_emulation=False)
    return torch.ops.mkldnn._is_mkldnn_bf16_supported()
