// Trying a profile out: what its locators find, and how that is shown in a picture.

const awaited = async ({ at }, ms) => {
  const found = await until(() => shown(at), ms);
  return { ...here(), shown: Boolean(found) };
};

// What stands in rows is looked for in the first one.
const examine = ({ marks }) => {
  const looked = ({ at, row }) => {
    const root = row ? first(row) : document;
    const found = root ? all(at, root) : [];
    const value = root ? read(at, root) : null;
    return { count: found.length, shown: found.filter(visible).length, value };
  };
  return Object.fromEntries(Object.entries(marks).map(([name, mark]) => [name, looked(mark)]));
};

// How many batches a list has that came after it seemed whole.
const late = async ({ listing }, ms) => {
  const found = await until(() => keysOf(listing).filter(Boolean).length, ms);
  return { ...here(), count: found ?? 0 };
};

// What is read there once that is another than `was`; null if it stays.
const becomes = async ({ at, was }, ms) => {
  const changed = () => ![was, null].includes(read(at));
  return { ...here(), now: (await until(changed, ms)) ? read(at) : null };
};

const boxOf = (node) => {
  const element = isElement(node) ? node : node.parentElement;
  const { width, height, ...at } = element.getBoundingClientRect().toJSON();
  let corner = at;
  for (let frame = frameOf(element); frame; frame = frameOf(frame)) corner = outOf(frame, corner);
  return { ...corner, width, height };
};

const LONGEST_NAME = 40;
const COLOURS = ["#c2185b", "#1565c0", "#2e7d32", "#ef6c00", "#6a1b9a", "#00838f"];

const frameFor = (node, name, number) => {
  const { x, y, width, height } = boxOf(node);
  const colour = COLOURS[number % COLOURS.length];
  const frame = document.createElement("div");
  frame.style.cssText = `position:absolute;left:${x - 2}px;top:${y - 2}px;width:${width + 4}px;` +
    `height:${height + 4}px;border:2px solid ${colour};box-sizing:border-box`;
  const label = document.createElement("span");
  label.textContent = name;
  label.style.cssText = `position:absolute;left:-2px;bottom:100%;background:${colour};` +
    "color:#fff;font:11px sans-serif;padding:0 3px;white-space:nowrap";
  frame.append(label);
  return frame;
};

// Lies above everything, dialogs too, and takes no click.
const outline = ({ marks }) => {
  const sheet = document.createElement("div");
  sheet.style.cssText = "position:fixed;inset:0;width:100%;height:100%;margin:0;padding:0;border:0;" +
    "background:none;overflow:hidden;pointer-events:none";
  const shownOf = ({ at, row }) => {
    const root = row ? first(row) : document;
    return root ? all(at, root).filter(visible) : [];
  };
  const found = Object.entries(marks).map(([name, mark]) => [name, shownOf(mark)]);
  const top = found.flatMap(([, nodes]) => nodes)[0];
  const element = top && (isElement(top) ? top : top.parentElement);
  element?.scrollIntoView({ block: "center", behavior: "instant" });
  found.forEach(([name, nodes], number) => {
    for (const node of nodes.slice(0, 30)) sheet.append(frameFor(node, name, number));
  });
  sheet.popover = "manual";
  document.documentElement.append(sheet);
  sheet.showPopover();
  window.agentOutline = sheet;
};

const clearOutline = () => {
  window.agentOutline?.remove();
};

const documents = (root = document) => [
  root,
  ...[...root.querySelectorAll("iframe, frame")]
    .map((frame) => frame.contentDocument)
    .filter(Boolean)
    .flatMap(documents),
];

// What could have been meant: everything that shows and has a name, an id or a class.
const candidates = () => {
  const select = (root) => [...root.querySelectorAll("a, button, input, select, textarea, [id], [class]")];
  const found = documents().flatMap(select).filter(visible).slice(0, 2000);
  const says = (name) => (name.length > LONGEST_NAME ? "" : name);
  return found.map((element) => ({ at: spelled(element), says: says(nameOf(element)) }));
};
