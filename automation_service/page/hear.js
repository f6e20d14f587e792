// What the portal says to what we did.

const rememberMessages = (locators) => {
  window.agentSeen = new Map();
  // One that is there and hidden has said nothing yet.
  for (const element of locators.flatMap((at) => all(at)).filter(visible)) {
    window.agentSeen.set(element, squeeze(element.textContent));
  }
};

const isNew = (element) =>
  !window.agentSeen || window.agentSeen.get(element) !== squeeze(element.textContent);

const says = ({ says: pattern }, element) => !pattern || new RegExp(pattern).test(textOf(element));

const newWords = (signal) => {
  const element = all(signal).find((it) => visible(it) && isNew(it) && says(signal, it));
  return element ? squeeze(element.textContent) : null;
};

const asPattern = (text) => text.replace(/[.*+?^${}()|[\]\\/]/g, "\\$&");

const names = (words, pattern) =>
  new RegExp(`(?<![\\p{L}\\p{N}])(?:${pattern})(?![\\p{L}\\p{N}])`, "u").test(words);

// Words that name another batch speak of that one. An id of digits alone has no look of its own.
const speaksOfAnother = (words, key) =>
  /\p{L}/u.test(key) && names(words, asPattern(key).replace(/\d+/g, "\\d+"));

// Where nothing is named, only the page that was clicked on answers for its batch: on any other
// page the words may be left from the batch before, unless the profile says that they are not.
const isAbout = (words, { unnamed }, { key, batch, document: page }) =>
  names(words, asPattern(key)) ||
  ((unnamed || isStillOn(page)) &&
    read(batch.printed_key) === key &&
    !speaksOfAnother(words, key));

const hasRefused = () =>
  window.agentGuard?.hasRefused() ||
  Boolean(window.agentAim?.element.isConnected && guardOf(window.agentAim.element)?.hasRefused());

// A page that came after the click, and was whole for long enough, has nothing to say.
const isSilent = (page, patience) => {
  const { loadEventEnd } = navigation();
  return !isStillOn(page) && loadEventEnd > 0 && performance.now() - loadEventEnd > patience;
};

// The portal's first word after the click, if it is about this batch. A hint, never proof.
const hear = async (about, ms) => {
  const { document: page, session, signals, closed, patience } = about;
  const heard = await until(() => {
    if (hasRefused()) return { signal: "not_clicked" };
    if (location.protocol === "chrome-error:") return { signal: "no_answer" };
    if (isLost(session)) return { signal: "lost" };
    for (const [signal, at] of Object.entries(signals)) {
      if (at.gone) {
        // With its window all that was in it has gone.
        if (closed || (isStillOn(page) && !all(at).some((it) => visible(it) && enabled(it))))
          return { signal };
        continue;
      }
      const words = newWords(at);
      if (words !== null && isAbout(words, at, about)) return { signal, words };
    }
    return isSilent(page, patience) && { signal: "silence" };
  }, ms);
  const title = isStillOn(page) ? "" : squeeze(document.title);
  return { ...here(), title, ...(heard || { signal: "silence" }) };
};
