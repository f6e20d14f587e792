// What stands on a page, for whoever only reads it.

const textsAt = async ({ at }, ms) => {
  await until(() => all(at).length > 0, ms);
  return all(at).map((node) => valueOf(node, at) ?? "");
};
