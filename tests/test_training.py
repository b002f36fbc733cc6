"""A real, tiny training run: it learns, saves, resumes, and loads as it was saved."""

import json

import msgspec
import pytest
import torch
from transformers import TrainerState

from guillemets.inference.errors import InputError
from guillemets.inference.model import QuoteModel
from guillemets.inference.schema import Document, Quote, Stance
from guillemets.inference.tagger import QuoteTagger
from guillemets.training.averaging import WeightAverage
from guillemets.training.examples import Collator, examples, nearest
from guillemets.training.metrics import score
from guillemets.training.pretrain import adapt
from guillemets.training.settings import Settings
from guillemets.training.train import new_model, parameter_groups, save, train


def test_a_tiny_run_overfits_four_documents(settings, few):
    options = settings(epochs=40)
    figures = train(options)
    assert figures["overlap_f1"] > 0.9
    tagger = QuoteTagger.from_pretrained(options.output, device="cpu")
    again = score(few, tagger.pipe_documents(Document(d.id, d.text) for d in few))
    assert again["exact_f1"] > 0.85 and again["stance_macro_f1"] > 0.6 and again["mention"] > 0.8
    assert again["target"] > 0.5


def test_a_run_resumes_where_it_stopped(settings, tmp_path):
    train(settings(epochs=10))
    state = max((tmp_path / "run" / "checkpoints").glob("checkpoint-*/trainer_state.json"))
    assert json.loads(state.read_text())["epoch"] == 10
    train(settings(epochs=20), resume=True)
    steps = {
        json.loads(p.read_text())["global_step"]
        for p in (tmp_path / "run" / "checkpoints").glob("checkpoint-*/trainer_state.json")
    }
    assert max(steps) == 2 * json.loads(state.read_text())["global_step"] or len(steps) == 2


def test_an_older_model_gets_what_it_lacks(settings, tmp_path):
    model, tokenizer = new_model(settings())
    model.config.targets = model.config.feature_input = False
    model.config.features = 8
    old = QuoteModel(model.config)
    save(old, tokenizer, tmp_path / "old", half=False)
    options = msgspec.structs.replace(settings(), backbone=str(tmp_path / "old"))
    newer, _ = new_model(options)
    state, before = newer.state_dict(), old.state_dict()
    for name, value in before.items():
        if name.endswith("_tags.weight"):  # which read more features now, at first in vain
            assert not state[name][:, value.shape[1] :].any()
            assert torch.equal(state[name][:, : value.shape[1]], value)
        else:
            assert torch.equal(state[name], value)
    added = {name: value for name, value in state.items() if name not in before}
    assert added and all(value.abs().max() < 10 for value in added.values())
    assert not added["target_pointer.last.line"]


def test_a_run_goes_on_from_a_trained_model(settings, tmp_path):
    train(settings(epochs=40))
    options = settings(epochs=1, encoder_rate=1e-6, head_rate=1e-6)
    again = msgspec.structs.replace(
        options, backbone=options.output, output=str(tmp_path / "again")
    )
    assert train(again)["overlap_f1"] > 0.9


@pytest.mark.parametrize("family", ["camembert", "deberta-v2"])
def test_what_the_encoder_reads_of_features_begins_at_nothing(family, settings, few):
    model, tokenizer = new_model(settings(family))
    model.eval()
    batch = Collator(tokenizer)(list(examples(few, tokenizer, 256, 64)))
    with torch.inference_mode():
        before = model(**batch).quote
        model.config.feature_input = False
        without = model(**batch).quote
        model.config.feature_input = True
        model.feature_input.weight.normal_()
        after = model(**batch).quote
    shown = batch["word_mask"]
    assert torch.allclose(before[shown], without[shown], atol=1e-5)
    assert not torch.allclose(before[shown], after[shown], atol=1e-3)


@pytest.mark.parametrize("family", ["camembert", "deberta-v2"])
def test_save_and_load_change_nothing(family, settings, few, tmp_path):
    model, tokenizer = new_model(settings(family))
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(torch.randn_like(parameter) * 0.02)
    model.eval()
    batch = Collator(tokenizer)(list(examples(few, tokenizer, 256, 64)))
    with torch.inference_mode():
        before = model(**batch)
        save(model, tokenizer, tmp_path / "saved", half=False)
        loaded = QuoteModel.from_pretrained(tmp_path / "saved", dtype=torch.float32).eval()
        after = loaded(**batch)
    for name in ("loss", "quote", "mention", "cue"):
        assert torch.equal(before[name], after[name])
    assert sorted(p.suffix for p in (tmp_path / "saved").iterdir()) == [".json"] * 3 + [
        ".safetensors"
    ]


def test_every_weight_but_the_frozen_ones_gets_a_gradient(settings, few):
    model, tokenizer = new_model(settings(freeze_embeddings=True))
    model(**Collator(tokenizer)(list(examples(few, tokenizer, 256, 64)))).loss.backward()
    idle = [n for n, p in model.named_parameters() if p.grad is None or not p.grad.abs().sum()]
    assert [n for n in idle if "word_embeddings" not in n and "key.bias" not in n] == []
    grouped = sum(len(g["params"]) for g in parameter_groups(model, settings().optimisation))
    assert grouped == sum(p.requires_grad for p in model.parameters())


def test_windows_keep_every_label(settings, few):
    _, tokenizer = new_model(settings())
    whole = list(examples(few, tokenizer, 4096, 0))
    cut = list(examples(few, tokenizer, 128, 32))
    assert sum(len(e["stance_labels"]) for e in whole) == sum(len(d.quotes) for d in few)
    assert len(cut) > len(whole) and all(len(e["input_ids"]) <= 128 for e in cut)
    for example in cut:  # a window never starts inside a label
        for name in ("quote_labels", "mention_labels", "cue_labels"):
            assert example[name][0] == 0 or example[name][0] % 2 == 1


def test_targets_are_looked_for_near_the_quote():
    text = "La loi est votée. La loi, dit-on, est « une honte, cette loi, la loi »."
    stance, start = Stance("condemn", "la loi"), text.index("une")
    quote = Quote(start, len(text) - 3, text[start:-3], "mixed", None, None, stance)
    assert nearest(text, "la loi", quote).start == text.index("la loi")  # inside, though in the end
    assert nearest(text, "La loi", quote).start == text.rindex("La loi")
    assert nearest(text, "la taxe", quote) is None and nearest(text, None, quote) is None


def test_bad_runs_are_refused_in_one_line(settings, tmp_path):
    options = settings()
    with pytest.raises(InputError, match="no backbone"):
        train(msgspec.structs.replace(options, backbone=str(tmp_path)))
    same = msgspec.structs.replace(options.data, dev=options.data.train)
    with pytest.raises(InputError, match="already used"):
        train(msgspec.structs.replace(options, data=same))
    (tmp_path / "train.jsonl").write_text('{"id": "a", "text": 3, "quotes": []}\n')
    with pytest.raises(InputError, match=r"train.jsonl:1: "):
        train(options)
    (tmp_path / "train.jsonl").write_text("")
    with pytest.raises(InputError, match="empty"):
        train(options)


def test_a_deberta_backbone_trains_and_tags(settings, few):
    options = settings("deberta-v2", epochs=20)
    assert train(options)["overlap_f1"] > 0.3
    tagger = QuoteTagger.from_pretrained(options.output, device="cpu")
    assert tagger.backend.model.config.encoder["model_type"] == "deberta-v2"
    assert [q for d in few for q in tagger.tag(d.text).quotes]


def test_masking_hides_words_and_never_marks(few, settings):
    _, tokenizer = new_model(settings())
    rows = list(examples(few, tokenizer, 256, 64))
    plain = Collator(tokenizer)(rows)["input_ids"]
    torch.manual_seed(1)
    hidden = Collator(tokenizer, masked=0.5)(rows)
    masked = hidden["input_ids"] == 4
    assert 0.3 < masked.float().mean() / (plain > 4).float().mean() < 0.7
    assert torch.equal(hidden["input_ids"][~masked], plain[~masked])
    marks = tokenizer.convert_tokens_to_ids(["«", "»"])
    assert not torch.isin(plain[masked], torch.tensor(marks)).any()


def test_shortened_quotes_stay_inside_the_gold_ones(few, settings):
    _, tokenizer = new_model(settings())
    rows = list(examples(few, tokenizer, 256, 64))
    torch.manual_seed(1)
    plain, short = (Collator(tokenizer, shrunk=s)(rows)["quotes"] for s in (0.0, 1.0))
    assert (short[..., 0] >= plain[..., 0]).all() and (short[..., 1] <= plain[..., 1]).all()
    assert (short[..., 1] > short[..., 0]).all() and (short != plain).any()


def test_the_average_forgets_the_first_weights():
    model = torch.nn.Linear(2, 2)
    average = WeightAverage(model, 0.9)
    state = TrainerState()
    with torch.no_grad():
        model.weight.fill_(5.0)
    for state.global_step in range(1, 60):
        average.on_step_end(None, state, None, model=model)
    assert torch.allclose(average.model.weight, model.weight, atol=0.02)


def test_a_backbone_learns_masked_words(few, tiny_backbone, tmp_path):
    texts = [d.text for d in few]
    before = adapt(tiny_backbone("camembert"), texts, tmp_path / "a", epochs=1, rate=1e-5)
    after = adapt(tiny_backbone("camembert"), texts, tmp_path / "b", epochs=60, rate=4e-3)
    assert after < 0.9 * before
    model, _ = new_model(load_settings_for(tmp_path / "b"))
    assert model.encoder.config.num_hidden_layers == 2


def load_settings_for(backbone) -> Settings:
    raw = {"backbone": str(backbone), "output": "x", "data": {"train": [], "dev": []}}
    return msgspec.convert(raw, Settings)
