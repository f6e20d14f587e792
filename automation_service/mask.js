// Hides what would show a secret in a picture, and gives it back afterwards.
// Evaluated anew for each; it leaves `window.agentMasked` behind while the mask is on.
(() => {
  "use strict";

  const { Object, Promise, Set } = window.agentGuard?.natives ?? window;

  const HIDDEN = { visibility: "hidden", opacity: "0", transition: "none", animation: "none" };

  // Every element of the page, in open shadow trees and in frames that we may look into as well.
  function* elementsOf(root) {
    for (const element of root.querySelectorAll("*")) {
      yield element;
      if (element.shadowRoot) yield* elementsOf(element.shadowRoot);
      if (element.localName === "iframe" || element.localName === "frame") {
        const inside = documentOf(element);
        if (inside) yield* elementsOf(inside);
      }
    }
  }

  const documentOf = (frame) => {
    try {
      return frame.contentDocument;
    } catch {
      return null;
    }
  };

  const isIn = (text, secrets) => typeof text === "string" && secrets.some((it) => text.includes(it));

  // The innermost element whose text it is, however many pieces the text is in.
  const says = (element, secrets) =>
    isIn(element.textContent, secrets) &&
    ![...element.children].some((child) => isIn(child.textContent, secrets));

  const shows = (element, { typed, long }) =>
    (element.localName === "input" && element.type === "password") ||
    typed.includes(element.value) ||
    isIn(element.value, long) ||
    [...element.attributes].some(({ value }) => isIn(value, long)) ||
    says(element, long);

  // What is to be hidden for an element: a choice is shown by the list it is chosen from.
  const shownBy = (element) => element.closest("select") || element;

  const secretive = (secrets) =>
    [...elementsOf(document)].filter((it) => it.style && shows(it, secrets)).map(shownBy);

  const hide = (element) => {
    const before = Object.keys(HIDDEN).map((name) => [
      name,
      element.style.getPropertyValue(name),
      element.style.getPropertyPriority(name),
    ]);
    const bare = !element.hasAttribute("style");
    for (const [name, value] of Object.entries(HIDDEN)) {
      element.style.setProperty(name, value, "important");
    }
    return { element, before, bare };
  };

  const show = ({ element, before, bare }) => {
    for (const [name, value, priority] of before) {
      // What shows is given back at once, before the page's own transitions are.
      if (name === "transition") element.ownerDocument.defaultView?.getComputedStyle(element).opacity;
      if (value) element.style.setProperty(name, value, priority);
      else element.style.removeProperty(name);
    }
    if (bare && !element.getAttribute("style")) element.removeAttribute("style");
  };

  // Two frames: the second begins when the first, in which nothing shows any more, was painted.
  // A page that is not painted answers no frame, so it is waited for a moment only.
  const painted = () =>
    new Promise((resolve) => {
      setTimeout(resolve, 500);
      requestAnimationFrame(() => requestAnimationFrame(resolve));
    });

  const putOn = async (secrets) => {
    const elements = [...new Set(secretive(secrets))];
    window.agentMasked = elements.map(hide);
    if (elements.length) await painted();
  };

  const isHidden = (element) => {
    const style = element.ownerDocument.defaultView.getComputedStyle(element);
    return style.visibility === "hidden" && style.opacity === "0";
  };

  // Answers whether everything that had to be hidden was, up to now.
  const takeOff = (secrets) => {
    const masked = window.agentMasked;
    if (!masked) return false;
    const complete = secretive(secrets).every(isHidden);
    delete window.agentMasked;
    masked.reverse().forEach(show);
    return complete;
  };

  return { putOn, takeOff };
})()
