// A page that is none: only the head is alive.

import { myAccount, whoAmI } from "./page.js";

if (await whoAmI()) await myAccount();
