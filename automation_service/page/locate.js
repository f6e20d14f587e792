// What a locator finds, and what stands there.

// What is invisible tells no two texts apart.
const squeeze = (text) =>
  (text || "").replace(/[\u200b\u00ad\ufeff]/g, "").replace(/\s+/g, " ").trim();

const SPEAKING_INPUTS = "input:is([type=submit], [type=button], [type=reset])";
const isElement = (node) => node.nodeType === Node.ELEMENT_NODE;

const textOf = (node) =>
  squeeze(isElement(node) && node.matches(SPEAKING_INPUTS) ? node.value : node.textContent);

// A cell stands for the one field in it, as what a cell before it labels is meant to be filled in.
const HOLDERS = "td, th, dd, [role=cell], [role=gridcell]";
const fieldOf = (node) => {
  if (!node || !isElement(node) || !node.matches(HOLDERS)) return node;
  const found = node.querySelectorAll(FIELDS);
  return found.length === 1 ? found[0] : node;
};

const rawValue = (node, { attribute, property }) => {
  if (property) return (property in node ? node : fieldOf(node))[property];
  if (attribute === "value") return fieldOf(node).value;
  return attribute ? node.getAttribute(attribute) : textOf(node);
};

const valueOf = (node, value) => {
  const otherwise = value.otherwise ?? null;
  if (!node) return otherwise;
  const read = squeeze(String(rawValue(node, value) ?? ""));
  if (!value.match) return read;
  const found = read.match(spelledWell(value.match, () => new RegExp(value.match)));
  return found ? squeeze(found[1] ?? found[0]) : otherwise;
};

// What the browser itself does not understand is the profile's fault; elements.py knows the words.
const spelledWell = (said, use) => {
  try {
    return use();
  } catch (error) {
    throw new Error(`Not understood in the profile: ${said} (${error.message})`);
  }
};

const asXPath = (text) => {
  if (!text.includes("'")) return `'${text}'`;
  if (!text.includes('"')) return `"${text}"`;
  return `concat(${text.split("'").map((piece) => `'${piece}'`).join(`, "'", `)})`;
};

// Placeholders stand for `values`, quoted for where they stand; of others nothing is known.
const fillIn = (text, quote = (value) => value) =>
  text.replace(/\{([^{}]+)\}/g, (whole, name) =>
    Object.hasOwn(values, name) ? quote(values[name]) : whole,
  );

// In a string of the XPath a placeholder is part of it, elsewhere it is a string of its own.
const filledXPath = (xpath) =>
  xpath.replace(/'[^']*'|"[^"]*"|\{[^{}]+\}/g, (piece) => {
    if (piece.startsWith("{")) return fillIn(piece, asXPath);
    const inside = piece.slice(1, -1);
    const filled = fillIn(inside);
    return filled === inside ? piece : asXPath(filled);
  });

// Old scripts have an `Array.from` of their own, which makes nothing of what it finds.
const countedUpTo = (count) => {
  const numbers = [];
  for (let number = 0; number < count; number += 1) numbers.push(number);
  return numbers;
};

const byXPath = (xpath, root) => {
  const within = isElement(root) ? xpath.replace(/^(\(*)\/\//, "$1.//") : xpath;
  const kind = XPathResult.ORDERED_NODE_SNAPSHOT_TYPE;
  const result = (root.ownerDocument || root).evaluate(within, root, null, kind, null);
  return countedUpTo(result.snapshotLength).map((place) => result.snapshotItem(place));
};

// The innermost elements whose text fits. `fits` knows texts, `leads` their beginnings.
const byText = (fits, leads, root) => {
  const inputs = [...root.querySelectorAll(SPEAKING_INPUTS)].filter((it) => fits(textOf(it)));
  const found = new Set(inputs);
  const texts = (root.ownerDocument || root).createTreeWalker(root, NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) {
    const begins = squeeze(texts.currentNode.data);
    let element = begins && leads(begins) ? texts.currentNode.parentElement : null;
    while (element && !fits(textOf(element))) {
      element = textOf(element).startsWith(begins) ? element.parentElement : null;
    }
    if (element && root.contains(element) && !element.matches("script, style")) found.add(element);
  }
  return [...found];
};

const isText = (text) => (read) => read === text;
const startsWith = (text) => (read) => read.startsWith(text);

// A blank at its end ends a word there: "1 " does not begin "10 claims".
const beginning = (text) => squeeze(text) + (/\S\s+$/.test(text) ? " " : "");

const candidatesByText = ({ text, starts }, root) => {
  const wanted = text ? squeeze(fillIn(text)) : beginning(fillIn(starts));
  const leads = (begins) => wanted.startsWith(begins) || (!text && begins.startsWith(wanted));
  return byText(text ? isText(wanted) : startsWith(wanted), leads, root);
};

const inOneWay = (locator, root) => {
  const { css, xpath, id, name, label, role, column } = locator;
  const select = (selector) => [...root.querySelectorAll(selector)];
  // The row or region itself, which no selector finds in itself.
  if (css === ":scope") return isElement(root) ? [root] : [];
  if (css) return spelledWell(css, () => select(fillIn(css, CSS.escape)));
  if (xpath) return spelledWell(xpath, () => byXPath(filledXPath(xpath), root));
  if (id) return select(`[id="${CSS.escape(fillIn(id))}"]`);
  if (name) return select(`[name="${CSS.escape(fillIn(name))}"]`);
  if (label) return labelledBy(fillIn(label), root);
  if (role) return select(role);
  if (column) return underHeading(fillIn(column), root);
  if (locator.any) return firstOf(locator.any.map((one) => all(one, root)));
  return candidatesByText(locator, root);
};

// Of alternatives the first that shows, else the first that is there.
const firstOf = (found) =>
  found.find((it) => it.some(visible)) ?? found.find((it) => it.length) ?? [];

const isLoaded = (document) => document !== null && document.readyState !== "loading";

// Where to look: the frame comes first, in it the region, in that the shadow root.
const placesOf = ({ frame, within, shadow }, root) => {
  let places = [root];
  const inside = (locator) => places.flatMap((place) => all(locator, place));
  if (frame) places = inside(frame).map((it) => it.contentDocument ?? null).filter(isLoaded);
  if (within) places = inside(within).filter(isElement);
  if (shadow) places = inside(shadow).map((it) => it.shadowRoot).filter(Boolean);
  return places;
};

const fits = (locator) => {
  const { text, starts, named, has } = locator;
  const name = named && squeeze(fillIn(named));
  const isExact = text && isText(squeeze(fillIn(text)));
  const begins = starts && startsWith(beginning(fillIn(starts)));
  return (node) =>
    (!isExact || isExact(textOf(node))) &&
    (!begins || begins(textOf(node))) &&
    (!name || isCalled(node, name)) &&
    (!has || (isElement(node) && all(has, node).length > 0));
};

const all = (locator, root = document) => {
  if (locator.unless && shown(locator.unless)) return [];
  const found = placesOf(locator, root).flatMap((place) => inOneWay(locator, place));
  return [...new Set(found)].filter(fits(locator));
};

const hasNoBox = (element) =>
  element.ownerDocument.defaultView?.getComputedStyle(element).display === "contents";

// What has no box of its own shows if something in it does.
const isDrawn = (element) =>
  element.checkVisibility({ visibilityProperty: true }) ||
  (hasNoBox(element) && [...element.children].some(isDrawn));

const fieldsAt = (locator) => all(locator).map(fieldOf);

const visible = (node) => {
  const element = isElement(node) ? node : (node.parentElement ?? node.ownerElement);
  const frame = element.ownerDocument.defaultView?.frameElement;
  return isDrawn(element) && (!frame || visible(frame));
};

const shown = (locator) => all(locator).some(visible);

// What shows comes before what is there and hidden.
const first = (locator, root) => {
  const found = all(locator, root);
  return (found.length > 1 && found.find(visible)) || found[0] || null;
};

const read = (locator, root) => valueOf(first(locator, root), locator);
const enabled = (element) =>
  !element.matches(":disabled") && element.getAttribute("aria-disabled") !== "true";
