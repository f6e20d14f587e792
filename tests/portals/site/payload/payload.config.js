// Claims that an officer decides and publishes; nothing of an installation is in here but the address
// of its database.

import path from "node:path";
import { fileURLToPath } from "node:url";

import { sqliteAdapter } from "@payloadcms/db-sqlite";
import { buildConfig } from "payload";

const HERE = path.dirname(fileURLToPath(import.meta.url));

export default buildConfig({
  secret: "a secret of the tests",
  telemetry: false,
  db: sqliteAdapter({ client: { url: process.env.DATABASE_URL ?? "file:claims.sqlite3" } }),
  admin: { user: "users", avatar: "default", importMap: { baseDir: HERE } },
  collections: [
    { slug: "users", auth: { maxLoginAttempts: 0 }, fields: [] },
    {
      slug: "claims",
      admin: { useAsTitle: "number", defaultColumns: ["number", "_status", "decision"] },
      versions: { drafts: { schedulePublish: true } },
      fields: [
        { name: "number", type: "text", required: true },
        { name: "decision", type: "select", options: ["open", "approved", "rejected"] },
        { name: "remark", type: "textarea" },
      ],
    },
  ],
});
