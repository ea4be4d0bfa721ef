// Which screen is shown and which item of it is selected. The only way features point at each other.
import type { Id } from "$backend/contract";

export type Route =
  | { screen: "inbox" | "today" | "upcoming" | "someday" | "completed"; item?: Id | null }
  | { screen: "list"; list: Id; tab?: "tasks" | "notes"; item?: Id | null }
  | { screen: "tag"; tag: string; item?: Id | null }
  | { screen: "notes"; item?: Id | null }
  | { screen: "search"; query: string; item?: Id | null }
  | { screen: "conflicts"; tab?: "open" | "merged" | "resolved" | "aside"; item?: Id | null }
  | { screen: "activity"; item?: Id | null }
  | { screen: "trash"; item?: Id | null }
  | { screen: "devices"; item?: Id | null }
  | { screen: "map"; item?: Id | null }
  | { screen: "settings"; tab?: string; item?: Id | null };
export type Screen = Route["screen"];

class Router {
  #route = $state.raw<Route>({ screen: "today" });
  #past = $state.raw<Route[]>([]);

  get route(): Route {
    return this.#route;
  }
  /** The selected item of the shown screen. */
  get item(): Id | null {
    return this.#route.item ?? null;
  }
  get canGoBack(): boolean {
    return this.#past.length > 0;
  }

  /** Shows a screen. */
  go(route: Route): void {
    if (JSON.stringify(route) === JSON.stringify(this.#route)) return;
    this.#past = [...this.#past.slice(-49), this.#route];
    this.#route = route;
  }

  /** Opens an item of the present screen in its detail pane, or closes it with null. Not a step of Back. */
  select(item: Id | null): void {
    if (this.item !== item) this.#route = { ...this.#route, item } as Route;
  }

  /** Changes the present route in place, such as the words of a search. */
  replace(route: Route): void {
    this.#route = route;
  }

  back(): void {
    const last = this.#past.at(-1);
    if (!last) return;
    this.#past = this.#past.slice(0, -1);
    this.#route = last;
  }

  /** For tests and after unlocking: as at start. */
  reset(route: Route = { screen: "today" }): void {
    this.#past = [];
    this.#route = route;
  }
}

export const router = new Router();

/** An item with what says where it lives. Whoever knows less of a task asks `$shared/editor/linked` to open it. */
export type Placed = { id: Id; kind: "note" } | { id: Id; kind: "list" } | { id: Id; kind: "task"; list: Id | null; done: boolean };

/**
 * Opens an item wherever it lives: a note among notes, a task in its list (or the Inbox), a list itself. What
 * is done is where its list does not hide it.
 */
export function openItem(item: Placed): void {
  if (item.kind === "note") router.go({ screen: "notes", item: item.id });
  else if (item.kind === "list") router.go({ screen: "list", list: item.id });
  else if (item.done) router.go({ screen: "completed", item: item.id });
  else if (item.list) router.go({ screen: "list", list: item.list, item: item.id });
  else router.go({ screen: "inbox", item: item.id });
}
