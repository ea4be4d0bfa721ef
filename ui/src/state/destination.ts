// Where something new goes that is made on a screen.
import type { QuickAddDefaults } from "$backend/contract";
import type { Route } from "./router.svelte";
import { session } from "./session.svelte";

/** The list and day of the shown screen: a list's own, today's in Today, else the Inbox. */
export function defaultsOf(route: Route): QuickAddDefaults {
  const list = route.screen === "list" && session.sidebar?.lists.some((one) => one.id === route.list) ? route.list : null;
  return { list, when: route.screen === "today" ? session.today : null, parent: null };
}

/** The same in words: "Garden", "Inbox, today". */
export function destinationWords(defaults: QuickAddDefaults): string {
  const list = session.sidebar?.lists.find((one) => one.id === defaults.list)?.title ?? "Inbox";
  return defaults.when ? `${list}, today` : list;
}
