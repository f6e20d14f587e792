// What we do to a page.

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
