// Reads what the review of one item needs: where it stands, its versions, the passages of its texts.
import { backend } from "$backend";
import type { ConflictRow, ConflictTab, Id, Review, TextReview, VersionView } from "$backend/contract";
import type { Material } from "./choices";
import { editsOf } from "./edited";
import { passagesOf, withMerged, type Passage } from "./passages";

export type Loaded = {
  /** gone: neither open, nor merged, nor resolved any more. */
  stands: ConflictTab | "gone";
  row: ConflictRow | null;
  material: Material | null;
};

async function passagesFor(review: Review, text: TextReview): Promise<Passage[]> {
  const [left, ...others] = text.versions;
  if (!left) return [];
  const rights = others.length > 0 ? others : [left];
  const pairs = await Promise.all(rights.map((right) => backend().textBlocks(review.entity, text.field, left.version, right.version, review.asOf)));
  const passages = passagesOf(pairs);
  return review.automatic ? withMerged(passages, text.merged) : passages;
}

/** The versions of this device first: it is the left side everywhere. */
function hereFirst(review: Review): Review {
  const order = <T extends { versions: { device: { here: boolean } }[] }>(one: T): T => ({ ...one, versions: [...one.versions].sort((a, b) => Number(b.device.here) - Number(a.device.here)) });
  return {
    ...review,
    texts: review.texts.map(order),
    fields: review.fields.map((field) => {
      const chosen = field.preselected === null ? undefined : field.versions[field.preselected];
      const sorted = order(field);
      return { ...sorted, preselected: chosen ? sorted.versions.indexOf(chosen) : null };
    }),
  };
}

/** A deletion against an edit says what was edited. */
async function withEdits(review: Review): Promise<Review> {
  if (!review.fields.some((field) => field.kind === "delete") || (review.entityKind !== "task" && review.entityKind !== "note")) return review;
  const read = review.entityKind === "task" ? backend().task(review.entity) : backend().note(review.entity);
  // Without it the review is as good as before.
  const history = (await read.catch(() => null))?.history ?? [];
  const told = (version: VersionView): VersionView => (version.value === "deleted" ? version : { ...version, details: [...version.details, ...editsOf(version, history)] });
  return { ...review, fields: review.fields.map((field) => (field.kind === "delete" ? { ...field, versions: field.versions.map(told) } : field)) };
}

export async function materialOf(entity: Id): Promise<Material> {
  const review = await withEdits(hereFirst(await backend().review(entity)));
  return { review, passages: await Promise.all(review.texts.map((text) => passagesFor(review, text))) };
}

/** Looks where an item stands, and reads its review. */
export async function load(entity: Id): Promise<Loaded> {
  for (const tab of ["open", "merged", "resolved"] as const) {
    const row = (await backend().conflicts(tab)).find((one) => one.entity === entity);
    if (!row) continue;
    if (tab !== "resolved") return { stands: tab, row, material: await materialOf(entity) };
    // Of what is resolved, the versions may be there no more; the outcome always is.
    return { stands: tab, row, material: await materialOf(entity).catch(() => null) };
  }
  return { stands: "gone", row: null, material: null };
}
