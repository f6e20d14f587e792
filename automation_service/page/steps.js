// The steps of an action, taken one after another in one document.

const notFound = (step) => {
  const { choose, option } = step;
  if (choose && all(choose).some(enabled)) return { fault: "optionless", option: fillIn(option) };
  if (allGuards(window).some((guard) => guard?.hasRefused())) return { fault: "held" };
  const isClicked = KINDS[kindOf(step)]?.find === clickable;
  return { fault: "absent", why: isClicked ? whyNotClicked(step[kindOf(step)]) : "" };
};

// What each kind of step does with the element it waited for; a fault if it cannot.
const KINDS = {
  click: {
    find: clickable,
    take: (element) => clickThrough(element),
  },
  hover: {
    find: clickable,
    // Only the browser itself can move the mouse.
    take: (element, _, about) => {
      about.point = inWindow(element);
    },
  },
  fill: {
    find: fillable,
    take: async (element, step, about, left) => {
      if (!isFillable(element)) return { fault: "unfillable" };
      return (await fill(element, step, about, left())) ? null : { fault: "unmarked" };
    },
  },
  press: {
    find: usable,
    take: (element, step) => {
      element.focus();
      pressIn(element, step.key_event);
    },
  },
  upload: {
    find: present,
    take: (element, step) =>
      guardOf(element).act(() => upload(element, step)) ? null : { fault: "unticked" },
  },
  save: {
    find: clickable,
    take: (element) => clickThrough(element),
  },
  choose: {
    find: offering,
    take: (element, step) => {
      guardOf(element).act(() => chooseOption(element, optionOf(element, step)));
    },
  },
  tick: {
    find: present,
    // Who draws it may do so a moment later, and anew.
    take: async (element, step, _, left) => {
      guardOf(element).act(() => tick(element, step.ticked));
      const isDone = () => fieldsAt(step.tick).some((it) => isTicked(it) === step.ticked);
      return (await until(isDone, left())) ? null : { fault: "unticked" };
    },
  },
};

const STATES = {
  shown: (found) => found.some(visible),
  absent: (found) => !found.some(visible),
  enabled: (found) => found.some((it) => visible(it) && enabled(it)),
  disabled: (found) => found.some((it) => visible(it) && !enabled(it)),
  ticked: (found) => found.map(fieldOf).some(isTicked),
  unticked: (found) => found.map(fieldOf).some((it) => !isTicked(it)),
};

const kindOf = (step) => Object.keys(KINDS).find((kind) => step[kind]);

const beforeHash = (url) => url.split("#")[0];

// Where only what follows the # differs, going there loads nothing.
const goTo = (url) => {
  const isSame = url.includes("#") && beforeHash(url) === beforeHash(location.href);
  location.assign(url);
  if (isSame) location.reload();
};

// What a step uses, once it can be used. On the way to a batch the page may say that there is none,
// or that we are logged out: then it is not waited for.
const usedBy = async (step, about, left) => {
  const kind = kindOf(step);
  const { find } = KINDS[kind];
  if (!about.leads) return find(step[kind], left(), step);
  const passes = passing();
  const isThereNone = () => {
    const isMissing = Boolean(about.missing && shown(about.missing));
    return !passes(isMissing) && isMissing;
  };
  const found = find(step[kind], left(), step);
  const inVain = until(() => isLost(about.session) || isThereNone(), left());
  return Promise.race([found, inVain.then((isInVain) => (isInVain ? null : found))]);
};

const takeOne = async (step, about, left) => {
  if (step.wait_for) return (await until(() => shown(step.wait_for), left())) ? null : notFound(step);
  if (step.wait_gone) {
    return (await until(() => !shown(step.wait_gone), left())) ? null : { fault: "present" };
  }
  if (step.when) {
    return STATES[step.is](all(step.when)) ? takeAll(step.steps, about, left) : null;
  }
  if (step.repeat_until) return repeat(step, about, left);
  if (step.go) {
    about.taken += 1;
    goTo(step.go);
    return null;
  }
  const { take } = KINDS[kindOf(step)];
  const element = await usedBy(step, about, left);
  if (!isStillOn(about.document)) return { fault: "moved" };
  if (!element) return notFound(step);
  about.taken += 1;
  if (step.leads_to || step.submits) guardOf(element).letSubmit();
  return (await take(element, step, about, left)) || null;
};

const repeat = async (step, about, left) => {
  const isThere = () => shown(step.repeat_until);
  for (let turn = 0; turn < step.at_most; turn += 1) {
    if (isThere()) return null;
    const fault = await takeAll(step.steps, about, left);
    if (fault) return fault;
    if (await until(isThere, Math.min(left(), step.patience * 1000))) return null;
  }
  return isThere() ? null : notFound(step);
};

const takeAll = async (steps, about, left) => {
  for (const place of countedUpTo(steps.length)) {
    const step = steps[place];
    const fault = await takeOne(step, about, left);
    if (fault) return { at: step.said, ...fault, place };
  }
  return null;
};

const allGuards = (window) =>
  [window, ...countedUpTo(window.length).map((place) => window[place])].flatMap((it) => {
    try {
      return it === window ? [it.agentGuard] : allGuards(it);
    } catch {
      // A frame of another origin: nobody of ours is in it.
      return [];
    }
  });

const beginSteps = () => {
  for (const guard of allGuards(window)) guard?.beginSteps();
};

const countdown = (ms) => {
  const ends = performance.now() + ms;
  return () => Math.max(0, ends - performance.now());
};

// Whatever else is wrong with a page that asks us to log in again.
const orLost = (told, { session }) =>
  told.fault && isLost(session) ? { ...told, fault: "lost" } : told;

// Takes steps that have no effect.
const take = async (about, ms) => {
  about.taken = 0;
  beginSteps();
  const fault = await takeAll(about.steps, about, countdown(ms));
  return orLost({ ...fault, taken: about.taken, point: about.point }, about);
};

// While a page waits, what it asks is heard.
const pause = (_, ms) => new Promise((go) => setTimeout(go, ms));

// The next document, once it came in the place of the one we were on.
const arrive = async ({ document: before, session }, ms) => {
  // A new window begins with an empty page.
  const isBlank = () => location.href === "about:blank";
  const arrived = await until(() => !isStillOn(before) && !isBlank(), ms);
  if (arrived) beginSteps();
  return { ...here(), arrived: Boolean(arrived), lost: isLost(session) };
};
