// What happens with changes that arrive, as a choice.
import type { Arriving } from "$backend/contract";

export const ARRIVING: { value: Arriving; label: string; hint: string }[] = [
  { value: "atOnce", label: "Import at once", hint: "Conflicts still wait for you, and very large deletions too." },
  { value: "askFirst", label: "Ask me first", hint: "You look at what arrived before anything changes here." },
];
