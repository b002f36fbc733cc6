"""The mean of several models: their weights, what an older one lacks, and what does not go together."""

import pytest
import torch
from conftest import tiny_tokenizer
from transformers import CamembertConfig

from guillemets.inference.cli import main
from guillemets.inference.config import QuoteConfig
from guillemets.inference.features import FEATURES
from guillemets.inference.model import QuoteModel
from guillemets.training.train import save


@pytest.fixture
def models(tmp_path, heldout):
    """``models(name, **config)``: a random model, and the folder it is saved in."""
    tokenizer = tiny_tokenizer([d.text for d in heldout[:4]])

    def make(
        name: str, tokenizer=tokenizer, layers: int = 1, hidden: int = 16, **config
    ) -> QuoteModel:
        encoder = CamembertConfig(
            vocab_size=len(tokenizer), hidden_size=hidden, num_hidden_layers=layers,
            num_attention_heads=2, intermediate_size=32, max_position_embeddings=514,
            type_vocab_size=1,
        )  # fmt: skip
        torch.manual_seed(len(name))
        new = {"targets": True, "features": len(FEATURES), "feature_input": True}
        model = QuoteModel(QuoteConfig(encoder.to_dict(), head_size=8, **{**new, **config}))
        save(model, tokenizer, tmp_path / name, half=False)
        return model

    return make


def test_weights_are_weighted_means(models, tmp_path):
    a, b = models("a", stance_temperature=3.0), models("bb")
    arguments = [f"{tmp_path / 'a'}=3", f"{tmp_path / 'bb'}=1", "--out", str(tmp_path / "mean")]
    assert main(["average", *arguments]) == 0
    mean = QuoteModel.from_pretrained(tmp_path / "mean", dtype=torch.float32)
    pairs = zip(mean.parameters(), a.parameters(), b.parameters())
    assert all(torch.allclose(m, 0.75 * x + 0.25 * y, atol=1e-3) for m, x, y in pairs)
    assert mean.config.stance_temperature == 1.0


def test_an_older_model_counts_as_far_as_it_goes(models, tmp_path):
    new = models("new")
    old = models("older", targets=False, features=8, feature_input=False)
    arguments = [f"{tmp_path / name}=1" for name in ("older", "new")]
    assert main(["average", *arguments, "--out", str(tmp_path / "mean")]) == 0
    mean = QuoteModel.from_pretrained(tmp_path / "mean", dtype=torch.float32)
    assert torch.allclose(
        mean.target_pointer.first.key.weight, new.target_pointer.first.key.weight, atol=1e-3
    )
    width = old.quote_tags.weight.shape[1]
    both = (old.quote_tags.weight + new.quote_tags.weight[:, :width]) / 2
    assert torch.allclose(mean.quote_tags.weight[:, :width], both, atol=1e-3)
    halved = new.quote_tags.weight[:, width:] / 2
    assert torch.allclose(mean.quote_tags.weight[:, width:], halved, atol=1e-3)


def test_what_does_not_go_together_is_told_in_one_line(models, tmp_path, capsys, heldout):
    models("a")
    models("deep", layers=2)
    models("wide", hidden=32)
    models("other", tokenizer=tiny_tokenizer([heldout[-1].text]))
    out = ["--out", str(tmp_path / "mean")]
    first = f"{tmp_path / 'a'}=1"
    assert main(["average", first, f"{tmp_path / 'deep'}=1", *out]) == 2
    assert "the models differ in" in capsys.readouterr().err
    assert main(["average", first, f"{tmp_path / 'wide'}=1", *out]) == 2
    assert "hidden size" in capsys.readouterr().err
    assert main(["average", first, f"{tmp_path / 'other'}=1", *out]) == 2
    assert "another tokenizer" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        main(["average", f"{tmp_path / 'a'}=-1", *out])
    assert "weight above 0" in capsys.readouterr().err
    assert not (tmp_path / "mean").exists()
