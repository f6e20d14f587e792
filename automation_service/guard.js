// Stands in every document from its beginning and lets nothing through that could have an effect:
// no mouse, no key, whoever sends it and however late. One permit opens it for one gesture, and for
// one "yes" to a question that the gesture brings.
// What the page does to itself by script is its own affair until there is a permit, and then it is
// not: only what we do ourselves, the one gesture, and the one submit that follows it. From our
// first step on nothing is submitted before that, whatever our steps set off and however late, but
// for the one submit of a step that is said to lead to another page.
(() => {
  "use strict";

  const GESTURES = ["pointerdown", "mousedown", "pointerup", "mouseup", "click", "auxclick",
    "dblclick", "contextmenu", "touchstart", "touchend", "keydown", "keypress", "keyup"];

  // For our own scripts, which come when the page's may have replaced any of them.
  const natives = Object.freeze({
    CSS, Error, Event, HTMLSelectElement, InputEvent, KeyboardEvent, Map, MouseEvent,
    MutationObserver, Node, NodeFilter, Object, PointerEvent, Promise, RegExp, Set, StaticRange,
    XPathResult, clearInterval, clearTimeout, queueMicrotask, requestAnimationFrame, setInterval,
    setTimeout,
  });

  let permit = null;
  let ours = 0;
  let stepping = false;
  let passes = 0;
  let refused = false;

  const isInTime = () => performance.now() <= permit.ends;

  // A permit is one for all documents that it was given to: `state` is theirs together.
  const isOpen = () => permit !== null && !permit.state.spent && isInTime() && permit.holds();

  // In a shadow tree, of which whoever stands outside sees only the host, too.
  const isOnElement = (event) => event.composedPath().includes(permit.element);

  // A browser clicks by itself on the field of a label that is clicked.
  const mayFollow = (event) => {
    const { state, element } = permit;
    if (event.type !== "click" || !state.spent || state.followed || !isInTime()) return false;
    const control = element.closest("label")?.control;
    state.followed = Boolean(control) && event.composedPath()[0] === control;
    return state.followed;
  };

  const mayClick = (event) => {
    if (event.type.startsWith("key") || permit.gesture !== "click") return false;
    if (mayFollow(event)) return true;
    if (!isOnElement(event) || !isOpen()) return false;
    permit.state.begun = true;
    permit.state.spent = event.type === "click";
    return true;
  };

  // The button that a browser presses by itself where Enter is pressed in a field.
  const isDefaultButton = (event) => {
    const [target] = event.composedPath();
    if (target === permit.element) return true;
    return target.form && target.form === permit.element.form && /^(submit|image)$/.test(target.type);
  };

  const mayPress = (event) => {
    if (permit.gesture !== "press" || !isInTime()) return false;
    if (event.type === "click") {
      if (!permit.state.spent || permit.state.clicked || !isDefaultButton(event)) return false;
      permit.state.clicked = true;
      return true;
    }
    if (event.key !== permit.key || !isOnElement(event)) return false;
    if (event.type !== "keydown") return event.type.startsWith("key") && permit.state.spent;
    if (!isOpen()) return false;
    permit.state.spent = true;
    return true;
  };

  // `way` is how: an event that asks first, or a call that asks nobody. A script may use both.
  const maySubmit = (way) => {
    if (permit === null) {
      if (!stepping) return true;
      if (passes === 0) return false;
      passes -= 1;
      return true;
    }
    if (!permit.state.spent || permit.state[way] || !isInTime()) return false;
    permit.state[way] = true;
    return true;
  };

  const mayPass = (event) => {
    if (event.type === "submit") return maySubmit("submitted");
    if (ours > 0) return true;
    if (permit === null) return !event.isTrusted;
    return mayClick(event) || mayPress(event);
  };

  // The rest of a click whose beginning went through, and took its element away, meets nothing.
  const isRest = () => permit !== null && permit.state.begun && !permit.state.spent && isInTime();

  const guard = (event) => {
    if (mayPass(event)) return;
    refused ||= !isRest();
    event.preventDefault();
    event.stopImmediatePropagation();
  };

  const stand = () => {
    for (const type of [...GESTURES, "submit"]) {
      window.addEventListener(type, guard, { capture: true, passive: false });
    }
  };

  // Who opens a document for writing takes all listeners away, ours too.
  for (const name of ["open", "write", "writeln"]) {
    const native = Document.prototype[name];
    Document.prototype[name] = function (...given) {
      const opened = native.apply(this, given);
      stand();
      return opened;
    };
  }

  const send = HTMLFormElement.prototype.submit;
  HTMLFormElement.prototype.submit = function () {
    if (maySubmit("sent")) send.call(this);
    else refused = true;
  };

  // Asked again once it was answered: a yes may have been given long before it arrives.
  const mayAgree = () => {
    if (permit === null) return true;
    const { state } = permit;
    if (!permit.asks || !state.spent || state.agreed || !isInTime() || !permit.holds()) return false;
    state.agreed = true;
    return true;
  };

  const asking = (ask, no) => (...given) => {
    const answer = ask(...given);
    if (answer === no || mayAgree()) return answer;
    refused = true;
    return no;
  };

  window.confirm = asking(window.confirm.bind(window), false);
  window.prompt = asking(window.prompt.bind(window), null);

  const agentGuard = {
    natives,
    // Does what is ours to do and has no effect in the portal.
    act: (work) => {
      ours += 1;
      try {
        return work();
      } finally {
        ours -= 1;
      }
    },
    // From now on only the step with the effect may submit anything.
    beginSteps: () => {
      stepping = true;
    },
    // Lets one submit of a step through that leads to another page and has no effect.
    letSubmit: () => {
      passes = 1;
    },
    // Lets one gesture through on `element`, until `ends` (performance.now()) and while `holds()`:
    // a "click", the "press" of a `key`, or a "script" of ours. `asks` if it may bring a question.
    // A document gives one permit, ever: false if it did before.
    permit: (given) => {
      if (permit !== null) return false;
      permit = given;
      // What was held back before tells nothing of the gesture.
      refused = false;
      return true;
    },
    // Does by script what has the effect, once: false if it may not.
    fire: (work) => {
      if (permit === null || permit.gesture !== "script" || !isOpen()) {
        refused = true;
        return false;
      }
      permit.state.spent = true;
      agentGuard.act(work);
      return true;
    },
    hasRefused: () => refused,
  };
  Object.defineProperty(window, "agentGuard", { value: Object.freeze(agentGuard) });
  stand();
})();
