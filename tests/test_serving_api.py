"""The HTTP API: what it answers, what it refuses and why, and that nothing brings it down."""

from __future__ import annotations

import json
import re
import signal
import socket
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from urllib.parse import urlsplit

import httpx2
import msgspec
import pytest
from serving import running
from starlette.testclient import TestClient

from guillemets.inference import render
from guillemets.inference.schema import Document, Failure
from guillemets.inference.serving.app import create_app
from guillemets.inference.serving.batching import Batcher
from guillemets.inference.serving.bodies import Limits
from guillemets.inference.serving.card import read_card
from guillemets.inference.serving.security import allowed_hosts
from guillemets.inference.tagger import MAX_MARKS, default_model
from guillemets.training.baseline import RuleTagger

LIMITS = Limits(characters=60_000, documents=5, body=300_000)
TEXT = "« C’est une honte », a dit la maire, Anne Roy."
RULES = RuleTagger()


def rules(documents):
    """A tagger without a model, that refuses as the real one does."""
    for document in documents:
        if document.text.count("«") > 1000:
            yield Failure(document.id, f"{document.text.count('«')} quotation marks")
        else:
            yield next(RULES.pipe_documents([document]))


def application(tag=rules, limits=LIMITS, host="127.0.0.1", more=(), threads=1):
    card, batcher = read_card(default_model(), "1.2.3"), Batcher(tag, limits.wait, threads)
    return create_app(batcher, card, limits, allowed_hosts(host, list(more)))


def opened(app):
    return TestClient(app, base_url="http://localhost:8000", raise_server_exceptions=False)


@pytest.fixture(scope="module")
def client():
    with opened(application()) as client:
        yield client


def post(client, body: bytes | str, path="/tag", **headers):
    headers = {"Content-Type": "application/json"} | headers
    return client.post(path, content=body, headers=headers)


# ---------------------------------------------------------------- answers


def test_a_text_is_answered_by_a_document(client):
    answer = client.post("/tag", json={"text": TEXT, "id": "a1"})
    assert answer.status_code == 200
    document = msgspec.json.decode(answer.content, type=Document)
    assert document == next(RULES.pipe_documents([Document("a1", TEXT)]))
    assert document.quotes[0].speaker.name == "Anne Roy"


def test_texts_are_answered_in_order(client):
    texts = [TEXT, "", "Rien.", TEXT * 3]
    answer = client.post("/tag", json={"documents": [{"text": t, "id": len(t)} for t in texts]})
    documents = answer.json()["documents"]
    assert [d["text"] for d in documents] == texts
    assert [d["id"] for d in documents] == [str(len(t)) for t in texts]
    assert [len(d["quotes"]) for d in documents] == [1, 0, 0, 3]
    assert client.post("/tag", json={"documents": []}).json() == {"documents": []}


def test_a_text_that_cannot_be_tagged_keeps_its_place(client):
    texts = [TEXT, "«" * 1001, "a" * (LIMITS.characters + 1), TEXT]
    answer = client.post("/tag", json={"documents": [{"text": t} for t in texts]})
    first, marks, long, last = answer.json()["documents"]
    assert marks == {"id": "1", "error": "1001 quotation marks"}
    assert long == {"id": "2", "error": "a text of 60,001 characters, 60,000 at most"}
    assert first["quotes"] and last["quotes"]
    for text, reason in ((texts[1], marks["error"]), (texts[2], long["error"])):
        alone = client.post("/tag", json={"text": text})
        assert (alone.status_code, alone.json()) == (422, {"detail": reason})


@pytest.mark.parametrize(
    ("body", "status", "reason"),
    [
        (b"", 422, "not JSON"),
        (b'{"text": "caf\xe9"}', 422, "not UTF-8: byte 0xe9 at offset 13"),
        (b'{"text": "a\\ud83d"}', 422, "half of a surrogate pair"),
        (b'{"text": 3}', 422, "Expected `str`, got `int` - at `$.text`"),
        (b'{"text": null}', 422, "Expected `str`, got `null` - at `$.text`"),
        (b'["a"]', 422, "Expected `object`, got `array`"),
        (b"{}", 422, "either `text` or `documents`"),
        (b'{"text": "a", "documents": []}', 422, "either `text` or `documents`"),
        (b'{"documents": [{"text": "a"}, {"id": "b"}]}', 422, "$.documents[1]"),
        (b'{"documents": ' + json.dumps([{"text": ""}] * 6).encode() + b"}", 422, "5 at most"),
        (b'{"text": "a", "x": ' + b"[" * 100_000, 422, "not JSON"),
        (b'{"text": "a", "id": ' + b"9" * 5000 + b"}", 422, "$.id"),
        (b'{"text": "' + b"a" * 50_000_000 + b'"}', 413, "300,000 bytes"),
        (json.dumps({"text": '"' * 100_000}).encode(), 422, "60,000 at most"),
    ],
)  # fmt: skip
def test_bad_input_is_told_why(client, body, status, reason):
    answer = post(client, body)
    assert answer.status_code == status
    assert reason in answer.json()["detail"]
    assert client.post("/tag", json={"text": TEXT}).status_code == 200


def test_a_byte_order_mark_is_no_mistake(client):
    assert post(client, "\ufeff" + json.dumps({"text": TEXT})).status_code == 200


@pytest.mark.parametrize("text", ["\0", "\u202e«\u202d»", "<script>alert(1)</script>", "a\r\nb\rc\u2028"])  # fmt: skip
def test_strange_texts_come_back_as_they_are(client, text):
    answer = client.post("/tag", json={"text": text})
    assert answer.json()["text"] == text
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_a_page_is_the_one_that_the_command_writes(client):
    document = next(RULES.pipe_documents([Document("<b>", TEXT + "<script>alert(1)</script>")]))
    answer = post(client, msgspec.json.encode(document), "/render")
    assert answer.status_code == 200
    assert answer.text == "".join(render.html([document]))
    assert "<script>alert" not in answer.text
    assert answer.headers["Content-Disposition"].startswith("attachment")


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda d: d["quotes"][0].update(end=10_000), "quote of quotes[0]"),
        (lambda d: d["quotes"][0]["cue"].update(start=-5), "cue of quotes[0]"),
        (lambda d: d["quotes"][0].update(type="sung"), "$.quotes[0].type"),
        (lambda d: d.pop("text"), "missing required field `text`"),
        (lambda d: d.update(quotes=d["quotes"] * 2_001), "2,000 at most"),
        (lambda d: d.update(quotes=d["quotes"] * 65), "64 spans over one character"),
    ],
)
def test_a_document_that_is_none_is_not_rendered(client, change, reason):
    document = client.post("/tag", json={"text": TEXT}).json()
    change(document)
    limits = Limits(body=10_000_000)
    with opened(application(limits=limits)) as client:
        answer = client.post("/render", json=document)
    assert answer.status_code == 422
    assert reason in answer.json()["detail"]


def test_the_model_tells_its_labels_and_the_figures_of_its_card(client):
    model = client.get("/model").json()
    assert (model["name"], model["version"]) == ("compact", "1.2.3")
    assert model["stances"] == ["support", "condemn", "neutral"]
    assert model["card"].startswith("# guillemets compact")
    written = (default_model() / "README.md").read_text(encoding="utf-8")
    sets = re.findall("^### (.+)", written, re.MULTILINE)
    assert list(dict.fromkeys(f["data"] for f in model["figures"])) == sets
    for data in sets:
        of_set = [f for f in model["figures"] if f["data"] == data]
        assert {"overlap F1", "end to end F1"} < {f["figure"] for f in of_set}
        assert len({f["figure"] for f in of_set}) == len(of_set)  # not those of the slices
    for f in model["figures"]:
        cell = f"| {f['figure']} | {f['value']:.3f} [{f['low']:.3f}, {f['high']:.3f}]"
        assert cell in written


def test_a_model_without_a_card_has_no_figures(tmp_path):
    card = read_card(tmp_path, "1")
    assert (card.name, card.card, card.figures) == (tmp_path.name, None, [])


# ---------------------------------------------------------------- a page that is nobody else's


@pytest.mark.parametrize("path", ["/", "/static/base.css", "/docs", "/model", "/nowhere", "/tag"])
def test_every_answer_has_the_policy_and_no_foreign_site_may_read_it(client, path):
    answer = client.get(path, headers={"Origin": "https://evil.example"})
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy and "unsafe" not in policy
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert not [name for name in answer.headers if name.startswith("access-control")]


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", ""])
def test_a_foreign_form_cannot_post(client, kind):
    answer = post(client, json.dumps({"text": TEXT}), **{"Content-Type": kind})
    assert answer.status_code == 415


def test_a_name_rebound_to_this_machine_is_refused():
    def statuses(app, *hosts):
        with opened(app) as client:
            return {client.get("/health", headers={"Host": host}).status_code for host in hosts}

    own = {"more": ["quotes.newsroom.example"]}
    names = ("localhost:8000", "127.0.0.1", "[::1]:8000", "quotes.newsroom.example")
    assert statuses(application(**own), *names) == {200}
    others = ("evil.example", "localhost.evil.example", "newsroom.example", "")
    assert statuses(application(**own), *others) == {400}
    assert statuses(application(host="192.0.2.7"), "192.0.2.7:80", "localhost") == {200}
    assert statuses(application(host="0.0.0.0"), "evil.example", "0.0.0.0") == {400}


def test_the_documentation_asks_nothing_of_the_network(client):
    page = client.get("/docs").text
    assert "POST" in page and "/tag" in page
    assert not re.findall(r"""(?:src|href)=["'](?![/#])""", page)
    assert "<script" not in page


# ---------------------------------------------------------------- many clients


class Gate:
    """A tagger that waits to be let through, and remembers what it was given."""

    def __init__(self) -> None:
        self.open, self.entered, self.batches = threading.Event(), threading.Event(), []

    def __call__(self, documents):
        self.batches.append([d.id for d in documents])
        self.entered.set()
        assert self.open.wait(60)
        return rules(documents)


def tag(client, text=TEXT, id="x"):
    return client.post("/tag", json={"text": text, "id": id})


def until(condition):
    pause = threading.Event()
    for _ in range(6000):
        if condition():
            return
        pause.wait(0.01)
    raise AssertionError("it did not happen")


def waiting(client) -> int:
    return client.get("/health").json()["waiting"]


def test_clients_share_a_batch():
    gate = Gate()
    with opened(application(gate)) as client, ThreadPoolExecutor(8) as pool:
        first = pool.submit(tag, client, id="first")
        assert gate.entered.wait(60)
        others = [pool.submit(tag, client, id=str(i)) for i in range(6)]
        until(lambda: waiting(client) == 6)
        gate.open.set()
        assert first.result().json()["id"] == "first"
        assert [o.result().json()["id"] for o in others] == list("012345")
    assert gate.batches[0] == ["first"]
    assert sorted(gate.batches[1]) == list("012345") and len(gate.batches) == 2


def test_a_long_list_does_not_keep_others_waiting():
    gate, text = Gate(), TEXT * 120  # so long that each is a batch of its own
    with opened(application(gate, Limits(wait=60))) as client, ThreadPoolExecutor(4) as pool:
        many = [{"text": text, "id": f"many {i}"} for i in range(5)]
        listed = pool.submit(client.post, "/tag", json={"documents": many})
        assert gate.entered.wait(60)
        one = pool.submit(tag, client, text, "one")
        until(lambda: waiting(client) == 2)
        gate.open.set()
        assert one.result().status_code == 200
        assert [d["id"] for d in listed.result().json()["documents"]] == [d["id"] for d in many]
    assert ["one"] in gate.batches[:3]


def test_a_long_text_holds_up_one_thread_only():
    entered, held = threading.Event(), threading.Event()

    def slow(documents):
        documents = list(documents)
        if "long" in {d.id for d in documents}:
            entered.set()
            assert held.wait(60)
        return rules(documents)

    with (
        opened(application(slow, Limits(wait=1.0), threads=2)) as client,
        ThreadPoolExecutor(5) as pool,
    ):
        long = pool.submit(tag, client, TEXT * 400, "long")
        assert entered.wait(60)
        answers = pool.map(lambda i: tag(client, id=str(i)).status_code, range(40))
        assert list(answers) == [200] * 40
        assert not long.done()
        held.set()
        assert long.result().json()["id"] == "long"


def test_several_threads_answer_everybody_once_and_in_order():
    def ask(client, number):
        records = [{"text": TEXT * (i % 7), "id": f"{number} {i}"} for i in range(number % 6)]
        return [
            d["id"] for d in client.post("/tag", json={"documents": records}).json()["documents"]
        ]

    app = application(limits=Limits(wait=60), threads=4)
    with opened(app) as client, ThreadPoolExecutor(12) as pool:
        answers = list(pool.map(lambda number: ask(client, number), range(60)))
    assert answers == [[f"{n} {i}" for i in range(n % 6)] for n in range(60)]


def test_a_full_line_says_when_to_come_again():
    gate, text = Gate(), TEXT * 400
    with opened(application(gate, Limits(wait=1.0))) as client, ThreadPoolExecutor(4) as pool:
        held = [pool.submit(tag, client, text)]
        assert gate.entered.wait(60)
        refused = tag(client)
        assert refused.status_code == 503
        assert 1 <= int(refused.headers["Retry-After"]) <= 60
        assert "try again" in refused.json()["detail"]
        gate.open.set()
        assert [h.result().status_code for h in held] == [200]
        until(lambda: waiting(client) == 0)
        assert tag(client).status_code == 200


def test_who_waits_too_long_is_told_and_not_tagged():
    gate = Gate()
    limits = Limits(seconds=1.5, wait=60)
    with opened(application(gate, limits)) as client, ThreadPoolExecutor(4) as pool:
        first = pool.submit(tag, client, id="first")
        assert gate.entered.wait(60)
        answer = tag(client, id="late")
        assert answer.status_code == 503 and answer.headers["Retry-After"]
        assert "not tagged in 1.5 s" in answer.json()["detail"]
        assert first.result().status_code == 503
        gate.open.set()
        assert tag(client, id="next").status_code == 200
    assert gate.batches == [["first"], ["next"]]


def test_who_hangs_up_is_not_tagged(capfd):
    gate = Gate()
    with running(application(gate, Limits(wait=60))) as address, ThreadPoolExecutor(4) as pool:
        held = pool.submit(httpx2.post, f"{address}/tag", json={"text": TEXT, "id": "held"})
        assert gate.entered.wait(60)
        with pytest.raises(httpx2.TimeoutException):
            httpx2.post(f"{address}/tag", json={"text": TEXT, "id": "gone"}, timeout=0.5)
        until(lambda: gone_from(address))
        gate.open.set()
        assert held.result().status_code == 200
        assert tag(httpx2.Client(base_url=address), id="next").status_code == 200
    assert gate.batches == [["held"], ["next"]]
    assert "Traceback" not in capfd.readouterr().err


def gone_from(address) -> bool:
    return httpx2.get(f"{address}/health").json()["waiting"] == 0


def test_a_text_that_breaks_the_tagger_harms_nobody_else():
    gate = Gate()

    def fragile(documents):
        documents = list(documents)
        yield from gate(documents)
        if any("boom" in d.text for d in documents):
            raise ZeroDivisionError("secret")

    with opened(application(fragile)) as client, ThreadPoolExecutor(8) as pool:
        pool.submit(tag, client)
        assert gate.entered.wait(60)
        others = [pool.submit(tag, client, id=str(i)) for i in range(3)]
        broken = pool.submit(tag, client, "boom")
        until(lambda: waiting(client) == 4)
        gate.open.set()
        assert [o.result().status_code for o in others] == [200] * 3
        assert broken.result().status_code == 500
        assert "secret" not in broken.result().text
        assert tag(client).status_code == 200


def test_a_body_that_does_not_come_is_given_up():
    with running(application(limits=Limits(body_seconds=0.5))) as address:
        where = urlsplit(address)
        with socket.create_connection((where.hostname, where.port), timeout=60) as slow:
            slow.sendall(
                b"POST /tag HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
                b"Content-Length: 100\r\n\r\n{"
            )
            assert slow.recv(64).startswith(b"HTTP/1.1 408")


def test_a_body_of_50_megabytes_gets_its_answer_over_a_real_connection():
    with running(application()) as address:
        answer = httpx2.post(
            f"{address}/tag",
            content=b'{"text": "' + b"a" * 50_000_000 + b'"}',
            headers={"Content-Type": "application/json"},
            timeout=60,
        )
    assert answer.status_code == 413


# ---------------------------------------------------------------- the fuzz


@pytest.mark.parametrize(
    "part",
    [
        ["--exclude-path", "/render"],
        # That spans repeat the text's words is more than a schema can say.
        ["--include-path", "/render", "--exclude-checks", "positive_data_acceptance"],
    ],
)
def test_schemathesis_finds_nothing(part, tmp_path):
    """Requests that fit the schema and some that do not, each answered as the schema says."""
    limits = Limits(characters=2_000, documents=4, wait=60)
    with running(application(limits=limits)) as address:
        run = subprocess.run(
            [
                *(sys.executable, "-m", "schemathesis.cli", "run", f"{address}/openapi.json"),
                *("--max-examples", "25", "--seed", "1", "--generation-database", "none"),
                *("--mode", "all", "--phases", "coverage,fuzzing", "--no-color", *part),
            ],
            capture_output=True,
            text=True,
            cwd=tmp_path,  # where it leaves its notes
        )
    assert run.returncode == 0, run.stdout + run.stderr


# ---------------------------------------------------------------- the command


@contextmanager
def command(*arguments):
    """``guillemets serve`` in a process of its own, at a free port: the process and its address."""
    process = subprocess.Popen(
        [sys.executable, "-m", "guillemets.inference.cli", "serve", "--port", "0", *arguments],
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        lines = iter(process.stderr.readline, "")
        address = next(found[0] for line in lines if (found := re.search(r"http://\S+", line)))
        yield process, address
    finally:
        process.kill()
        process.wait()
        process.stderr.close()


def test_the_command_serves_the_model_that_ships(heldout):
    from guillemets.inference import QuoteTagger

    texts = [d.text for d in sorted(heldout, key=lambda d: len(d.text))[:4]]
    hostile = [
        "\0",
        "a" * 40_000,
        "«" * (MAX_MARKS + 1),
        "« " * 2_000,
        "\u200b" * 3_000,
        "\n" * 30_000,
    ]
    patient = ("--max-wait", "600", "--time-limit", "600")
    with command("--quiet", *patient) as (process, address):
        with ThreadPoolExecutor(4) as pool:
            answers = pool.map(
                lambda t: httpx2.post(f"{address}/tag", json={"text": t}, timeout=600), texts
            )
            answers = [msgspec.json.decode(a.content, type=Document) for a in answers]
        for text in hostile:
            answer = httpx2.post(f"{address}/tag", json={"text": text}, timeout=600)
            assert answer.status_code == (422 if len(text) == MAX_MARKS + 1 else 200), text[:9]
        process.send_signal(signal.SIGTERM)
        process.wait(60)
        assert process.stderr.read() == ""  # no traceback, and nothing told that was not asked for
    tagger = QuoteTagger.from_pretrained()
    for answer, text in zip(answers, texts):
        expected = tagger.tag(text)
        assert [(q.text, q.type, q.speaker, q.cue, q.stance.label) for q in answer.quotes] == [
            (q.text, q.type, q.speaker, q.cue, q.stance.label) for q in expected.quotes
        ]


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["--port", "{taken}"], "Address already in use"),
        (["--host", "192.0.2.1"], "Cannot assign requested address"),
        (["--model", "/nowhere", "--port", "0"], "no such model folder"),
        (["--port", "70000"], "not between 0 and 65535"),
        (["--max-wait", "nan"], "not between 0 and 3600"),
    ],
)
def test_what_cannot_be_served_is_one_line(arguments, reason):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        arguments = [a.format(taken=port) for a in arguments]
        result = subprocess.run(
            [sys.executable, "-m", "guillemets.inference.cli", "serve", *arguments],
            capture_output=True,
            text=True,
            timeout=120,
        )
    assert result.returncode == 2
    assert reason in result.stderr.splitlines()[-1]
    assert "Traceback" not in result.stderr


def test_without_the_extra_the_command_says_what_to_install():
    code = (
        "import sys; sys.modules['fastapi'] = None\n"
        "from guillemets.inference.cli import main; sys.exit(main(['serve']))"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert result.returncode == 2
    assert result.stderr == (
        "guillemets: fastapi is not installed: pip install 'guillemets[serve]'\n"
    )
