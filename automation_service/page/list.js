// Lists of batches: rows, further pages, searches.

// Where a list says that it is empty, one without rows that does not say so is still filling.
const isFilled = ({ ready, row, empty, busy }) => {
  if (busy && shown(busy)) return false;
  if (!empty) return shown(ready);
  return shown(empty) || ((!ready || shown(ready)) && shown(row));
};

const keysOf = (listing) => all(listing.row).map((row) => read(listing.key, row));

const isHeading = (row) =>
  isElement(row) && row.querySelector(HEADINGS) !== null && !row.querySelector("td, [role=gridcell]");

// Of rows that tell no id nobody knows what they are, unless the list says that it is empty.
const isKeyless = (listing) => {
  const isEmpty = listing.empty && shown(listing.empty);
  const rows = isEmpty ? [] : all(listing.row).filter((row) => !isHeading(row));
  return rows.length > 0 && !rows.some((row) => read(listing.key, row));
};

// Tells the rows that are there now from those before.
const marksOf = (listing) => {
  const keys = keysOf(listing);
  return JSON.stringify([keys.length, keys[0], keys.at(-1)]);
};

// In the document of the search itself only what is new, or is what was sought, is an answer.
const isAnswer = (listing, page, sought) =>
  !isStillOn(page.document) ||
  keysOf(listing).includes(sought) ||
  Boolean(listing.empty && newWords(listing.empty) !== null);

const hasCome = (listing, page, sought) => {
  if (page === null) return true;
  if (sought !== undefined) return isAnswer(listing, page, sought);
  return !isStillOn(page.document) || marksOf(listing) !== page.marks;
};

const rowOf = ({ key, id, columns }) => (row) => ({
  key: read(key, row),
  found: { ...(id && { id: read(id, row) ?? "" }), ...readColumns(columns ?? {}, row) },
});

// What of a list that did not come is not there, in the order in which it would be missed.
const gapOf = ({ logged_in: mark }, { ready, row, busy }) => {
  if (!shown(mark)) return "logged_in";
  if (busy && shown(busy)) return "busy";
  return ready && !shown(ready) ? "ready" : "row";
};

const list = async ({ session, listing, page, sought }, ms) => {
  const passes = passing();
  const found = await until(() => {
    const mayPass = passes(Boolean(listing.empty && shown(listing.empty)));
    if (isLost(session)) return "lost";
    if (here().http >= 400) return "error";
    if (mayPass) return null;
    const isThere = shown(session.logged_in) && isFilled(listing) && !isKeyless(listing);
    return isThere && hasCome(listing, page, sought) && "list";
  }, ms);
  // A search that changed nothing in time has found what is there.
  const isFull = isFilled(listing) && !isKeyless(listing);
  const unchanged = sought !== undefined && shown(session.logged_in) && isFull;
  const place = found ?? (unchanged ? "list" : unmarked(session));
  const rows = all(listing.row).map(rowOf(listing));
  const told = { keyless: isKeyless(listing), gap: gapOf(session, listing) };
  return { ...here(), place, rows, ...told, marks: marksOf(listing) };
};

// What style libraries do to a link, which cannot be disabled.
const isOff = (element) => element.matches(".disabled, .disabled > *");

const turn = async ({ at }) => {
  const isThere = (element) => visible(element) && enabled(element) && !isOff(element);
  const control = all(at).find(isThere);
  window.agentListIsWhole = false;
  if (control) press(control);
  return { turned: Boolean(control) };
};

const scrollToEnd = (element) => {
  element?.scrollIntoView({ block: "end", behavior: "instant" });
  for (let around = element?.parentElement; around; around = around.parentElement) {
    around.scrollTop = around.scrollHeight;
  }
};

// No further than to the last row: of some lists only what is near the window is there.
const scrollOn = (element) => {
  const before = element.getBoundingClientRect().top;
  element.scrollIntoView({ block: "start", behavior: "instant" });
  return element.getBoundingClientRect().top !== before;
};

const scroll = async ({ listing }, ms) => {
  const before = marksOf(listing);
  const hasMore = () => until(() => marksOf(listing) !== before && isFilled(listing), ms);
  const last = all(listing.row).at(-1);
  if (last && !window.agentListIsWhole && scrollOn(last)) {
    if (await hasMore()) return { more: true };
    // All that was loaded is there, so nothing is passed over on the way to the end.
    window.agentListIsWhole = true;
  }
  scrollToEnd(last);
  return { more: Boolean(await hasMore()) };
};

const search = async ({ session, listing, text }, ms) => {
  const box = await until(() => {
    if (isLost(session)) return "lost";
    return all(listing.box).find((element) => visible(element) && enabled(element));
  }, ms);
  if (box === null || box === "lost") return { ...here(), absent: "box", place: box };
  rememberMessages([listing.empty].filter(Boolean));
  type(box, text);
  const page = { ...here(), absent: null };
  if (!listing.submit) {
    pressEnter(box);
    return page;
  }
  const button = await pressable(listing.submit, ms);
  if (!button) return { ...page, absent: "submit", place: null };
  press(button);
  return page;
};
