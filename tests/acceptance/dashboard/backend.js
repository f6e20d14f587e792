// The backend's HTTP API, as a page of another origin calls it.

/** The backend refused: `message` is a sentence to show, `requestId` what to quote when asking. */
export class Problem extends Error {
  constructor(status, body, requestId) {
    super(body.detail);
    this.status = status;
    this.code = body.code;
    this.faults = body.errors ?? [];
    this.requestId = requestId;
  }
}

/** No answer that this page may read. The browser does not tell a page which reason it was. */
export class Unreachable extends Error {
  constructor(url) {
    super(
      `No answer from ${url}: it is down, or its CORS_ORIGINS does not name ${location.origin}.`,
    );
  }
}

export class Backend {
  #key;

  constructor(url, key) {
    this.url = url.replace(/\/+$/, "");
    this.#key = key;
  }

  taskTypes() {
    return this.#json("/tasks/");
  }

  /** The same `idempotencyKey` never makes a second task, however often this is tried again. */
  assign(taskType, params, idempotencyKey) {
    return this.#json("/assign-task/", {
      method: "POST",
      headers: { "content-type": "application/json", "idempotency-key": idempotencyKey },
      body: JSON.stringify({ task_type: taskType, params }),
    });
  }

  status(taskId) {
    return this.#json(`/status/${taskId}`);
  }

  /** The task whole, all pages of its items in one list. */
  async result(taskId) {
    const whole = await this.#json(`/result/${taskId}`);
    for (let page = whole; page.next; ) {
      page = await this.#json(page.next);
      whole.result.items.push(...page.result.items);
    }
    return whole;
  }

  /** A page of tasks, newest first; `older` is what to pass for the page after it, if any. */
  async history(page = "/tasks/history?limit=5") {
    const response = await this.#ask(page);
    return {
      tasks: await response.json(),
      total: Number(response.headers.get("X-Total-Count")),
      older: response.headers.get("Link")?.match(/<([^>]+)>; rel="next"/)?.[1],
    };
  }

  /** A screenshot or file, named as its URL ends. The URL is signed, so the key stays here. */
  async file(url) {
    const response = await answer(url);
    return new File([await response.blob()], new URL(url).pathname.split("/").pop());
  }

  async #json(path, options) {
    return (await this.#ask(path, options)).json();
  }

  #ask(path, { headers, ...options } = {}) {
    const url = new URL(path, this.url);
    return answer(url, { ...options, headers: { "x-api-key": this.#key, ...headers } });
  }
}

async function answer(url, options) {
  const response = await fetch(url, options).catch(() => {
    throw new Unreachable(new URL(url).origin);
  });
  if (response.ok) return response;
  // A proxy between us and the backend may answer too, and not in JSON.
  const unexplained = { detail: `The answer was ${response.status} ${response.statusText}.` };
  const body = await response.json().catch(() => unexplained);
  throw new Problem(response.status, body, response.headers.get("X-Request-ID"));
}
