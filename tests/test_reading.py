"""Inputs, good and bad, and the offsets they leave untouched."""

from __future__ import annotations

import io
import json
import os
import sys
from pathlib import Path

import msgspec
import pytest

from guillemets.inference.errors import InputError
from guillemets.inference.reading import BadInput, read_documents, read_inputs
from guillemets.inference.schema import Document, Quote, Span, Speaker, Stance

TEXT = "« Non », a dit Mme Rey."
GOLD = Document(
    "g1",
    TEXT,
    [
        Quote(
            2,
            5,
            "Non",
            "direct",
            Speaker("Rey", Span.of(TEXT, 15, 22)),
            Span.of(TEXT, 9, 14),
            Stance("condemn"),
        )
    ],
)


def read(path: Path, data: bytes) -> list[Document | BadInput]:
    path.write_bytes(data)
    return list(read_inputs([str(path)]))


def read_stdin(monkeypatch: pytest.MonkeyPatch, data: bytes) -> list[Document | BadInput]:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data)))
    return list(read_inputs(["-"]))


def test_a_text_file_is_one_document_named_after_it(tmp_path: Path) -> None:
    assert read(tmp_path / "une.txt", TEXT.encode()) == [Document("une", TEXT)]
    assert read(tmp_path / "VIDE.TXT", b"") == [Document("VIDE", "")]


def test_line_ends_stay_and_the_byte_order_mark_goes(tmp_path: Path) -> None:
    text = "Un\r\n\r\ndeux\rtrois\u2028quatre\n"
    assert read(tmp_path / "a.txt", b"\xef\xbb\xbf" + text.encode()) == [Document("a", text)]
    line = json.dumps({"text": "\ufeff" + text}).encode()
    assert read(tmp_path / "a.jsonl", b"\xef\xbb\xbf" + line + b"\r\n") == [
        Document("a-1", "\ufeff" + text)  # a mark inside the text is the caller's
    ]


def test_jsonl_ids_blank_lines_and_other_fields(tmp_path: Path) -> None:
    lines = [
        '{"text": "a", "id": "x", "quotes": 3}',
        "",
        '{"text": "b", "id": 7}',
        "  ",
        '{"text": "\\ud83d\\ude00", "id": null}',
        '{"id": "", "text": ""}',
    ]
    assert read(tmp_path / "f.jsonl", "\n".join(lines).encode()) == [
        Document("x", "a"),
        Document("7", "b"),
        Document("f-5", "😀"),
        Document("", ""),
    ]


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b"nope", "not JSON"),
        (b'{"text": "a', "not JSON"),
        (b'{"text": "a"} {"text": "b"}', "not JSON"),
        (b'{"text": "a", "deep": ' + b"[" * 100_000, "not JSON"),
        (b'{"text": "a", "score": NaN}', "not JSON"),
        (b'["a"]', "Expected `object`"),
        (b"null", "Expected `object`"),
        (b'{"id": "a"}', "missing required field `text`"),
        (b'{"text": 3}', "Expected `str`, got `int` - at `$.text`"),
        (b'{"text": null}', "Expected `str`"),
        (b'{"text": ["a"]}', "Expected `str`"),
        (b'{"text": "a", "id": true}', "`$.id`"),
        (b'{"text": "a", "id": ' + b"9" * 5000 + b"}", ""),
        (b'{"text": "caf\xe9"}', "not UTF-8: byte 0xe9 at offset 13"),
        (b'{"text": "\xed\xa0\x80"}', "not UTF-8"),
        (b'{"text": "\\ud800"}', "half of a surrogate pair"),
        (b'{"text": "a \\ud800 long text after it"}', "half of a surrogate pair"),
        (b'{"text": "\\udc00"}', "half of a surrogate pair"),
    ],
)
def test_a_bad_line_is_told_and_the_others_are_read(
    tmp_path: Path, line: bytes, reason: str
) -> None:
    path = tmp_path / "f.jsonl"
    before, bad, after = read(path, b'{"text": "a"}\n' + line + b'\n{"text": "b"}')
    assert (before, after) == (Document("f-1", "a"), Document("f-3", "b"))
    assert isinstance(bad, BadInput) and reason in bad.reason
    assert str(bad).startswith(f"{path}:2: ") and str(bad).isprintable()


def test_bad_files_are_told_and_the_run_goes_on(tmp_path: Path) -> None:
    (tmp_path / "latin.txt").write_bytes("un\ncafé\n".encode("latin-1"))
    (tmp_path / "utf16.txt").write_bytes("un".encode("utf-16"))
    (tmp_path / "page.pdf").write_bytes(b"a")
    (tmp_path / "folder.txt").mkdir()
    (tmp_path / "good.txt").write_bytes(b"a")
    names = ["missing.txt", "folder.txt", "page.pdf", "latin.txt", "utf16.txt", "good.txt"]
    *bad, good = read_inputs(str(tmp_path / name) for name in names)
    assert [str(record).removeprefix(f"{tmp_path}{os.sep}") for record in bad] == [
        "missing.txt: No such file or directory",
        "folder.txt: is a directory",
        "page.pdf: neither a .txt nor a .jsonl file",
        "latin.txt:2: not UTF-8: byte 0xe9 at offset 6",
        "utf16.txt:1: not UTF-8: byte 0xff at offset 0",
    ]
    assert good == Document("good", "a")


def test_a_message_is_one_safe_line() -> None:
    assert str(BadInput("a\n\x1b[31m\u202eb", 1, "no\r\ngood")) == "a [31mb:1: no  good"


def test_a_file_name_that_is_no_text_gives_a_writable_id(tmp_path: Path) -> None:
    path = Path(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9.txt"))
    try:
        (document,) = read(path, b"a")
    except OSError:
        pytest.skip("this file system takes only Unicode names")
    assert document == Document("caf\ufffd", "a")


def test_jsonl_is_read_line_by_line(tmp_path: Path) -> None:
    path = tmp_path / "f.jsonl"
    path.write_bytes(b'{"text": "a"}\n' * 3)
    records = read_inputs([str(path)])
    next(records)
    with path.open("ab", buffering=0) as stream:
        stream.write(b'{"text": "late"}\n')
    assert [record.text for record in records if isinstance(record, Document)] == ["a", "a", "late"]


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"", [Document("stdin", "")]),
        ("\ufeff Un\r\ndeux".encode(), [Document("stdin", " Un\r\ndeux")]),
        (b"{sic} dit-il\n{}", [Document("stdin", "{sic} dit-il\n{}")]),
        (
            b'\n \n{"text": "a"}\n{"text": "b"}',
            [Document("stdin-3", "a"), Document("stdin-4", "b")],
        ),
        (b'\xef\xbb\xbf\n{ "id": 1, "text": "a"}', [Document("1", "a")]),
    ],
)
def test_standard_input_is_text_or_jsonl(
    monkeypatch: pytest.MonkeyPatch, data: bytes, expected: list[Document]
) -> None:
    assert read_stdin(monkeypatch, data) == expected


def test_bad_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    assert [str(r) for r in read_stdin(monkeypatch, b"caf\xe9")] == [
        "<stdin>:1: not UTF-8: byte 0xe9 at offset 3"
    ]
    bad, good = read_stdin(monkeypatch, b'{"text": "cut\n{"text": "a"}')
    assert str(bad).startswith("<stdin>:1: not JSON") and good == Document("stdin-2", "a")


def test_gold_is_read_back(tmp_path: Path) -> None:
    path = tmp_path / "gold.jsonl"
    path.write_bytes(msgspec.json.encode(GOLD) + b"\n\n" + msgspec.json.encode(GOLD))
    assert list(read_documents(path)) == [GOLD, GOLD]


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ('"quotes":', '"quots":', "missing required field `quotes`"),
        ('"condemn"', '"against"', "$.quotes[0].stance.label"),
        ('"start":2', '"start":1', "quote of quotes[0]: text[1:5]"),
        ('"start":2', '"start":-21', "quote of quotes[0]"),
        ('"end":22', '"end":222', "mention of quotes[0]"),
        ('"a dit"', '"a pit"', "cue of quotes[0]"),
        ('"id":"g1"', '"id":1', "Expected `str`, got `int` - at `$.id`"),
        ('"id":', '"id"', "not JSON"),
    ],
)
def test_bad_gold_is_refused(tmp_path: Path, old: str, new: str, reason: str) -> None:
    path = tmp_path / "gold.jsonl"
    good = msgspec.json.encode(GOLD).decode()
    assert old in good
    path.write_text(f"{good}\n{good.replace(old, new, 1)}\n", encoding="utf-8")
    documents = read_documents(path)
    assert next(documents) == GOLD
    with pytest.raises(InputError) as raised:
        next(documents)
    assert str(raised.value).startswith(f"{path}:2: ") and reason in str(raised.value)


def test_missing_gold_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"none\.jsonl: No such file or directory"):
        list(read_documents(tmp_path / "none.jsonl"))
