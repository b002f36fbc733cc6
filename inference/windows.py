"""A long article as overlapping windows that the encoder can read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from .text import View


class Tokenizer(Protocol):
    """The part of a fast transformers tokenizer that is used here."""

    bos_token_id: int | None
    eos_token_id: int | None
    cls_token_id: int | None
    sep_token_id: int | None

    def __call__(self, text: str, **options: object) -> dict[str, list]: ...


@dataclass(frozen=True)
class Window:
    """Words ``[first, last)`` of a view, with their tokens between the special ones."""

    first: int
    last: int
    input_ids: list[int]
    heads: list[int]  # per word: index into input_ids of its first token


def make_windows(view: View, tokenizer: Tokenizer, size: int, overlap: int) -> list[Window]:
    """Cuts ``view`` at word boundaries into windows of at most ``size`` tokens.

    Neighbours share about ``overlap`` tokens, so that every word is well inside one of them.
    A single word longer than a window keeps its first tokens only.
    """
    if not view.words:
        return []
    encoded = tokenizer(
        view.text, add_special_tokens=False, return_offsets_mapping=True, verbose=False
    )
    ids, offsets = encoded["input_ids"], encoded["offset_mapping"]
    heads = _head_tokens(view, offsets)
    ends = heads[1:] + [len(ids)]
    bos, eos = special_ids(tokenizer)
    room = size - 2
    windows: list[Window] = []
    first = 0
    while True:
        last = first + 1
        while last < len(heads) and ends[last] - heads[first] <= room:
            last += 1
        start = heads[first]
        stop = min(ends[last - 1], start + room)
        windows.append(
            Window(
                first,
                last,
                [bos, *ids[start:stop], eos],
                [min(h - start, max(stop - start - 1, 0)) + 1 for h in heads[first:last]],
            )
        )
        if last == len(heads):
            return windows
        step = last
        while step > first + 1 and heads[last] - heads[step - 1] <= overlap:
            step -= 1
        first = step


def special_ids(tokenizer: Tokenizer) -> tuple[int | None, int | None]:
    """The tokens before and after a window, under either name that tokenizers have for them."""
    first, last = tokenizer.cls_token_id, tokenizer.sep_token_id
    bos = tokenizer.bos_token_id if first is None else first
    return bos, tokenizer.eos_token_id if last is None else last


def _head_tokens(view: View, offsets: list[tuple[int, int]]) -> list[int]:
    """For each word the first token that reaches into it (two words may share one)."""
    heads, token = [], 0
    for word in view.words:
        while token < len(offsets) - 1 and offsets[token][1] <= word.view_start:
            token += 1
        heads.append(token)
    return heads
