// What we do to a page.

const middleOf = ({ x, y, width, height }) => ({ x: x + width / 2, y: y + height / 2 });

const isHitAt = (element, { x, y }) => {
  const hit = element.getRootNode().elementFromPoint(x, y);
  return hit !== null && (element === hit || element.contains(hit));
};

// Its middle, or that of a piece: in the middle of a link that goes on in the next line is no link.
const pointOf = (element) => {
  const points = [element.getBoundingClientRect(), ...element.getClientRects()].map(middleOf);
  return points.find((point) => isHitAt(element, point)) ?? points[0];
};

// Where it is in the window, through all frames that it is in.
const inWindow = (element) => {
  let { x, y } = pointOf(element);
  for (let frame = frameOf(element); frame; frame = frameOf(frame)) {
    const box = frame.getBoundingClientRect();
    x += box.x + frame.clientLeft;
    y += box.y + frame.clientTop;
  }
  return { x, y };
};

const frameOf = (element) => element.ownerDocument.defaultView?.frameElement ?? null;

const onTop = (element) => {
  element.scrollIntoView({ block: "center", inline: "nearest", behavior: "instant" });
  return isHitAt(element, pointOf(element));
};

const usable = (locator, ms) =>
  until(() => all(locator).find((element) => visible(element) && enabled(element)), ms);

const clickable = (locator, ms) =>
  until(() => all(locator).find((it) => visible(it) && enabled(it) && onTop(it)), ms);

// Fields that a scripted one stands in front of are there and not to be seen.
const present = (locator, ms) => until(() => all(locator).find(enabled), ms);

const guardOf = (element) => element.ownerDocument.defaultView.agentGuard;

const press = (element) => guardOf(element).act(() => element.click());

// As a mouse does it: some listen to its way down, and open their menu then.
const clickThrough = (element) =>
  guardOf(element).act(() => {
    const about = { bubbles: true, cancelable: true, composed: true, view: window, button: 0 };
    element.dispatchEvent(new PointerEvent("pointerdown", { ...about, isPrimary: true }));
    element.dispatchEvent(new MouseEvent("mousedown", about));
    element.dispatchEvent(new PointerEvent("pointerup", { ...about, isPrimary: true }));
    element.dispatchEvent(new MouseEvent("mouseup", about));
    if (element.isConnected) element.click();
  });

// What a field holds: one with a value, or a part of the page that is edited as it stands there.
const heldBy = (element) => element.value ?? element.textContent;

const isFillable = (element) => element.isContentEditable || "value" in element;

// As by a keyboard: an editor made by script notices nothing else.
const rewrite = (element, text) =>
  guardOf(element).act(() => {
    element.focus();
    element.ownerDocument.execCommand("selectAll");
    element.ownerDocument.execCommand("insertText", false, text);
  });

const type = (element, text) => {
  // The prototype's own setter: frameworks that watch a field replace the element's.
  const setter = Object.getOwnPropertyDescriptor(Object.getPrototypeOf(element), "value").set;
  element.focus();
  setter.call(element, text);
  element.dispatchEvent(new Event("input", { bubbles: true }));
  element.dispatchEvent(new Event("change", { bubbles: true }));
};

// Letter by letter, as for fields that notice nothing else: clearing too.
const typeByKeys = (element, text) =>
  guardOf(element).act(() => {
    const own = element.ownerDocument;
    const strike = (key, command, value) => {
      const about = { key, bubbles: true, cancelable: true };
      const goesOn = element.dispatchEvent(new KeyboardEvent("keydown", about));
      if (goesOn) own.execCommand(command, false, value);
      element.dispatchEvent(new KeyboardEvent("keyup", about));
    };
    element.focus();
    own.execCommand("selectAll");
    strike("Delete", "delete");
    for (const letter of text) strike(letter, "insertText", letter);
    element.dispatchEvent(new Event("change", { bubbles: true }));
  });

// The remark gives way to the marker where the field takes only so many characters.
const roomFor = (element, remark, marker) => {
  const room = element.maxLength > 0 ? element.maxLength - marker.length : Infinity;
  if (room < 0) return null;
  const before = room > 1 ? remark.slice(0, room - 1).trim() : "";
  return before ? `${before} ${marker}` : marker;
};

const fill = (element, step, { remark, marker }) => {
  const marks = step.text === null;
  const text = marks ? roomFor(element, remark, marker) : fillIn(step.text);
  if (text === null) return false;
  if (step.typed) typeByKeys(element, text);
  else if (element.isContentEditable) rewrite(element, text);
  else type(element, text);
  return marks ? heldBy(element).includes(marker) : true;
};

const optionOf = (select, wanted) =>
  [...select.options].find((it) => squeeze(it.textContent) === wanted) ||
  [...select.options].find((it) => it.value === wanted);

const chooseOption = (select, option) => {
  const setter = Object.getOwnPropertyDescriptor(HTMLSelectElement.prototype, "value").set;
  select.focus();
  if (select.multiple) option.selected = true;
  else setter.call(select, option.value);
  select.dispatchEvent(new Event("input", { bubbles: true }));
  select.dispatchEvent(new Event("change", { bubbles: true }));
};

const tick = (field, ticked) => {
  if (field.checked !== ticked) field.click();
};

const isTicked = (element) =>
  element.checked ?? element.getAttribute("aria-checked") === "true";

const PRESSED_BY_SPACE = "button, summary, input:is([type=button], [type=submit], [type=checkbox], [type=radio])";

// What a browser does when a key is pressed, as far as a page can tell: scripts hear of it, and a
// button is pressed by the keys that press buttons.
const pressIn = (element, event) => {
  if (event.key === "Enter" && !event.modifiers) {
    pressEnter(element);
    return;
  }
  guardOf(element).act(() => {
    const goesOn = pressKey(element, "keydown", event);
    pressKey(element, "keyup", event);
    if (goesOn && event.key === " " && element.matches(PRESSED_BY_SPACE)) element.click();
  });
};

const upload = (field, { file, content, bytes, media }) => {
  const view = field.ownerDocument.defaultView;
  const plain = () => view.Uint8Array.from(atob(bytes), (it) => it.charCodeAt(0));
  const parts = [content === null ? plain() : fillIn(content)];
  const carrier = new view.DataTransfer();
  carrier.items.add(new view.File(parts, fillIn(file), { type: media }));
  field.files = carrier.files;
  field.dispatchEvent(new Event("input", { bubbles: true }));
  field.dispatchEvent(new Event("change", { bubbles: true }));
  return field.files.length === 1;
};
