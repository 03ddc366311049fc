// The public API, asked as a page of ours: the browser carries the handles, no script sees them.

/** A call that did not go well: the problem that the API gave, or `network`. */
export class Problem extends Error {
  constructor(problem) {
    super(problem.code);
    Object.assign(this, problem);
  }
}

/** Calls the API. Resolves to the answer's body, or null; rejects with a Problem. */
export async function call(method, path, body, key) {
  const headers = { "X-Countersign-Portal": "1" };
  if (body !== undefined) headers["Content-Type"] = "application/json";
  if (key) headers["Idempotency-Key"] = key;
  const options = { method, headers, body: JSON.stringify(body), cache: "no-store" };
  let answer;
  try {
    answer = await fetch(path, options);
  } catch {
    throw new Problem({ code: "network" });
  }
  if (answer.status === 204) return null;
  let read;
  try {
    read = await answer.json();
  } catch {
    throw new Problem({ code: answer.ok ? "network" : "internal" });
  }
  if (!answer.ok) throw new Problem(timed(read, answer.headers.get("Retry-After")));
  return read;
}

/** A wait is told in the time of this browser, whose clock need not be the server's. */
function timed(problem, seconds) {
  if (!problem.retry_at || !seconds) return problem;
  return { ...problem, retry_at: new Date(Date.now() + Number(seconds) * 1000) };
}

/** A key under which a POST may be repeated without taking effect twice. */
export function freshKey() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
