"""A spaCy component: ``nlp.add_pipe("guillemets")``.

``doc._.quotes``               the quotes, in the schema of the project and its exact offsets
``doc._.quotes_error``         why a document could not be tagged, else None
``doc.spans["quotes"]``        one span a quote, in the order of ``doc._.quotes``; label: its stance
``doc.spans["quote_mentions"]``  the words that name a speaker; label: the speaker's full name
``doc.spans["quote_cues"]``    the words that report; label: the type of the quote
``span._.quote``               the quote that a span of the three groups belongs to

Spans are widened to whole tokens, whatever the language's tokenizer.
"""

from __future__ import annotations

import json
import warnings
from collections.abc import Iterable, Iterator
from itertools import tee
from pathlib import Path
from typing import Any

import msgspec
from spacy.language import Language
from spacy.tokens import Doc, Span

from guillemets.inference.schema import Document, Failure, Quote
from guillemets.inference.tagger import QuoteTagger

GROUPS = ("quotes", "quote_mentions", "quote_cues")
CONFIG_FILE = "guillemets.json"
_KEY = "guillemets.quotes"  # plain data in doc.user_data, which travels with a Doc
_SPAN_ID = "guillemets-"

_quotes = msgspec.json.Decoder(list[Quote])


def _of_doc(doc: Doc) -> list[Quote]:
    return _quotes.decode(doc.user_data.get(_KEY, "[]"))


def _of_span(span: Span) -> Quote | None:
    if not span.id_.startswith(_SPAN_ID):
        return None
    return _of_doc(span.doc)[int(span.id_.removeprefix(_SPAN_ID))]


Doc.set_extension("quotes", getter=_of_doc, force=True)
Doc.set_extension("quotes_error", default=None, force=True)
Span.set_extension("quote", getter=_of_span, force=True)


@Language.factory(
    "guillemets",
    assigns=["doc._.quotes", "doc._.quotes_error", "doc.spans"],
    default_config={
        "model": None,
        "device": "auto",
        "backend": "torch",
        "min_score": 0.0,
        "windows": 8,
    },
)
class QuoteComponent:
    """Tags the quotes of documents; ``windows`` pass through the encoder at once.

    What is saved with a pipeline is the configuration, not the weights.
    """

    def __init__(
        self,
        nlp: Language,
        name: str = "guillemets",
        model: str | None = None,
        device: str = "auto",
        backend: str = "torch",
        min_score: float = 0.0,
        windows: int = 8,
    ) -> None:
        self.name = name
        self._configure(
            {
                "model": model,
                "device": device,
                "backend": backend,
                "min_score": min_score,
                "windows": windows,
            }
        )

    def _configure(self, config: dict[str, Any]) -> None:
        if config != getattr(self, "config", None):
            self.config = config
            self.tagger = QuoteTagger.from_pretrained(
                config["model"], device=config["device"], backend=config["backend"]
            )

    def __call__(self, doc: Doc) -> Doc:
        return next(self.pipe([doc]))

    def pipe(self, stream: Iterable[Doc], *, batch_size: int | None = None) -> Iterator[Doc]:
        """Tags documents as they come; a document that cannot be tagged is kept, with a warning.

        spaCy's ``batch_size`` counts documents and is not used: ``windows`` bounds the memory.
        """
        docs, read = tee(stream)
        records = (Document("", doc.text) for doc in read)
        options = {"batch_size": self.config["windows"], "min_score": self.config["min_score"]}
        for doc, record in zip(docs, self.tagger.pipe_records(records, **options)):
            yield _annotated(doc, record)

    def to_bytes(self, **_: object) -> bytes:
        return json.dumps(self.config).encode()

    def from_bytes(self, data: bytes, **_: object) -> QuoteComponent:
        self._configure(json.loads(data))
        return self

    def to_disk(self, path: str | Path, **_: object) -> None:
        folder = Path(path)
        folder.mkdir(parents=True, exist_ok=True)
        (folder / CONFIG_FILE).write_bytes(self.to_bytes())

    def from_disk(self, path: str | Path, **_: object) -> QuoteComponent:
        return self.from_bytes((Path(path) / CONFIG_FILE).read_bytes())


def _annotated(doc: Doc, record: Document | Failure) -> Doc:
    quotes = [] if isinstance(record, Failure) else record.quotes
    doc._.quotes_error = record.error if isinstance(record, Failure) else None
    if isinstance(record, Failure):
        warnings.warn(f"guillemets: a document has no quotes: {record.error}", stacklevel=3)
    doc.user_data[_KEY] = msgspec.json.encode(quotes).decode()
    groups: dict[str, list[Span]] = {name: [] for name in GROUPS}
    for i, quote in enumerate(quotes):
        mention = quote.speaker and quote.speaker.mention
        for name, span, label in (
            ("quotes", quote, quote.stance.label),
            ("quote_mentions", mention, quote.speaker and quote.speaker.name),
            ("quote_cues", quote.cue, quote.type),
        ):
            if span:
                tokens = doc.char_span(
                    span.start,
                    span.end,
                    label=label,
                    alignment_mode="expand",
                    span_id=f"{_SPAN_ID}{i}",
                )
                groups[name].append(tokens)
    doc.spans.update(groups)
    return doc
