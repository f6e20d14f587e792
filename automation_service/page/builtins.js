// What the browser itself has, whatever the page's scripts put in its place: old ones have an
// `Event`, a `Node` or a `Map` of their own.

const {
  CSS, Error, Event, HTMLSelectElement, InputEvent, KeyboardEvent, Map, MouseEvent,
  MutationObserver, Node, NodeFilter, Object, PointerEvent, Promise, RegExp, Set, StaticRange,
  XPathResult, clearInterval, clearTimeout, queueMicrotask, requestAnimationFrame, setInterval,
  setTimeout,
} = window.agentGuard?.natives ?? window;
