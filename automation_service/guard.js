// Stands in every document from its beginning and lets nothing through that could have an effect:
// no mouse, no key, whoever sends it and however late. One permit opens it for one click.
// What the page does to itself by script is its own affair until there is a permit, and then it is
// not: only what we do ourselves, the one click, and the one submit that follows it. From our first
// step on nothing is submitted before that, whatever our steps set off and however late.
(() => {
  "use strict";

  const GESTURES = ["pointerdown", "mousedown", "pointerup", "mouseup", "click", "auxclick",
    "dblclick", "contextmenu", "touchstart", "touchend", "keydown", "keypress", "keyup"];

  let permit = null;
  let ours = 0;
  let stepping = false;
  let refused = false;

  const isInTime = () => performance.now() <= permit.ends;

  const mayClick = (event) => {
    if (permit === null || permit.spent || !isInTime()) return false;
    if (event.type.startsWith("key") || !permit.element.contains(event.target)) return false;
    if (!permit.holds()) return false;
    permit.spent = event.type === "click";
    return true;
  };

  const maySubmit = () => {
    if (permit === null) return !stepping;
    if (!permit.spent || permit.submitted || !isInTime()) return false;
    permit.submitted = true;
    return true;
  };

  const mayPass = (event) => {
    if (event.type === "submit") return maySubmit();
    if (ours > 0) return true;
    if (!event.isTrusted && permit === null) return true;
    return mayClick(event);
  };

  const guard = (event) => {
    if (mayPass(event)) return;
    refused = true;
    event.preventDefault();
    event.stopImmediatePropagation();
  };

  for (const type of [...GESTURES, "submit"]) {
    window.addEventListener(type, guard, { capture: true, passive: false });
  }

  const agentGuard = {
    // Does what is ours to do and has no effect in the portal.
    act: (work) => {
      ours += 1;
      try {
        return work();
      } finally {
        ours -= 1;
      }
    },
    // From now on only the click with the effect may submit anything.
    beginSteps: () => {
      stepping = true;
    },
    // Lets one click on `element` through, until `ends` (performance.now()) and while `holds()`.
    // A document gives one permit, ever: false if it did before.
    permit: (element, ends, holds) => {
      if (permit !== null) return false;
      permit = { element, ends, holds, spent: false, submitted: false };
      return true;
    },
    hasRefused: () => refused,
  };
  Object.defineProperty(window, "agentGuard", { value: Object.freeze(agentGuard) });
})();
