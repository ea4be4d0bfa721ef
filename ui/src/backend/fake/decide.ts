// Deciding a conflict in the in-memory backend.
import type { Decision, Millis, VersionView } from "../contract";
import { itemOf } from "./desk";
import { fakeId, type FakeConflict, type World } from "./world";

/** An item that lives in two spaces: one copy stays, or the other becomes an item of its own. */
function settle(world: World, one: FakeConflict, decision: Decision, versions: VersionView[]): void {
  const item = world.tasks.find((task) => task.id === one.entity);
  const [kept, other] = "take" in decision ? [versions.find((version) => version.version === decision.take), undefined] : versions;
  if (!item || !kept) return;
  const before = structuredClone(item);
  Object.assign(item, { list: kept.value }, one.copies?.[kept.version]);
  if (other) world.tasks.push({ ...before, id: fakeId(700_000 + world.tasks.length), list: other.value, ...one.copies?.[other.version] });
}

/** Writes what was decided; what was not decided stays open. */
export function decide(world: World, one: FakeConflict, decisions: Decision[], now: Millis): void {
  const decided = new Set(decisions.map((decision) => decision.conflict));
  for (const decision of decisions) {
    const field = one.fields.find((entry) => entry.conflict === decision.conflict);
    const item = itemOf(world, one.entity) as Record<string, unknown> | undefined;
    if (!item) continue;
    if (field?.kind === "delete") item.deleted = "take" in decision && field.versions.find((v) => v.version === decision.take)?.value === "deleted" ? now : null;
    else if (field?.field === "space") settle(world, one, decision, field.versions);
    else if (field) {
      const value = "take" in decision ? field.versions.find((v) => v.version === decision.take)?.value : "value" in decision ? decision.value : "keepBoth" in decision ? [...field.versions].sort((a, b) => a.time - b.time).map((v) => v.display).join(" / ") : undefined;
      if (value !== undefined && field.field in item) item[field.field] = value;
    } else if ("text" in decision) item.text = decision.text;
  }
  // What was not decided stays open.
  const rest = [...one.fields, ...one.texts].filter((entry) => !decided.has(entry.conflict));
  if (rest.length > 0) {
    one.fields = one.fields.filter((entry) => !decided.has(entry.conflict));
    one.texts = one.texts.filter((entry) => !decided.has(entry.conflict));
    return;
  }
  const item = itemOf(world, one.entity) as { title?: string; merged?: boolean } | undefined;
  if (item) item.merged = false;
  one.tab = "resolved";
  one.outcome = `‘${item?.title ?? ""}’`;
  one.resolvedTime = now;
}
