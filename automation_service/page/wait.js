// Waiting for something on the page, and which page it is.

// Answers with what `check` finds in the whole markup as soon as it finds something, or with null
// after `ms`.
const until = (check, ms) =>
  new Promise((resolve, reject) => {
    const stop = (settle, value) => {
      observer.disconnect();
      clearInterval(poll);
      clearTimeout(end);
      settle(value);
    };
    const look = () => {
      try {
        const found = document.readyState !== "loading" && check();
        if (found) stop(resolve, found);
      } catch (error) {
        stop(reject, error);
      }
    };
    const observer = new MutationObserver(look);
    // Style sheets and timers show things without changing the document.
    const poll = setInterval(look, 50);
    const end = setTimeout(() => stop(resolve, null), ms);
    const everything = { subtree: true, childList: true, attributes: true, characterData: true };
    observer.observe(document, everything);
    look();
  });

// What a page shows before it has asked its server, such as that there is nothing, may pass at
// once: it counts when it has stood this long.
const PASSING_MS = 500;
const passing = (longest = PASSING_MS) => {
  let since = null;
  return (shows) => {
    since = shows ? (since ?? performance.now()) : null;
    return shows && performance.now() - since < longest;
  };
};

// The moment a page began tells it from the page that was there before.
const isStillOn = (origin) => performance.timeOrigin === origin;

const navigation = () => performance.getEntriesByType("navigation")[0] || {};

const here = () => ({
  document: performance.timeOrigin,
  now: performance.now(),
  url: location.href,
  http: navigation().responseStatus || 0,
});
