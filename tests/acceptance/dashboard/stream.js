// Following a task live, to its end, whatever happens to the connection.

import { Unreachable } from "./backend.js";

const FINAL_EVENTS = ["completed", "failed"];
const FINAL_STATUSES = ["completed", "failed"];
const UNKNOWN_TASK = 4404;
const FIRST_PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 5000;

/**
 * Calls `onEvent` for each event of the task, once and in order, from the first to the final one.
 *
 * When the connection breaks, or cannot be made, it asks for the task's status, shows that to
 * `onStatus`, and connects again where it left off. Where no socket gets through this is polling,
 * and it ends with the task. Abort `signal` to stop following.
 */
export async function follow(backend, task, { onEvent, onStatus, signal }) {
  let seen = 0;
  let pause = FIRST_PAUSE_MS;
  let finished = false;
  while (!signal.aborted) {
    const { code, opened } = await listen(`${task.ws_url}&after=${seen}`, signal, (event) => {
      seen = event.id;
      pause = FIRST_PAUSE_MS;
      finished = FINAL_EVENTS.includes(event.type);
      onEvent(event);
    });
    if (finished || signal.aborted) return;
    if (code === UNKNOWN_TASK) throw new Error(`There is no task ${task.task_id}.`);
    if (!opened && FINAL_STATUSES.includes(task.status)) return;
    await sleep(pause);
    pause = Math.min(pause * 2, LONGEST_PAUSE_MS);
    const status = await statusIfReachable(backend, task.task_id);
    if (status === null || signal.aborted) continue;
    task = status; // with a ws_url signed anew: the last one may have expired
    onStatus(status);
  }
}

/** Hands on every event until the socket ends; resolves to why, and whether it ever opened. */
function listen(url, signal, onEvent) {
  return new Promise((resolve) => {
    const socket = new WebSocket(url);
    let opened = false;
    socket.onopen = () => (opened = true);
    socket.onmessage = ({ data }) => onEvent(JSON.parse(data));
    socket.onclose = ({ code }) => resolve({ code, opened });
    socket.onerror = () => resolve({ opened }); // all that comes where a page's own policy forbids it
    signal.addEventListener("abort", () => socket.close(), { once: true });
  });
}

/** Null while the backend is away or in trouble; throws when it refuses, as asking again would. */
async function statusIfReachable(backend, taskId) {
  try {
    return await backend.status(taskId);
  } catch (error) {
    if (error instanceof Unreachable || error.status >= 500) return null;
    throw error;
  }
}

const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
