// A batch's page, read.

// What servers answer to an address they have no page for, odd ones included.
const NO_SUCH_PAGE = new Set([400, 404, 405, 410, 414, 422]);

const readHistory = (history) =>
  all(history.row).map((row) => ({
    who: read(history.who, row) || "",
    when: read(history.when, row) || "",
    what: read(history.what, row) || "",
    remark: read(history.remark, row) || "",
  }));

const readColumns = (columns, root) =>
  Object.fromEntries(Object.entries(columns).map(([name, at]) => [name, read(at, root) || ""]));

const isComplete = ({ ready, history }) =>
  (!ready || shown(ready)) && (!history || shown(history.ready));

// Where we are: "lost", "error", "missing", "batch", or nothing certain yet.
const place = (session, batch, passes) => {
  const isMissing = Boolean(batch.missing && shown(batch.missing));
  const mayPass = passes(isMissing);
  if (isLost(session)) return "lost";
  const { http } = here();
  if ((isMissing && !mayPass) || NO_SUCH_PAGE.has(http)) return "missing";
  if (http >= 400) return "error";
  if (mayPass) return null;
  const named = shown(session.logged_in) && read(batch.printed_key);
  return named && isComplete(batch) && read(batch.status) ? "batch" : null;
};

const look = async ({ session, batch, stale }, ms) => {
  const passes = passing();
  const found = await until(() => !isStillOn(stale) && place(session, batch, passes), ms);
  return {
    ...here(),
    place: found ?? unmarked(session),
    logged_in: shown(session.logged_in),
    printed_key: read(batch.printed_key),
    words: read(batch.status),
    columns: found === "batch" ? readColumns(batch.columns) : {},
    ready: !batch.ready || shown(batch.ready),
    history: found === "batch" && batch.history ? readHistory(batch.history) : null,
  };
};
