// Files that the portal makes: asked for, waited for, and followed.

const REPORT_FIELDS = ["kind", "from_date", "to_date", "format"];

const choose = (element, value) => {
  type(element, value);
  return element.value === value;
};

const absentIn = (reports) => [...REPORT_FIELDS, "submit"].find((name) => !shown(reports[name]));

const askForReport = async ({ session, reports, wanted }, ms) => {
  const place = await until(() => {
    if (isLost(session)) return "lost";
    if (here().http >= 400) return "error";
    return shown(session.logged_in) && !absentIn(reports) && "form";
  }, ms);
  if (place !== "form") {
    return { ...here(), place: place ?? unmarked(session), absent: absentIn(reports) ?? null };
  }
  rememberMessages([reports.asked, reports.refused]);
  const refusing = REPORT_FIELDS.find((name) => !choose(firstShown(reports[name]), wanted[name]));
  if (!refusing) press(firstShown(reports.submit));
  return { ...here(), place, refusing: refusing ?? null };
};

const hearOfReport = async ({ session, reports }, ms) => {
  const heard = await until(() => {
    if (isLost(session)) return { place: "lost" };
    const words = newWords(reports.refused);
    if (words !== null) return { place: "refused", words };
    return newWords(reports.asked) !== null && { place: "asked", report: read(reports.asked) };
  }, ms);
  return { ...here(), ...(heard ?? { place: null }) };
};

const awaitReport = async ({ session, reports }, ms) => {
  const found = await until(() => {
    if (isLost(session)) return { place: "lost" };
    const row = first(reports.row);
    const link = row && first(reports.file, row);
    if (!link || !visible(link)) return null;
    return { place: "ready", rows: reports.rows ? read(reports.rows, row) : null };
  }, ms);
  return { ...here(), ...(found ?? { place: null }) };
};

// The link in its row; a click on it changes nothing in the portal.
const followFile = ({ row, file }) => {
  const found = first(row);
  const link = found && first(file, found);
  if (link) press(link);
  return { followed: Boolean(link) };
};

const standing = ({ session }) => {
  const failed = location.protocol === "chrome-error:";
  return { ...here(), place: isLost(session) ? "lost" : failed ? "no_answer" : "inside" };
};

// The certificates of the batch whose page this is, once all are made; until then how many are.
const certificates = async ({ session, batch, certificates: about }, ms) => {
  const rowsNow = () => (read(batch.printed_key) === values.key ? all(about.row) : []);
  const hasFile = (row) => all(about.file, row).some(visible);
  const lost = () => isLost(session) && "lost";
  const ready = () => rowsNow().length > 0 && rowsNow().every(hasFile) && "ready";
  const place = await until(() => lost() || ready(), ms);
  const rows = rowsNow();
  const trainees = rows.map((row) => ({
    id: read(about.trainee, row) ?? "",
    name: read(about.name, row) ?? "",
  }));
  return { ...here(), place, trainees, made: rows.filter(hasFile).length };
};

const followCertificate = ({ certificates: about, trainee }) => {
  const row = all(about.row).find((it) => read(about.trainee, it) === trainee);
  const link = row && first(about.file, row);
  if (link) press(link);
  return { followed: Boolean(link) };
};
