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

// Longer than what says that there is nothing: scripts let words stand in for what they load, be it
// "Loading" or a text's name, until all has come.
const DOUBTED_MS = 3000;

const isUnexpected = ({ printed_key: printed, status, words }) => {
  const shows = (read(status) ?? "").toLowerCase();
  const isListed = Object.keys(words).some((word) => word.toLowerCase() === shows);
  return read(printed) !== values.key || !isListed;
};

const look = async ({ session, batch, stale }, ms) => {
  const passes = passing();
  const doubted = passing(Math.min(DOUBTED_MS, ms / 2));
  const found = await until(() => {
    const seen = !isStillOn(stale) && place(session, batch, passes);
    return doubted(seen === "batch" && isUnexpected(batch)) ? null : seen;
  }, ms);
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
