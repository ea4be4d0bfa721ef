// Dates that a person types into a field. The backend reads them, as it reads quick add.
import { backend } from "$backend";
import type { When } from "$backend/contract";

/** "tomorrow 9am", "fri", "3 dec" as a When; null when it is no date. Reads the whole text or nothing. */
export async function readWhen(text: string): Promise<When | null> {
  const phrase = text.trim();
  return phrase === "" ? null : backend().readWhen(phrase);
}
