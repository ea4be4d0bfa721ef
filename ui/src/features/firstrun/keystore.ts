// Where the key that opens a vault can be kept, in plain words.
import type { Boot, KeyStore } from "$backend/contract";
import type { Option } from "$shared/controls/RadioGroup.svelte";

const KEYCHAIN: Record<Boot["platform"], string> = { macos: "the macOS keychain", windows: "Windows’ credential store", linux: "the system’s keyring" };

/** Only what works on this machine, best first. */
export function keyStoreOptions(boot: Pick<Boot, "keyStores" | "platform">): Option[] {
  const words: Record<KeyStore, Option> = {
    keychain: { value: "keychain", label: `In ${KEYCHAIN[boot.platform]}`, hint: "Holdfast opens without asking while you are logged in." },
    passphrase: { value: "passphrase", label: "Behind a passphrase", hint: "Holdfast asks for it at each start. Nobody can reset it." },
    file: { value: "file", label: "In a file beside the data", hint: "Opens without asking. Whoever can read your files can read your data." },
  };
  return boot.keyStores.map((store) => words[store]);
}

export type Secret = { store: KeyStore; passphrase: string; repeat: string };

/** What is still wrong with the choice; null when it can be used. */
export function problemOf({ store, passphrase, repeat }: Secret): { field: "passphrase" | "repeat"; message: string } | null {
  if (store !== "passphrase") return null;
  if ([...passphrase].length < 8) return { field: "passphrase", message: "Use at least 8 characters. Four or five words are good." };
  if (repeat !== passphrase) return { field: "repeat", message: "The two do not match. Type it again." };
  return null;
}
