// The list of batches that wait.

const list = async ({ session, pending, page }, ms) => {
  const found = await until(() => {
    if (isLost(session)) return "lost";
    if (here().http >= 400) return "error";
    if (page !== null && isStillOn(page.document) && firstKey(pending) === page.first) return null;
    return shown(session.logged_in) && (shown(pending.empty) || shown(pending.ready)) && "list";
  }, ms);
  const keys = all(pending.row).map((row) => read(pending.key, row));
  const place = found ?? unmarked(session);
  return { ...here(), place, keys: keys.filter(Boolean), first: firstKey(pending) };
};

const firstKey = (pending) => {
  const row = first(pending.row);
  return row ? read(pending.key, row) : null;
};

const turn = async ({ pending }) => {
  const next = all(pending.next).find((element) => visible(element) && enabled(element));
  if (next) press(next);
  return { turned: Boolean(next) };
};
