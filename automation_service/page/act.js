// What we do to a page.

const middleOf = ({ x, y, width, height }) => ({ x: x + width / 2, y: y + height / 2 });

const isHitAt = (element, { x, y }) => {
  const hit = element.getRootNode().elementFromPoint(x, y);
  return hit !== null && (element === hit || element.contains(hit));
};

// What is drawn of it, be it only by what is in it.
const boxesOf = (element) => {
  const content = element.ownerDocument.createRange();
  content.selectNodeContents(element);
  const own = [element.getBoundingClientRect(), ...element.getClientRects()];
  const inside = hasNoBox(element) ? [...element.children].flatMap(boxesOf) : [];
  return [...own, ...content.getClientRects(), ...inside];
};

// Its middle, or that of a piece: in the middle of a link that goes on in the next line is no link.
const pointOf = (element) => {
  const points = boxesOf(element).map(middleOf);
  return points.find((point) => isHitAt(element, point)) ?? points[0];
};

// A point of a frame's own, as a point of the window that the frame is in; it may be drawn smaller.
const outOf = (frame, { x, y }) => {
  const box = frame.getBoundingClientRect();
  const { paddingLeft, paddingTop } = getComputedStyle(frame);
  const left = frame.clientLeft + (parseFloat(paddingLeft) || 0);
  const top = frame.clientTop + (parseFloat(paddingTop) || 0);
  return {
    x: box.x + (left + x) * (box.width / frame.offsetWidth || 1),
    y: box.y + (top + y) * (box.height / frame.offsetHeight || 1),
  };
};

// Where it is in the window, through all frames that it is in.
const inWindow = (element) => {
  let point = pointOf(element);
  for (let frame = frameOf(element); frame; frame = frameOf(frame)) point = outOf(frame, point);
  return point;
};

const frameOf = (element) => element.ownerDocument.defaultView?.frameElement ?? null;

const isInWindow = ({ x, y }) => x >= 0 && y >= 0 && x < innerWidth && y < innerHeight;

// A page that is scrolled slips away under the mouse, and with it a menu that the mouse keeps open.
const onTop = (element) => {
  const isHit = () => isHitAt(element, pointOf(element));
  if (isHit() && isInWindow(inWindow(element))) return true;
  element.scrollIntoView({ block: "center", inline: "nearest", behavior: "instant" });
  return isHit();
};

const usableAt = (locator) => fieldsAt(locator).filter((it) => visible(it) && enabled(it));

const usable = (locator, ms) => until(() => usableAt(locator)[0], ms);

// What becomes an editor is something else for a moment; what stays so is told.
const fillable = async (locator, ms) =>
  (await until(() => usableAt(locator).find(isFillable), ms)) ?? usableAt(locator)[0] ?? null;

// Why what shows cannot be clicked; empty where nothing shows.
const whyNotClicked = (locator) => {
  const element = all(locator).find(visible);
  if (!element) return "";
  if (!enabled(element)) return " It shows, but is disabled.";
  const { x, y } = pointOf(element);
  const over = element.getRootNode().elementFromPoint(x, y);
  return over && !element.contains(over) ? ` It shows, but a click on it would meet ${spelled(over)}.` : "";
};

const clickable = (locator, ms) =>
  until(() => all(locator).find((it) => visible(it) && enabled(it) && onTop(it)), ms);

const isInSight = (field) => visible(field) || !field.parentElement || visible(field.parentElement);

const HIDDEN_MS = 1000;

// Fields that a scripted one stands in front of are there and not to be seen. One that is hidden
// with all around it may be in a dialog that is about to show, and that nobody listens to yet.
const inSight = (find, ms) => {
  const passes = passing(Math.min(HIDDEN_MS, ms / 2));
  return until(() => {
    const found = find();
    return found.find(isInSight) ?? (!passes(found.length > 0) && found[0]);
  }, ms);
};

const present = (locator, ms) => inSight(() => fieldsAt(locator).filter(enabled), ms);

// What a select offers may depend on a choice before, and come late.
const offering = (locator, ms, step) =>
  inSight(() => fieldsAt(locator).filter((it) => enabled(it) && optionOf(it, step)), ms);

// None where the frame shows another page by now.
const guardOf = (element) => element.ownerDocument.defaultView?.agentGuard;

const press = (element) => guardOf(element).act(() => element.click());

const BY_MOUSE = { bubbles: true, cancelable: true, composed: true, view: window, button: 0 };

// What is drawn at a point, in whatever open shadow tree.
const drawnAt = (root, { x, y }) => {
  const hit = root.elementFromPoint(x, y);
  const inside = hit?.shadowRoot;
  return inside && inside !== root ? (drawnAt(inside, { x, y }) ?? hit) : hit;
};

// What a mouse meets where an element is clicked: a script may listen to what is in it.
const metAt = (element) => {
  const point = pointOf(element);
  return isHitAt(element, point) ? drawnAt(element.getRootNode(), point) : element;
};

const FOCUSED_BY_MOUSE = "a[href], button, input, select, textarea, summary, iframe, [tabindex], " +
  "[contenteditable]";

// The focus goes where a mouse takes it, or nowhere: menus open by it, and fields notice the loss.
const focusByMouse = (element) => {
  const { host } = element.getRootNode();
  const focused = element.closest(FOCUSED_BY_MOUSE) ?? host?.closest(FOCUSED_BY_MOUSE);
  if (focused) focused.focus({ preventScroll: true });
  else element.ownerDocument.activeElement?.blur();
};

// As long as a finger takes, where the way down changes something: what opens by it is there before
// the way up, and may listen for that.
const HELD_MS = 50;
const CHANGING_MS = 5;

const held = async (document, work) => {
  let changes = false;
  const observer = new MutationObserver(() => {
    changes = true;
  });
  observer.observe(document, { subtree: true, childList: true, attributes: true });
  work();
  await pause(null, CHANGING_MS);
  observer.disconnect();
  if (changes) await pause(null, HELD_MS - CHANGING_MS);
};

// As a mouse does it: some listen to its way down, and open their menu then.
const clickThrough = async (element) => {
  const met = metAt(element);
  const goDown = () => {
    met.dispatchEvent(new PointerEvent("pointerdown", { ...BY_MOUSE, isPrimary: true }));
    if (met.dispatchEvent(new MouseEvent("mousedown", BY_MOUSE))) focusByMouse(met);
  };
  await held(element.ownerDocument, () => guardOf(element).act(goDown));
  if (!element.isConnected) return;
  guardOf(element).act(() => {
    // What was in it may have been drawn anew.
    const isThere = () => met.isConnected;
    const left = isThere() ? met : element;
    left.dispatchEvent(new PointerEvent("pointerup", { ...BY_MOUSE, isPrimary: true }));
    left.dispatchEvent(new MouseEvent("mouseup", BY_MOUSE));
    if (!element.isConnected) return;
    const clicked = isThere() ? met : element;
    // Drawings have no method for it.
    if (clicked.click) clicked.click();
    else clicked.dispatchEvent(new MouseEvent("click", BY_MOUSE));
  });
};

// What a field holds: one with a value, or a part of the page that is edited as it stands there,
// whose own value, if it has one, follows late.
const heldBy = (element) =>
  element.isContentEditable && !element.matches("input, textarea")
    ? element.textContent
    : (element.value ?? element.textContent);

const isFillable = (element) => element.isContentEditable || "value" in element;

// A change as by a keyboard. Browsers say first what they are about to change: editors made by script
// make the change themselves then, and undo any that nobody told them of.
const edit = (element, command, text = null) => {
  const own = element.ownerDocument;
  const chosen = own.getSelection();
  const ranges = [...Array(chosen.rangeCount).keys()].map((at) => chosen.getRangeAt(at));
  const told = new InputEvent("beforeinput", {
    bubbles: true,
    cancelable: true,
    composed: true,
    inputType: text === null ? "deleteContentBackward" : "insertText",
    data: text,
    targetRanges: ranges.map((range) => new StaticRange(range)),
  });
  if (element.dispatchEvent(told)) own.execCommand(command, false, text);
};

const chooseAll = (element) => {
  element.focus();
  element.ownerDocument.execCommand("selectAll");
};

// Editors hear what is chosen with the next picture.
const nextPicture = () => new Promise((go) => requestAnimationFrame(() => setTimeout(go)));

const rewrite = async (element, text) => {
  guardOf(element).act(() => chooseAll(element));
  await nextPicture();
  guardOf(element).act(() => edit(element, "insertText", text));
};

const type = (element, text) => {
  // The prototype's own setter: frameworks that watch a field replace the element's.
  const setter = Object.getOwnPropertyDescriptor(Object.getPrototypeOf(element), "value").set;
  element.focus();
  setter.call(element, text);
  element.dispatchEvent(new Event("input", { bubbles: true }));
  element.dispatchEvent(new Event("change", { bubbles: true }));
};

const DELETE = { key: "Delete", code: "Delete", number: 46, modifiers: 0 };

const keyFor = (letter) => ({
  key: letter, code: "", number: letter.toUpperCase().codePointAt(0), modifiers: 0,
});

// Letter by letter, as for fields that notice nothing else: clearing too.
const typeByKeys = async (element, text) => {
  const strike = async (about, command, letter) => {
    if (element.isContentEditable) await nextPicture();
    guardOf(element).act(() => {
      const isHeard = pressKey(element, "keydown", about);
      const goesOn = isHeard && (!letter || pressKey(element, "keypress", about));
      if (goesOn) edit(element, command, letter);
      pressKey(element, "keyup", about);
    });
  };
  guardOf(element).act(() => chooseAll(element));
  await strike(DELETE, "delete");
  for (const letter of text) await strike(keyFor(letter), "insertText", letter);
  guardOf(element).act(() => element.dispatchEvent(new Event("change", { bubbles: true })));
};

// The remark gives way to the marker where the field takes only so many characters.
const roomFor = (element, remark, marker) => {
  const room = element.maxLength > 0 ? element.maxLength - marker.length : Infinity;
  if (room < 0) return null;
  const before = room > 1 ? remark.slice(0, room - 1).trim() : "";
  return before ? `${before} ${marker}` : marker;
};

const TAKING_MS = 1000;

// False if the field does not take our marker.
const fill = async (element, step, { remark, marker }, ms) => {
  const marks = step.text === null;
  const text = marks ? roomFor(element, remark, marker) : fillIn(step.text);
  if (text === null) return false;
  if (step.typed) await typeByKeys(element, text);
  else if (element.isContentEditable) await rewrite(element, text);
  else type(element, text);
  // Who draws it may do so a moment later, and anew.
  const isMarked = () =>
    [element, ...fieldsAt(step.fill)].some((it) => it.isConnected && heldBy(it).includes(marker));
  return !marks || Boolean(await until(isMarked, Math.min(ms, TAKING_MS)));
};

const optionOf = (select, step) => {
  const wanted = fillIn(step.option);
  const options = [...(select.options ?? [])];
  return options.find((it) => textOf(it) === wanted) || options.find((it) => it.value === wanted);
};

const chooseOption = (select, option) => {
  const setter = Object.getOwnPropertyDescriptor(HTMLSelectElement.prototype, "value").set;
  select.focus();
  if (select.multiple) option.selected = true;
  else setter.call(select, option.value);
  select.dispatchEvent(new Event("input", { bubbles: true }));
  select.dispatchEvent(new Event("change", { bubbles: true }));
};

// A label stands for its field.
const isTicked = (element) => {
  const field = element.control ?? element;
  return field.checked ?? field.getAttribute("aria-checked") === "true";
};

const tick = (element, ticked) => {
  if (isTicked(element) !== ticked) element.click();
};

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
