// The page: what is on it, and what happens when somebody presses something.

import { Backend } from "./backend.js";
import { drawForm, markFaults, readForm } from "./form.js";
import { follow } from "./stream.js";

const at = (id) => document.getElementById(id);

let backend;
let taskTypes = [];
let olderTasks;
let idempotencyKey = null;
let following = new AbortController();

at("connection").onsubmit = (event) => {
  event.preventDefault();
  attempt(async () => {
    const { url, key } = readForm(event.target);
    backend = new Backend(url, key);
    taskTypes = await backend.taskTypes();
    at("task-type").replaceChildren(
      ...taskTypes.map(({ name, display_name }) => new Option(display_name, name)),
    );
    chooseTaskType();
    await showHistory();
    at("work").hidden = false;
  });
};

at("task-type").onchange = chooseTaskType;

at("task-form").oninput = () => (idempotencyKey = null); // another wish is another task

at("task-form").onsubmit = (event) => {
  event.preventDefault();
  attempt(async () => {
    idempotencyKey ??= crypto.randomUUID(); // kept while there is no answer: pressing again is safe
    const { value } = at("task-type");
    const task = await backend.assign(value, readForm(event.target), idempotencyKey);
    idempotencyKey = null;
    await show(task);
    await showHistory();
  });
};

at("older").onclick = () => attempt(() => showHistory(olderTasks));

function chooseTaskType() {
  const chosen = taskTypes.find(({ name }) => name === at("task-type").value);
  at("description").textContent = chosen.description;
  at("waiting").textContent = chosen.available ? "" : `${chosen.reason} The task will wait.`;
  drawForm(at("fields"), chosen.params);
  idempotencyKey = null;
}

/** Follows a task, new or old, from its first event to its end, then shows its result. */
async function show(task) {
  following.abort();
  following = new AbortController();
  const { signal } = following;
  at("task").hidden = false;
  at("task-id").textContent = task.task_id;
  for (const id of ["events", "items", "files"]) at(id).replaceChildren();
  for (const id of ["state", "message", "connection-note"]) at(id).textContent = "";
  at("screenshot").removeAttribute("src");
  showProgress(0);
  await follow(backend, task, { onEvent: showEvent, onStatus: showStatus, signal });
  const result = await backend.result(task.task_id);
  if (!signal.aborted) showResult(result);
}

function showEvent({ id, type, data }) {
  at("connection-note").textContent = "";
  const line = document.createElement("li");
  line.value = id;
  line.textContent = `${type}: ${describe(type, data)}`;
  at("events").append(line);
  if (data.state) at("state").textContent = data.state;
  if ("progress" in data) showProgress(data.progress);
  if (type === "item") showItem(data);
  if (type === "screenshot") at("screenshot").src = data.url;
}

function describe(type, data) {
  switch (type) {
    case "status":
      return data.state;
    case "item":
      return `${data.batch_id} ${data.status}`;
    case "screenshot":
      return `${data.batch_id} ${data.kind}`;
    case "failed":
      return data.error;
    default:
      return data.message ?? ""; // of a type that came later than this page, what it may tell
  }
}

/** What can be shown of a task while its stream is away. */
function showStatus({ state, progress }) {
  at("connection-note").textContent = "The live connection was lost; trying again.";
  at("state").textContent = state;
  showProgress(progress);
}

function showProgress(percent) {
  at("progress").value = percent;
  at("percent").textContent = `${percent} %`;
}

function showItem({ key, batch_id, status, detail, evidence }) {
  const row = document.createElement("tr");
  row.dataset.key = key;
  for (const text of [batch_id, status, detail]) row.insertCell().textContent = text;
  row.cells[1].className = `outcome ${status}`;
  row.insertCell().append(...evidence.map(({ kind, url }) => fileButton(url, kind)));
  const before = [...at("items").rows].find((shown) => shown.dataset.key === key);
  if (before) before.replaceWith(row);
  else at("items").append(row);
}

function showResult({ state, result, error, screenshot_url, download_links }) {
  at("connection-note").textContent = "";
  at("state").textContent = state;
  at("message").textContent = error ?? result.message;
  result.items.forEach(showItem);
  if (screenshot_url) at("screenshot").src = screenshot_url;
  at("files").replaceChildren(...download_links.map((url) => fileButton(url)));
}

function fileButton(url, label = new URL(url).pathname.split("/").pop()) {
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = label;
  button.title = `Download ${url.split("/").pop()}`;
  button.onclick = () => attempt(async () => save(await backend.file(url)));
  return button;
}

/** Puts a file into the download folder under its own name. */
function save(file) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(file);
  link.download = file.name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000); // some browsers begin a little later
}

async function showHistory(page) {
  const { tasks, total, older } = await backend.history(page);
  olderTasks = older;
  at("older").hidden = !older;
  at("total").textContent = total;
  if (!page) at("history").replaceChildren();
  at("history").append(...tasks.map(historyRow));
}

function historyRow(task) {
  const row = document.createElement("tr");
  const time = new Date(task.created_at).toLocaleString();
  for (const text of [time, task.name, task.state]) row.insertCell().textContent = text;
  const open = document.createElement("button");
  open.textContent = "Show";
  open.onclick = () => attempt(() => show(task));
  row.insertCell().append(open);
  return row;
}

/** Does something that may fail, and shows in words if it did. */
async function attempt(action) {
  at("problem").hidden = true;
  markFaults(at("task-form"), []);
  try {
    await action();
  } catch (error) {
    at("problem").hidden = false;
    at("detail").textContent = error.message;
    at("request-id").textContent = error.requestId ?? "";
    markFaults(at("task-form"), error.faults ?? []);
  }
}
