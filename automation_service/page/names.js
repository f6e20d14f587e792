// What things on a page are called: by labels, headings and accessible names.

const FIELDS = "input:not([type=hidden]), select, textarea, [contenteditable=true], " +
  "[role=textbox], [role=combobox], [role=checkbox], [role=radio], [role=switch], [role=listbox]";
const IMPLIED = { submit: "Submit", reset: "Reset", image: "Submit" };

// What a page says of something, for as long as nothing else runs that could change it: where there
// are some thousand rows or fields, to look for it anew in each takes a minute.
const forNow = (look) => {
  const known = new Map();
  return (of) => {
    if (!known.size) queueMicrotask(() => known.clear());
    if (!known.has(of)) known.set(of, look(of));
    return known.get(of);
  };
};

const labelsIn = forNow((root) => {
  const labels = new Map();
  for (const label of root.querySelectorAll("label")) {
    labels.set(label.control, [...(labels.get(label.control) ?? []), label]);
  }
  return labels;
});

// As its own `labels`, for which browsers go through the whole page each time.
const labelsOf = (element) => labelsIn(element.getRootNode()).get(element) ?? [];

// A field that stands inside its label is no part of what the label says.
const labelText = (label) => {
  const words = label.cloneNode(true);
  for (const field of words.querySelectorAll("input, select, textarea")) field.remove();
  return squeeze(words.textContent);
};

const referredTo = (element) => {
  const ids = (element.getAttribute("aria-labelledby") || "").split(/\s+/).filter(Boolean);
  const root = element.getRootNode();
  return squeeze(ids.map((id) => root.getElementById(id)?.textContent ?? "").join(" "));
};

// What a style sheet writes, as on buttons without a text of their own. Icons are written so too,
// in signs that are no words.
const styledName = (element) => {
  const { defaultView } = element.ownerDocument;
  const written = ["::before", "::after"].map((part) =>
    (defaultView?.getComputedStyle(element, part).content.match(/^"(.*)"$/) ?? ["", ""])[1],
  );
  return squeeze(written.join(" ").replace(/[\ue000-\uf8ff]/g, ""));
};

const ownName = (element) => {
  if (element.matches("input:is([type=submit], [type=button], [type=reset])")) {
    return squeeze(element.value) || IMPLIED[element.type] || "";
  }
  if (element.matches("img, input[type=image], area")) return squeeze(element.alt);
  if (element.matches("input, select, textarea")) return "";
  const images = [...element.querySelectorAll("img[alt]")].map((image) => image.alt);
  return squeeze(element.textContent) || squeeze(images.join(" ")) || styledName(element);
};

// The accessible name, in the order in which the sources of one count.
const nameOf = (element) =>
  referredTo(element) ||
  squeeze(element.getAttribute("aria-label")) ||
  squeeze(labelsOf(element).map(labelText).join(" ")) ||
  ownName(element) ||
  squeeze(element.getAttribute("title")) ||
  squeeze(element.getAttribute("placeholder"));

// Its name, or that as a style sheet shows it, such as in capitals.
const isCalled = (element, wanted) => {
  const name = nameOf(element);
  if (name === wanted) return true;
  return name.toLowerCase() === wanted.toLowerCase() && squeeze(element.innerText) === wanted;
};

// As a selector finds it, be it with others.
const spelled = (element) => {
  const classes = [...element.classList].map((name) => `.${CSS.escape(name)}`).join("");
  const id = element.id && `#${CSS.escape(element.id)}`;
  const name = element.getAttribute("name");
  return `${element.localName}${id}${classes}${name ? `[name="${name}"]` : ""}`;
};

const plainLabel = (label) => squeeze(label).replace(/[\s:*]+$/, "");

// How a label may be what is wanted; the second way only where nothing is so in the first.
const WAYS_TO_BE = [
  (wanted) => (text) => plainLabel(text) === plainLabel(wanted),
  (wanted) => (text) => plainLabel(text).toLowerCase() === plainLabel(wanted).toLowerCase(),
];

const isBlank = (node) =>
  !isElement(node) && (node.nodeType !== Node.TEXT_NODE || !squeeze(node.data));

// A label that is bound to no field speaks of what stands right after it.
const afterCaption = (caption) => {
  let next = caption.control ? null : caption.nextSibling;
  while (next && isBlank(next)) next = next.nextSibling;
  if (!next || (isElement(next) && next.matches("label"))) return [];
  const fields = isElement(next) ? [...next.querySelectorAll(FIELDS)] : [];
  return fields.length === 1 ? fields : [next];
};

const labelledSo = (isIt, root) => {
  const fields = [...root.querySelectorAll(FIELDS)].filter((field) => isIt(nameOf(field)));
  if (fields.length) return fields;
  const saying = (tags) => [...root.querySelectorAll(tags)].filter((it) => isIt(it.textContent));
  const captioned = saying("label").flatMap(afterCaption);
  if (captioned.length) return captioned;
  const described = ({ tagName, nextElementSibling: next }) =>
    next && next.matches(tagName === "DT" ? "dd" : "th, td") ? [next] : [];
  return saying("dt, th, td").flatMap(described);
};

const labelledBy = (label, root) => {
  const [exactly, nearly] = WAYS_TO_BE.map((way) => way(label));
  const found = labelledSo(exactly, root);
  return found.length ? found : labelledSo(nearly, root);
};

const ROWS = "tr, [role=row]";
const HEADINGS = "th, thead td, [role=columnheader]";
const CELLS = "td, th, [role=cell], [role=gridcell], [role=rowheader], [role=columnheader]";

// Of grids made by script they need not be the row's children, nor all be there.
const cellsOf = (row) => {
  const cells = [...row.querySelectorAll(CELLS)].filter((it) => it.closest(ROWS) === row);
  return cells.length ? cells : [...row.children];
};

const startOf = (cell, free) => {
  const told = Number(cell.getAttribute("aria-colindex"));
  return told ? told - 1 : free;
};

// Which cell is in which column of a row. `above` has, by column, what reaches down from rows
// above, and takes what reaches further down.
const lineOf = (row, above = []) => {
  const line = [];
  above.forEach((it, column) => {
    if (it.rows > 0) line[column] = it.cell;
  });
  let column = 0;
  for (const cell of cellsOf(row)) {
    while (line[column]) column += 1;
    column = startOf(cell, column);
    for (const end = column + (cell.colSpan || 1); column < end; column += 1) {
      line[column] = cell;
      above[column] = { cell, rows: cell.rowSpan === 0 ? Infinity : cell.rowSpan || 1 };
    }
  }
  for (const it of above) if (it) it.rows -= 1;
  return line;
};

const TABLES = "table, [role=table], [role=grid], [role=treegrid]";

// Only a table in which cells reach down has to be gone through from its top.
const linesOf = (table) => {
  if (!table.querySelector("[rowspan]")) return (row) => lineOf(row);
  const lines = new Map();
  let above = [];
  let group = null;
  for (const row of table.querySelectorAll(ROWS)) {
    if (row.closest(TABLES) !== table) continue;
    if (row.parentElement !== group) above = [];
    group = row.parentElement;
    lines.set(row, lineOf(row, above));
  }
  return (row) => lines.get(row) ?? lineOf(row);
};

const BUTTONS = "button, [role=button]";

// Beside its words a heading may have buttons, such as for a menu of its column.
const isHeadedSo = (isIt) => (head) => {
  if (isIt(head.textContent)) return true;
  const words = head.cloneNode(true);
  for (const button of words.querySelectorAll(BUTTONS)) button.remove();
  return isIt(words.textContent);
};

const columnOf = (table, heading) => {
  const headings = [...table.querySelectorAll(HEADINGS)];
  const headBy = (way) => headings.find(isHeadedSo(way(heading)));
  const head = headBy(WAYS_TO_BE[0]) ?? headBy(WAYS_TO_BE[1]);
  if (!head) return null;
  const lineIn = linesOf(table);
  return { head, lineIn, at: lineIn(head.closest(ROWS) ?? head.parentElement).indexOf(head) };
};

const columnsOf = forNow(() => new Map());

const columnIn = (table, heading) => {
  const known = columnsOf(table);
  if (!known.has(heading)) known.set(heading, columnOf(table, heading));
  return known.get(heading);
};

const cellIn = (row, heading) => {
  const table = row.closest(TABLES);
  const column = table && columnIn(table, heading);
  if (!column || row.contains(column.head)) return [];
  const cell = column.lineIn(row)[column.at];
  return cell ? [cell] : [];
};

const underHeading = (heading, root) => {
  const isRow = isElement(root) && root.matches(ROWS);
  const rows = isRow ? [root] : [...root.querySelectorAll(ROWS)];
  return rows.flatMap((row) => cellIn(row, heading));
};
