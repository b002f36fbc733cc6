// The server. Where it is busy it says when to come again, and we do.

const TRIES = 8;

// What the server said, and the status it said it with.
export class Refused extends Error {
  constructor(message, status) {
    super(message);
    this.status = status;
  }
}

// A tagged document. ``busy(seconds)`` is called before each pause. Raises Refused with the
// server's reason; a TypeError where there is no server; an AbortError where ``signal`` says so.
export async function tag(id, text, signal, busy) {
  for (let tries = 1; ; tries++) {
    const answer = await post("/tag", { id, text }, signal);
    if (answer.ok) return answer.json();
    const seconds = Number(answer.headers.get("Retry-After"));
    if (answer.status !== 503 || !seconds || tries === TRIES) throw await refusal(answer);
    busy(seconds);
    await pause(seconds, signal);
  }
}

// The page that the command would write, as a Blob. Raises as ``tag`` does.
export async function render(document) {
  const answer = await post("/render", document);
  if (!answer.ok) throw await refusal(answer);
  return answer.blob();
}

export async function model() {
  const answer = await fetch("/model");
  if (!answer.ok) throw await refusal(answer);
  return answer.json();
}

export async function sample() {
  const answer = await fetch("/sample.txt");
  if (!answer.ok) throw await refusal(answer);
  return answer.text();
}

function post(path, body, signal) {
  const headers = { "Content-Type": "application/json" };
  return fetch(path, { method: "POST", headers, body: JSON.stringify(body), signal });
}

async function refusal(answer) {
  try {
    return new Refused((await answer.json()).detail, answer.status);
  } catch {
    return new Refused(`${answer.status} ${answer.statusText}`, answer.status);
  }
}

function pause(seconds, signal) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, seconds * 1000);
    signal.addEventListener("abort", () => {
      clearTimeout(timer);
      reject(signal.reason);
    }, { once: true });
  });
}
