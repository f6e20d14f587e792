// A form for any task type, drawn from the `params` that GET /tasks/ announces.

/** Fills `place` with one labelled control per param. */
export function drawForm(place, params) {
  place.replaceChildren(...params.map(labelledControl));
}

/** What was typed, as it was typed: the backend reads numbers and lists out of strings. */
export function readForm(form) {
  return Object.fromEntries(new FormData(form));
}

/** Marks the controls that a refusal is about. */
export function markFaults(form, faults) {
  for (const control of form.elements) control.removeAttribute("aria-invalid");
  for (const { pointer } of faults) {
    const control = form.elements.namedItem(pointer.split("/")[2] ?? "");
    control?.setAttribute("aria-invalid", "true");
  }
}

function labelledControl({ name, type, label, placeholder, required, validation }) {
  const control = document.createElement(type === "textarea" ? "textarea" : "input");
  if (type !== "textarea") control.type = type;
  if (type === "number") control.step = "any"; // else browsers refuse fractions
  Object.assign(control, { name, placeholder, required });
  for (const [limit, value] of Object.entries(validation)) control.setAttribute(limit, value);
  const labelled = document.createElement("label");
  labelled.append(label, control);
  return labelled;
}
