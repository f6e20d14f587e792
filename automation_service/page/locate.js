// What a locator finds, and what stands there.

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
