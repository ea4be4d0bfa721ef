// Which lists travel over a way, and why the others do not.
import type { ApprovalView, ListView } from "$backend/contract";
import { count } from "$state/format";
import { listPath } from "$state/lists";
import type { Carrier } from "./map";

export type Reach = { id: string; title: string; goes: boolean; why: string | null };

/** The lists that a person made, by name. The Inbox travels everywhere. */
export function reachOf(lists: readonly ListView[], carrier: Carrier, waiting: readonly ApprovalView[]): Reach[] {
  return lists
    .filter((one) => !one.recovered)
    .map((list): Reach => ({ id: list.id, title: listPath(list, lists), ...judge(list, carrier, waiting) }))
    .sort((a, b) => a.title.localeCompare(b.title));
}

function judge(list: ListView, carrier: Carrier, waiting: readonly ApprovalView[]): Pick<Reach, "goes" | "why"> {
  if (list.space === "device") return { goes: false, why: "Never leaves this device" };
  if (list.space === "nearby") return carrier === "nearby" ? { goes: true, why: null } : { goes: false, why: carrier === "folder" ? "Nearby only: not in a folder" : "Nearby only: not in files that you carry" };
  if (list.space === "everywhere") return { goes: true, why: null };
  const held = waiting.find((one) => one.list === list.id)?.changes ?? 0;
  return { goes: true, why: held === 0 ? "Asks first: each batch once you approve it" : `Asks first: ${count(held, "change")} ${held === 1 ? "waits" : "wait"} for your approval` };
}
