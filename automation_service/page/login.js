// Logging in, and whether we are.

const isHere = (url) => spelledWell(url, () => new RegExp(url)).test(location.href);

const isLost = ({ lost, lost_url: url }) =>
  Boolean((lost && shown(lost)) || (url && isHere(url)));

// What a page without any sign means once it was waited for in vain.
const unmarked = (session) => {
  const isWhole = document.readyState === "complete" && location.protocol !== "chrome-error:";
  return session.unmarked_is_lost && isWhole && !shown(session.logged_in) ? "lost" : null;
};

const isForm = ({ username, next, password, submit }) =>
  shown(password) && (!username || next || shown(username)) && (!submit || shown(submit));

const firstShown = (locator) => all(locator).find(visible);

// Scripts offer a button once they have looked at what was typed.
const pressable = (locator, ms) =>
  until(() => all(locator).find((it) => visible(it) && !it.disabled), ms);

const defaultButtonOf = ({ form }) =>
  form && [...form.elements].find((it) => ["submit", "image"].includes(it.type));

const ENTER = { key: "Enter", code: "Enter", number: 13, modifiers: 0 };

const pressKey = (field, type, { key, code, number, modifiers }) => {
  const held = {
    altKey: Boolean(modifiers & 1),
    ctrlKey: Boolean(modifiers & 2),
    metaKey: Boolean(modifiers & 4),
    shiftKey: Boolean(modifiers & 8),
  };
  const about = { key, code, keyCode: number, which: number, ...held };
  const event = new KeyboardEvent(type, { ...about, bubbles: true, cancelable: true, composed: true });
  return field.dispatchEvent(event);
};

// What a browser does when Enter is pressed in a field: scripts first, then the default button.
const pressEnter = (field) =>
  window.agentGuard.act(() => {
    const goesOn = pressKey(field, "keydown", ENTER) && pressKey(field, "keypress", ENTER);
    pressKey(field, "keyup", ENTER);
    if (!goesOn || !field.form) return;
    const button = defaultButtonOf(field);
    if (button) button.click();
    else field.form.requestSubmit();
  });

const isFirstPart = (login) =>
  login.next ? shown(login.username) && shown(login.next) : isForm(login);

// What one finds where one logs in, before anything is typed.
const entrance = async ({ login }, ms) => {
  const found = await until(() => {
    if (shown(login.success)) return "inside";
    return isFirstPart(login) && "form";
  }, ms);
  return { ...here(), found };
};

// The first of two parts; where the password is asked for is the next question's affair.
const enterName = async ({ login, username }, ms) => {
  const found = await until(() => {
    if (shown(login.success)) return "inside";
    return isFirstPart(login) && "form";
  }, ms);
  const page = { ...here(), found };
  if (found !== "form") return page;
  rememberMessages([login.refused, login.locked_shown].filter(Boolean));
  type(firstShown(login.username), username);
  const button = await pressable(login.next, ms);
  if (!button) return { ...page, found: "unusable" };
  press(button);
  return page;
};

// What comes of the name: the form's second part, or a refusal before any password.
const afterName = async ({ login }, ms) => {
  const found = await until(() => {
    if (shown(login.success)) return "inside";
    if (login.refused && newWords(login.refused) !== null) return "refused";
    if (login.locked_shown && newWords(login.locked_shown) !== null) return "refused";
    return isForm(login) && "form";
  }, ms);
  return { ...here(), found };
};

const enter = async ({ login, username, password }, ms) => {
  const left = countdown(ms);
  const found = await until(() => {
    if (shown(login.success)) return "inside";
    return isForm(login) && "form";
  }, left());
  if (found !== "form") return { ...here(), found };
  if (login.username && !login.next) type(firstShown(login.username), username);
  const field = firstShown(login.password);
  type(field, password);
  rememberMessages([login.refused, login.locked_shown].filter(Boolean));
  const page = { ...here(), found };
  if (!login.submit) {
    await until(() => !defaultButtonOf(field)?.disabled, left());
    pressEnter(field);
    return page;
  }
  const button = await pressable(login.submit, left());
  if (!button) return { ...page, found: "unusable" };
  press(button);
  return page;
};

const refusalOf = (login, page) => {
  const locked = login.locked_shown && newWords(login.locked_shown);
  if (typeof locked === "string") return { answer: "locked", words: locked };
  if (login.refused) {
    const words = newWords(login.refused);
    return words === null ? null : { answer: "refused", words };
  }
  if (isStillOn(page) || !isForm(login)) return null;
  return { answer: "refused", words: "(its login form again)" };
};

const answered = async ({ login, page }, ms) =>
  until(() => {
    if (location.protocol === "chrome-error:") return { answer: "no_answer" };
    if (shown(login.success)) return { answer: "inside" };
    // A page that failed says why in the same box, and nothing about who we are.
    if (here().http >= 500) return { answer: "error", http: here().http };
    return refusalOf(login, page);
  }, ms);

const loggedIn = async ({ session }, ms) => {
  const found = await until(() => {
    if (isLost(session)) return "lost";
    return shown(session.logged_in) && "inside";
  }, ms);
  return { ...here(), place: found ?? unmarked(session) };
};
