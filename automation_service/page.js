// What we look for in a page, found and read inside the page: one call, one answer.
// Evaluated anew for every question; it leaves `window.agentSeen` behind. See guard.js too.
(() => {
  "use strict";

  // What servers answer to an address they have no page for, odd ones included.
  const NO_SUCH_PAGE = new Set([400, 404, 405, 410, 414, 422]);

  const squeeze = (text) => (text || "").replace(/\s+/g, " ").trim();

  const valueOf = (element, locator) => {
    if (!element) return null;
    if (locator.attribute === "value") return squeeze(element.value);
    if (locator.attribute) return squeeze(element.getAttribute(locator.attribute));
    return squeeze(element.textContent);
  };

  const all = (locator, root = document) => {
    let found;
    if (locator.css) {
      found = [...root.querySelectorAll(locator.css)];
    } else {
      const kind = XPathResult.ORDERED_NODE_SNAPSHOT_TYPE;
      const result = document.evaluate(locator.xpath, root, null, kind, null);
      found = Array.from({ length: result.snapshotLength }, (_, i) => result.snapshotItem(i));
    }
    if (locator.text === null) return found;
    return found.filter((element) => squeeze(element.textContent) === locator.text);
  };

  const first = (locator, root) => all(locator, root)[0] || null;
  const read = (locator, root) => valueOf(first(locator, root), locator);
  const visible = (element) => element.checkVisibility({ visibilityProperty: true });
  const shown = (locator) => all(locator).some(visible);
  const enabled = (element) =>
    !element.matches(":disabled") && element.getAttribute("aria-disabled") !== "true";

  // Answers with what `check` finds in the whole markup as soon as it finds something, or with null
  // after `ms`.
  const until = (check, ms) =>
    new Promise((resolve, reject) => {
      const stop = (settle, value) => {
        observer.disconnect();
        clearInterval(poll);
        clearTimeout(end);
        settle(value);
      };
      const look = () => {
        try {
          const found = document.readyState !== "loading" && check();
          if (found) stop(resolve, found);
        } catch (error) {
          stop(reject, error);
        }
      };
      const observer = new MutationObserver(look);
      // Style sheets and timers show things without changing the document.
      const poll = setInterval(look, 50);
      const end = setTimeout(() => stop(resolve, null), ms);
      const everything = { subtree: true, childList: true, attributes: true, characterData: true };
      observer.observe(document, everything);
      look();
    });

  // The moment a page began tells it from the page that was there before.
  const isStillOn = (origin) => performance.timeOrigin === origin;

  const navigation = () => performance.getEntriesByType("navigation")[0] || {};

  const here = () => ({
    document: performance.timeOrigin,
    now: performance.now(),
    url: location.href,
    http: navigation().responseStatus || 0,
    cached: navigation().deliveryType === "cache",
  });

  const readHistory = (history) =>
    all(history.row).map((row) => ({
      who: read(history.who, row) || "",
      when: read(history.when, row) || "",
      what: read(history.what, row) || "",
      remark: read(history.remark, row) || "",
    }));

  const readColumns = (columns) =>
    Object.fromEntries(Object.entries(columns).map(([name, at]) => [name, read(at) || ""]));

  // Where we are: "lost", "error", "missing", "batch", or nothing certain yet.
  const place = (session, batch) => {
    if (shown(session.lost)) return "lost";
    const { http } = here();
    if (shown(batch.missing) || NO_SUCH_PAGE.has(http)) return "missing";
    if (http >= 400) return "error";
    const ready = shown(session.logged_in) && read(batch.printed_key) && read(batch.status);
    return ready && (!batch.history || shown(batch.history.ready)) ? "batch" : null;
  };

  const look = async ({ session, batch, stale }, ms) => {
    const found = await until(() => !isStillOn(stale) && place(session, batch), ms);
    return {
      ...here(),
      place: found,
      logged_in: shown(session.logged_in),
      printed_key: read(batch.printed_key),
      words: read(batch.status),
      columns: found === "batch" ? readColumns(batch.columns) : {},
      history_ready: !batch.history || shown(batch.history.ready),
      history: found === "batch" && batch.history ? readHistory(batch.history) : null,
    };
  };

  const middleOf = (element) => {
    const box = element.getBoundingClientRect();
    return { x: box.x + box.width / 2, y: box.y + box.height / 2 };
  };

  const onTop = (element) => {
    element.scrollIntoView({ block: "center", inline: "nearest", behavior: "instant" });
    const { x, y } = middleOf(element);
    const hit = document.elementFromPoint(x, y);
    return hit !== null && (element === hit || element.contains(hit));
  };

  const usable = (locator, ms) =>
    until(() => all(locator).find((element) => visible(element) && enabled(element)), ms);

  const clickable = (locator, ms) =>
    until(() => all(locator).find((it) => visible(it) && enabled(it) && onTop(it)), ms);

  const press = (element) => window.agentGuard.act(() => element.click());

  const type = (element, text) => {
    // The prototype's own setter: frameworks that watch a field replace the element's.
    const setter = Object.getOwnPropertyDescriptor(Object.getPrototypeOf(element), "value").set;
    element.focus();
    setter.call(element, text);
    element.dispatchEvent(new Event("input", { bubbles: true }));
    element.dispatchEvent(new Event("change", { bubbles: true }));
  };

  // The remark gives way to the marker where the field takes only so many characters.
  const fill = (element, remark, marker) => {
    const room = element.maxLength > 0 ? element.maxLength - marker.length : Infinity;
    if (room < 0) return false;
    const before = room > 1 ? remark.slice(0, room - 1).trim() : "";
    type(element, before ? `${before} ${marker}` : marker);
    return element.value.includes(marker);
  };

  const rememberMessages = (locators) => {
    window.agentSeen = new Map();
    for (const at of locators) {
      for (const element of all(at)) window.agentSeen.set(element, squeeze(element.textContent));
    }
  };

  // Takes every step but the click with the effect: that one is the driver's, and all that is left.
  const prepare = async (about, ms) => {
    const { steps, effect, remark, marker, key, words, batch, messages } = about;
    const ends = performance.now() + ms;
    const left = () => Math.max(0, ends - performance.now());
    let taken = 0;
    window.agentGuard.beginSteps();
    for (const [place, step] of steps.entries()) {
      const element = await (step.click ? clickable(step.click, left()) : usable(step.fill, left()));
      if (!isStillOn(about.document)) return { fault: "moved", taken };
      if (!element) return { fault: "absent", place, taken };
      taken += 1;
      if (step.click) press(element);
      else if (!fill(element, remark, marker)) return { fault: "unmarked", place, taken };
    }
    const element = await clickable(effect, left());
    if (!isStillOn(about.document)) return { fault: "moved", taken };
    if (!element) return { fault: "absent", place: steps.length, taken };
    const fields = steps.flatMap((step) => (step.click ? [] : [step.fill]));
    const holds = () =>
      element.isConnected &&
      read(batch.printed_key) === key &&
      read(batch.status) === words &&
      fields.every((at) => first(at)?.value.includes(marker));
    rememberMessages(messages);
    const permitted = holds() && window.agentGuard.permit(element, about.permit_ends, holds);
    if (!permitted) return { fault: "moved", taken };
    return { at: middleOf(element), now: performance.now(), taken };
  };

  // Whether the first step of approving finds what it needs; it is not taken.
  const offers = async ({ step }, ms) => {
    const element = await (step.click ? clickable(step.click, ms) : usable(step.fill, ms));
    return { ...here(), found: element !== null };
  };

  const isNew = (element) =>
    !window.agentSeen || window.agentSeen.get(element) !== squeeze(element.textContent);

  const newWords = (locator) => {
    const element = all(locator).find((candidate) => visible(candidate) && isNew(candidate));
    return element ? squeeze(element.textContent) : null;
  };

  const asPattern = (text) => text.replace(/[.*+?^${}()|[\]\\/]/g, "\\$&");

  const names = (words, pattern) =>
    new RegExp(`(?<![\\p{L}\\p{N}])(?:${pattern})(?![\\p{L}\\p{N}])`, "u").test(words);

  // Words that name another batch speak of that one. An id of digits alone has no look of its own.
  const speaksOfAnother = (words, key) =>
    /\p{L}/u.test(key) && names(words, asPattern(key).replace(/\d+/g, "\\d+"));

  // Where nothing is named, only the page that was clicked on answers for its batch: on any other
  // page the words may be left from the batch before.
  const isAbout = (words, key, batch, page) =>
    names(words, asPattern(key)) ||
    (isStillOn(page) && read(batch.printed_key) === key && !speaksOfAnother(words, key));

  // The portal's first word after the click, if it is about this batch. A hint, never proof.
  const hear = async ({ document: page, key, batch, session, success, refused }, ms) => {
    const heard = await until(() => {
      if (window.agentGuard?.hasRefused()) return { signal: "not_clicked" };
      if (location.protocol === "chrome-error:") return { signal: "no_answer" };
      if (shown(session.lost)) return { signal: "lost" };
      for (const [signal, at] of Object.entries({ success, refused })) {
        const words = newWords(at);
        if (words !== null && isAbout(words, key, batch, page)) return { signal, words };
      }
      return null;
    }, ms);
    return { ...here(), ...(heard || { signal: "silence" }) };
  };

  const enter = async ({ login, username, password }, ms) => {
    const found = await until(() => {
      if (shown(login.success)) return "inside";
      return shown(login.username) && shown(login.password) && shown(login.submit) && "form";
    }, ms);
    if (found !== "form") return { ...here(), found };
    type(first(login.username), username);
    type(first(login.password), password);
    rememberMessages([login.refused]);
    const page = here();
    press(all(login.submit).find(visible));
    return { ...page, found };
  };

  const answered = async ({ login }, ms) =>
    until(() => {
      if (location.protocol === "chrome-error:") return { answer: "no_answer" };
      if (shown(login.success)) return { answer: "inside" };
      const words = newWords(login.refused);
      if (words !== null) return { answer: "refused", words };
      return here().http >= 500 ? { answer: "error", http: here().http } : null;
    }, ms);

  const list = async ({ session, pending, page }, ms) => {
    const found = await until(() => {
      if (shown(session.lost)) return "lost";
      if (here().http >= 400) return "error";
      if (page !== null && isStillOn(page.document) && firstKey(pending) === page.first) return null;
      return shown(session.logged_in) && (shown(pending.empty) || shown(pending.ready)) && "list";
    }, ms);
    const keys = all(pending.row).map((row) => read(pending.key, row));
    return { ...here(), place: found, keys: keys.filter(Boolean), first: firstKey(pending) };
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

  const loggedIn = async ({ session }, ms) => {
    const found = await until(() => {
      if (shown(session.lost)) return "lost";
      return shown(session.logged_in) && "inside";
    }, ms);
    return { ...here(), place: found };
  };

  return { look, prepare, offers, hear, enter, answered, list, turn, loggedIn };
})()
