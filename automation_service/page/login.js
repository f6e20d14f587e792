// Logging in, and whether we are.

const enter = async ({ login, username, password }, ms) => {
  const found = await until(() => {
    if (shown(login.success)) return "inside";
    return shown(login.username) && shown(login.password) && shown(login.submit) && "form";
  }, ms);
  if (found !== "form") return { ...here(), found };
  type(first(login.username), username);
  type(first(login.password), password);
  rememberMessages([login.refused]);
  const page = here();
  press(all(login.submit).find(visible));
  return { ...page, found };
};

const answered = async ({ login }, ms) =>
  until(() => {
    if (location.protocol === "chrome-error:") return { answer: "no_answer" };
    if (shown(login.success)) return { answer: "inside" };
    const words = newWords(login.refused);
    if (words !== null) return { answer: "refused", words };
    return here().http >= 500 ? { answer: "error", http: here().http } : null;
  }, ms);

const loggedIn = async ({ session }, ms) => {
  const found = await until(() => {
    if (shown(session.lost)) return "lost";
    return shown(session.logged_in) && "inside";
  }, ms);
  return { ...here(), place: found };
};
