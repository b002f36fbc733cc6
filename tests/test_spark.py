"""The function for ``mapInPandas``, on a local Spark."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator

import pytest
from conftest import CORPUS

pytest.importorskip("pyspark", reason="pyspark is not installed")
if shutil.which("java") is None:
    pytest.skip("Spark needs Java, which is not there", allow_module_level=True)

from pyspark.sql import SparkSession  # noqa: E402

from guillemets.inference import Document, QuoteTagger  # noqa: E402
from guillemets.inference.reading import read_documents  # noqa: E402
from guillemets.inference.spark import QUOTES_SCHEMA, quotes_in_pandas  # noqa: E402

# Spark says this of any pandas 3; it is what is tested here.
pytestmark = pytest.mark.filterwarnings("ignore:PySpark does not yet fully support pandas")


@pytest.fixture(scope="module")
def spark() -> Iterator[SparkSession]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYSPARK_PYTHON", sys.executable)
        patch.setenv("PYSPARK_DRIVER_PYTHON", sys.executable)
        session = (
            SparkSession.builder.master("local[2]")
            .config("spark.ui.enabled", "false")
            .config("spark.driver.bindAddress", "127.0.0.1")
            .config("spark.driver.host", "127.0.0.1")
            .getOrCreate()
        )
        session.sparkContext.setLogLevel("ERROR")
        yield session
        session.stop()


@pytest.fixture(scope="module")
def articles() -> list[Document]:
    return [Document(d.id, d.text) for d in read_documents(CORPUS / "briefs-heldout.jsonl")][:6]


def test_documents_with_nested_quotes(spark, articles):
    rows = [(a.id, a.text, n) for n, a in enumerate(articles)] + [("null", None, 6)]
    df = spark.createDataFrame(rows, "url string, body string, day int").repartition(2)
    function = quotes_in_pandas(text="body", id="url", keep=["day"], device="cpu")
    tagged = df.mapInPandas(function, schema=f"{QUOTES_SCHEMA}, day int").cache()

    tagger = QuoteTagger.from_pretrained(device="cpu")
    *good, null = sorted(tagged.collect(), key=lambda row: row.day)
    assert null.id == "null" and null.quotes is None and "not a string" in null.error
    for row, article in zip(good, articles, strict=True):
        assert (row.id, row.text, row.error) == (article.id, article.text, None)
        expected = tagger.tag(article.text).quotes
        assert expected
        for found, quote in zip(row.quotes, expected, strict=True):
            assert (found.start, found.end, found.text) == (quote.start, quote.end, quote.text)
            assert (found.speaker and found.speaker.name) == (quote.speaker and quote.speaker.name)
            assert (found.cue and found.cue.text) == (quote.cue and quote.cue.text)
            assert found.stance.label == quote.stance.label
            assert found.stance.scores.support == pytest.approx(
                quote.stance.scores["support"], abs=0.01
            )

    quotes = tagged.selectExpr("id", "inline(quotes)")  # a row a quote
    assert quotes.count() == sum(len(row.quotes) for row in good)
    assert quotes.where("stance.label = 'condemn'").select("speaker.name").count() > 0
