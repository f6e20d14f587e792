import config from "@payload-config";
import { generatePageMetadata, RootPage } from "@payloadcms/next/views";

import { importMap } from "../importMap.js";

export const generateMetadata = (asked) => generatePageMetadata({ ...asked, config });

export default function Page(asked) {
  return RootPage({ ...asked, config, importMap });
}
