// The one step that has the effect: made ready here, and made by the driver or by `fire`.

const isAsRead = ({ batch, key, words }) =>
  read(batch.printed_key) === key && read(batch.status) === words;

const ABSENT = new Set(["absent", "held", "optionless"]);

// A page that follows its server shows what others did, and takes away what a step needs. One that
// steps have made another shows the batch no more, but it may name it.
const orMoved = (told, about) => {
  const isThere = () => isAsRead(about) || isOfBatch(about);
  return ABSENT.has(told.fault) && about.home && !isThere() ? { ...told, fault: "moved" } : told;
};

// True while the page still shows this batch as it was read, or names it where the profile says.
const isOfBatch = ({ names_batch: named, home, batch, key, words }) => {
  const isHere = () => isAsRead({ batch, key, words });
  if (named === false) return !home || isHere();
  if (!named) return home && isHere();
  const { match, attribute, property } = named;
  const isRead = (it) => valueOf(it, { ...named, otherwise: null }) === key;
  const isNamed = (it) => names(textOf(it) || squeeze(it.value), asPattern(key));
  return all(named).some(match || attribute || property ? isRead : isNamed);
};

// A field that took our marker and has it no more.
const emptied = ({ marks, marker }) =>
  marks.find(({ at }) => !(heldBy(fieldOf(first(at)) ?? {}) ?? "").includes(marker));

const unlike = (about, taken) => {
  const gone = emptied(about);
  if (isOfBatch(about)) return { fault: gone ? "emptied" : "moved", at: gone?.said, taken };
  return { fault: about.names_batch ? "misnamed" : "unread", at: about.named_at, taken };
};

// Every window on the way from the element's own to the top: each has a guard and a clock.
const windowsOf = (element) => {
  const found = [];
  for (let it = element.ownerDocument.defaultView; it; it = it === it.parent ? null : it.parent) {
    found.push(it);
    if (it === window) break;
  }
  return found;
};

const permitted = (element, about, holds) => {
  const left = about.permit_ends - performance.now();
  const state = {};
  return windowsOf(element).every((each) =>
    each.agentGuard.permit({
      element,
      holds,
      state,
      gesture: about.gesture,
      key: about.effect.key_event.key,
      asks: about.asks,
      ends: each === window ? about.permit_ends : each.performance.now() + left,
    }),
  );
};

// Takes the last steps before the effect, and lets nothing but that through from then on.
const prepare = async (about, ms) => {
  const { effect, steps } = about;
  const left = countdown(ms);
  const told = await take(about, left());
  if (told.fault) return orMoved(told, about);
  const { taken } = told;
  const kind = kindOf(effect);
  const element = await KINDS[kind].find(effect[kind], left(), effect);
  if (!isStillOn(about.document)) return { fault: "moved", taken };
  if (!element) {
    const absent = { ...notFound(effect), place: steps.length, at: effect.said, taken };
    return orMoved(orLost(absent, about), about);
  }
  if (!about.names_batch && about.names_batch !== false && !about.home) {
    return { fault: "unnamed", taken };
  }
  const holds = () => element.isConnected && isOfBatch(about) && !emptied(about);
  rememberMessages(about.messages);
  if (kind === "press") element.focus();
  if (!holds() || !permitted(element, about, holds)) return unlike(about, taken);
  takeAim(element);
  return { at: inWindow(element), now: performance.now(), taken };
};

const FRAMES_TO_COMPARE = 2;

// What moves is drawn elsewhere in the next frame; so frames are counted from here.
const takeAim = (element) => {
  const aim = { element, frames: 0 };
  const count = () => {
    aim.frames += 1;
    if (aim.frames < FRAMES_TO_COMPARE) requestAnimationFrame(count);
  };
  requestAnimationFrame(count);
  window.agentAim = aim;
};

// An animation that is about to begin moves nothing yet; one that hardly ends is not waited for.
const LONGEST_MS = 2000;
const MOVES = /^(transform|translate|scale|rotate|inset|top|right|bottom|left|margin|padding|(min|max)?(width|height)|flex|grid|gap)/i;

const leftOf = (effect) => {
  const { endTime, localTime } = effect.getComputedTiming();
  return endTime - (localTime ?? 0);
};

const willMove = ({ effect, pending, playState }, element) =>
  (pending || playState === "running") &&
  effect?.target?.contains(element) &&
  leftOf(effect) <= LONGEST_MS &&
  effect.getKeyframes().some((frame) => Object.keys(frame).some((name) => MOVES.test(name)));

// Whether it, or anything that it is in, is being moved by the page's styles.
const isBeingMoved = (element) => {
  let it = element;
  while (it) {
    const root = it.getRootNode();
    const inner = it;
    if (root.getAnimations().some((animation) => willMove(animation, inner))) return true;
    it = root.host ?? frameOf(it);
  }
  return false;
};

const isSamePlace = (one, other) => one.x === other.x && one.y === other.y;

// Where the element is that the effect is aimed at, once it does not move any more.
const still = async ({ at }, ms) => {
  const left = countdown(ms);
  const aim = window.agentAim;
  let before = at;
  let now = inWindow(aim.element);
  const moves = () =>
    aim.frames < FRAMES_TO_COMPARE || !isSamePlace(before, now) || isBeingMoved(aim.element);
  while (moves() && left() > 0) {
    await new Promise((go) => requestAnimationFrame(go));
    before = now;
    now = inWindow(aim.element);
  }
  return now;
};

// Makes it by script, where no gesture does it: in a field that may not even be seen.
const fire = async ({ effect }) => {
  const { element } = window.agentAim;
  const work = () => {
    if (effect.tick) tick(element, effect.ticked);
    else chooseOption(element, optionOf(element, effect));
  };
  return guardOf(element).fire(work);
};

// Whether the first step of an action finds what it needs; it is not taken.
const offers = async ({ step }, ms) => {
  const kind = kindOf(step);
  if (!kind) return { ...here(), found: true };
  return { ...here(), found: (await KINDS[kind].find(step[kind], ms, step)) !== null };
};
