"""Make the compact French backbone: a CamemBERT folder cut out of multilingual E5-small.

The encoder keeps its lowest layers and the embeddings of the pieces French needs. BERT and CamemBERT
compute the same thing; only the position table differs, which starts at row 2 in CamemBERT.
"""

from __future__ import annotations

import json
import math
import os
import shutil
import tempfile
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path

import numpy as np
from safetensors.numpy import save_file
from tokenizers import (
    AddedToken,
    Regex,
    Tokenizer,
    normalizers,
    pre_tokenizers,
    processors,
)
from tokenizers.models import Unigram
from transformers import CamembertConfig

from guillemets.training import e5q4

SPECIAL = ("<s>", "<pad>", "</s>", "<unk>")
MASK = "<mask>"
SPACE = "▁"
WORDS = 80_000
# How much of a word's frequency goes to each way of writing it: after a space, capitalised, after an
# apostrophe (or a hyphen, or an opening mark), and both.
FORMS = (("{}", 1.0, False), ("{}", 0.3, True), ("'{}", 0.15, False), ("'{}", 0.05, True))
TEXT_SHARE = 0.5


# ---- tokenizer ----------------------------------------------------------------------------------


def build_tokenizer(pieces: Iterable[tuple[str, float]]) -> Tokenizer:
    """Unigram over `pieces`; a mark, apostrophe or hyphen never shares a piece with a word."""
    tokenizer = Tokenizer(Unigram(list(pieces), unk_id=SPECIAL.index("<unk>"), byte_fallback=False))
    tokenizer.normalizer = normalizers.Sequence(
        [normalizers.Nmt(), normalizers.Replace("\u00ad", ""), normalizers.NFKC()]
    )
    mark = Regex(rf"{SPACE}?(?:\.{{3}}|[^\w{SPACE}]|_)")
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.WhitespaceSplit(),
            pre_tokenizers.Metaspace(replacement=SPACE, prepend_scheme="always", split=False),
            pre_tokenizers.Split(mark, behavior="isolated"),
        ]
    )
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>",
        pair="<s> $A </s> </s> $B </s>",
        special_tokens=[("<s>", 0), ("</s>", 2)],
    )
    tokenizer.add_special_tokens([AddedToken(token, special=True) for token in (*SPECIAL, MASK)])
    return tokenizer


def read_texts(paths: Iterable[Path]) -> Iterator[str]:
    """The `text` of every record of JSON Lines files."""
    for path in paths:
        with open(path, encoding="utf-8") as lines:
            for number, line in enumerate(lines, 1):
                if not line.strip():
                    continue
                try:
                    text = json.loads(line)["text"]
                except (ValueError, KeyError, TypeError):
                    text = None
                if not isinstance(text, str):
                    raise ValueError(f"{path}:{number}: not a JSON object with a string `text`")
                yield text


def count_pieces(tokenizer: Tokenizer, texts: Iterable[str]) -> tuple[Counter[int], int]:
    """How often each piece occurs, and the number of words between white space."""
    counts: Counter[int] = Counter()
    words = 0
    texts = iter(texts)
    while batch := list(islice(texts, 64)):
        words += sum(len(text.split()) for text in batch)
        for encoding in tokenizer.encode_batch_fast(batch, add_special_tokens=False):
            counts.update(encoding.ids)
    return counts, words


# ---- choice of pieces ---------------------------------------------------------------------------


def word_weights(tokenizer: Tokenizer, words: dict[str, float]) -> np.ndarray:
    """Expected occurrences of each piece in running text with these word frequencies."""
    weights = np.zeros(tokenizer.get_vocab_size())
    frequencies = np.fromiter(words.values(), dtype=float, count=len(words))
    for template, share, capital in FORMS:
        forms = [template.format(w[:1].upper() + w[1:] if capital else w) for w in words]
        for encoding, frequency in zip(
            tokenizer.encode_batch_fast(forms, add_special_tokens=False), frequencies, strict=True
        ):
            np.add.at(weights, encoding.ids, share * frequency)
    return weights


def essential(piece: str) -> bool:
    """Single Latin letters, digits, marks (with or without a space before) and the space itself."""
    char = piece.removeprefix(SPACE)
    if piece in (SPACE, "..."):
        return True
    if len(char) != 1 or not unicodedata.is_normalized("NFKC", char):
        return False
    kind = unicodedata.category(char)
    if kind[0] in "PS":
        return ord(char) < 0x250 or 0x2000 <= ord(char) < 0x2300
    latin = kind[0] == "L" and unicodedata.name(char, "").startswith("LATIN ")
    return piece == char and (latin or char in "0123456789")


def choose_pieces(
    packed: e5q4.PackedEncoder, limit: int, words: dict[str, float], texts: Iterable[str] = ()
) -> np.ndarray:
    """At most `limit` original ids: the special ones, the essential, then the most frequent."""
    if packed.special_ids != (0, 1, 2, 3) or packed.pieces[:4] != SPECIAL:
        raise ValueError("the packed model's special pieces are not <s>, <pad>, </s>, <unk>")
    mask = packed.pieces.index(MASK) if MASK in packed.pieces else len(packed.pieces)
    full = build_tokenizer(zip(packed.pieces, packed.scores.tolist(), strict=True))
    weights = word_weights(full, words)
    weights /= weights.sum() or 1.0
    counts, _ = count_pieces(full, texts)
    if total := counts.total():
        weights *= 1 - TEXT_SHARE
        for piece, count in counts.items():
            weights[piece] += TEXT_SHARE * count / total

    special = {*range(len(SPECIAL)), mask}
    kept = [i for i, piece in enumerate(packed.pieces) if i not in special and essential(piece)]
    room = limit - len(special) - len(kept)
    if room < 0:
        raise ValueError(f"--pieces must be at least {limit - room} to hold every letter and mark")
    weights[[*special, *kept]] = 0
    ranked = np.argsort(-weights, kind="stable")[:room]
    return np.array(
        [*range(len(SPECIAL)), *sorted([*kept, *ranked[weights[ranked] > 0].tolist()]), mask]
    )


def french_words(limit: int = WORDS) -> dict[str, float]:
    try:
        import wordfreq
    except ImportError:
        raise ValueError(
            "choosing pieces needs the `wordfreq` package (guillemets[train])"
        ) from None
    ranked = wordfreq.top_n_list("fr", limit, wordlist="large")
    return {word: wordfreq.word_frequency(word, "fr", wordlist="large") for word in ranked}


# ---- conversion ---------------------------------------------------------------------------------

_LAYER = {
    "q": "attention.self.query",
    "k": "attention.self.key",
    "v": "attention.self.value",
    "ao": "attention.output.dense",
    "aln": "attention.output.LayerNorm",
    "fi": "intermediate.dense",
    "fo": "output.dense",
    "oln": "output.LayerNorm",
}


def state_dict(
    packed: e5q4.PackedEncoder, ids: np.ndarray, layers: int, dtype: str
) -> dict[str, np.ndarray]:
    hidden = packed.hidden
    positions = packed.matrix("emb.pos", hidden)
    state = {
        "embeddings.word_embeddings.weight": packed.matrix("emb.word", hidden, ids),
        "embeddings.position_embeddings.weight": np.pad(positions, ((2, 0), (0, 0))),
        "embeddings.token_type_embeddings.weight": packed.matrix("emb.type", hidden)[:1],
        "embeddings.LayerNorm.weight": packed.vector("emb.ln.w"),
        "embeddings.LayerNorm.bias": packed.vector("emb.ln.b"),
    }
    for layer in range(layers):
        for short, long in _LAYER.items():
            name, target = f"l{layer}.{short}", f"encoder.layer.{layer}.{long}"
            norm = short.endswith("ln")
            width = packed.feed_forward if short == "fo" else hidden
            weight = packed.vector(f"{name}.w") if norm else packed.matrix(f"{name}.w", width)
            state[f"{target}.weight"] = weight
            state[f"{target}.bias"] = packed.vector(f"{name}.b")
    return {name: np.ascontiguousarray(value, dtype) for name, value in state.items()}


def write_backbone(
    packed: e5q4.PackedEncoder, ids: np.ndarray, out: Path, layers: int, dtype: str = "float32"
) -> None:
    """Write the folder under another name first, so that `out` is whole or absent."""
    if not 1 <= layers <= packed.layers:
        raise ValueError(f"--layers must be between 1 and {packed.layers}")
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise ValueError(f"{out} exists already and is not an empty folder")
    out.parent.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(dir=out.parent, prefix=f".{out.name}-"))
    try:
        state = state_dict(packed, ids, layers, dtype)
        save_file(state, folder / "model.safetensors", metadata={"format": "pt"})
        CamembertConfig(
            architectures=["CamembertModel"],
            vocab_size=len(state["embeddings.word_embeddings.weight"]),
            hidden_size=packed.hidden,
            num_hidden_layers=layers,
            num_attention_heads=packed.heads,
            intermediate_size=packed.feed_forward,
            hidden_act="gelu",
            max_position_embeddings=packed.positions + 2,
            type_vocab_size=1,
            layer_norm_eps=float(f"{packed.eps:.6g}"),
            bos_token_id=0,
            pad_token_id=1,
            eos_token_id=2,
            dtype=dtype,
        ).to_json_file(folder / "config.json", use_diff=True)
        pieces = [packed.pieces[i] if i < len(packed.pieces) else MASK for i in ids]
        scores = [float(packed.scores[i]) if i < len(packed.scores) else 0.0 for i in ids]
        tokenizer = build_tokenizer(zip(pieces, scores, strict=True))
        tokenizer.save(str(folder / "tokenizer.json"), pretty=False)
        settings = {
            "tokenizer_class": "PreTrainedTokenizerFast",
            "model_max_length": packed.positions,
            "model_input_names": ["input_ids", "attention_mask"],
            "clean_up_tokenization_spaces": False,
            "split_special_tokens": True,  # `<s>` in a text is text
            "bos_token": "<s>",
            "eos_token": "</s>",
            "cls_token": "<s>",
            "sep_token": "</s>",
            "unk_token": "<unk>",
            "pad_token": "<pad>",
            "mask_token": MASK,
        }
        (folder / "tokenizer_config.json").write_text(json.dumps(settings, indent=2) + "\n")
        mask = os.umask(0)
        os.umask(mask)
        for path in (folder, *folder.iterdir()):  # some writers make private files
            path.chmod((0o777 if path.is_dir() else 0o666) & ~mask)
        os.replace(folder, out)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise


def report(folder: Path, texts: Iterable[str] = ()) -> dict[str, float]:
    """Parameters, MiB in half precision and, where there is text, pieces per word."""
    from safetensors import safe_open

    with safe_open(folder / "model.safetensors", framework="numpy") as weights:
        parameters = sum(math.prod(weights.get_slice(k).get_shape()) for k in weights.keys())
    tokenizer = folder / "tokenizer.json"
    figures = {
        "parameters": parameters,
        "MiB in float16": parameters * 2 / 2**20,
        "MiB of tokenizer.json": tokenizer.stat().st_size / 2**20,
    }
    counts, words = count_pieces(Tokenizer.from_file(str(tokenizer)), texts)
    if words:
        figures["pieces per word"] = counts.total() / words
        figures["unknown per 10,000 words"] = counts[SPECIAL.index("<unk>")] * 10_000 / words
    return figures


def compact(
    out: Path,
    wheel: Path | None = None,
    pieces: int = 22_000,
    layers: int = 10,
    dtype: str = "float32",
    texts: Iterable[Path] = (),
) -> None:
    """Makes the compact backbone in ``out``; French words and ``texts`` choose its pieces."""
    packed = e5q4.load(wheel)
    ids = choose_pieces(packed, pieces, french_words(), read_texts(texts))
    write_backbone(packed, ids, out, layers, dtype)
