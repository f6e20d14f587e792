// Makes the database, an officer, and claims: `node seed.mjs EMAIL PASSWORD CLOSED PENDING...`

import { getPayload } from "payload";

import config from "./payload.config.js";

const [email, password, closed, ...pending] = process.argv.slice(2);
const payload = await getPayload({ config });
await payload.create({ collection: "users", data: { email, password } });
for (const number of pending) {
  await payload.create({ collection: "claims", draft: true, data: { number, decision: "open" } });
}
// Published once, and changed since.
const rejected = { number: closed, decision: "rejected", _status: "published" };
const { id } = await payload.create({ collection: "claims", data: rejected });
await payload.update({ collection: "claims", id, draft: true, data: { remark: "Once more?" } });
process.exit(0);
