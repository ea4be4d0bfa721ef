// The network of the in-memory backend: devices that show a code, the code that this one shows, and who
// is connected. Times are those of the desk's clock; `pass` lets time go by.
import type { CommandError, DeviceRef, FoundDevices, Id, JoinPreview, NearbyDevice, NearbyView, Proof, SameLists, ShownCode, Triggers } from "../contract";
import { error, type Desk } from "./desk";
import { fakeId, list, task } from "./world";

const GOOD = 120_000;
const WITHIN = 600_000;
const CODES = 5;

/** Another device in the network that shows a code. */
export type Showing = {
  name: string;
  address: string;
  code: string;
  /** Found by itself; else its address has to be typed. */
  announced: boolean;
  tasks: number;
  notes: number;
  lists: string[];
};
export const showing = (name: string, more: Partial<Showing> = {}): Showing => ({ name, address: "192.168.1.7:4829", code: "48291760", announced: true, tasks: 120, notes: 38, lists: ["Groceries", "Holidays"], ...more });

/** Why things go wrong, in the words of the real backend. */
export const TROUBLES = {
  wrong: error("pairing_wrong_code", "That code isn't right. It cannot be used again.", "Show a new code on the other device, and type that one."),
  wrongTry: error("pairing_wrong_try", "A device tried a wrong code, and that used this one up.", "Show a new code. If it was not you who mistyped it, somebody in this network tries codes."),
  expired: error("pairing_expired", "The code expired.", "Show a new code. It is good for two minutes."),
  none: error("pairing_no_code", "The other device shows no code now.", "There choose Settings, Devices, Add a device. Then type the code that it shows."),
  burned: error("pairing_burned", "This code was used already.", "Show a new code on the device that lets the other one in."),
  digits: error("pairing_not_a_code", "A code has eight digits.", "Type it as the other device shows it, such as 4829 1760."),
  declined: error("pairing_declined", "The other device declined. Nothing was paired.", "Show a new code if you want to try again."),
  cancelled: error("pairing_cancelled", "The pairing was ended. Nothing was paired.", "Begin again with a new code."),
  withdrawn: error("pairing_withdrawn", "The code was taken back.", "Show a new code."),
  nobody: error("nobody_nearby", "No device of that name shows a code in this network.", "Guest Wi-Fi and VPNs hide devices: type the address that the other device shows."),
  unreachable: error("nearby_unreachable", "192.168.1.9:4829 cannot be reached (no route to host).", "Check that the other device is on, in the same network, and that its firewall lets Holdfast through."),
  paused: error("nearby_paused", "Syncing is paused on this device.", "Resume it to pair with another device."),
  newer: error("nearby_update_this_device", "The other device has a newer version of Holdfast (2.1).", "Update the app on this device."),
  changed: error("nearby_changed_key", "This device has a different key than before. A reinstall does this; so does an impostor. Sync with it is stopped.", "Remove it and pair it again, if it was you who reinstalled it."),
} satisfies Record<string, CommandError>;

type Code = Omit<ShownCode, "leftMs"> & { until: number };
type Standing = Partial<Pick<NearbyDevice, "connected" | "address" | "clockAheadMs" | "error">> & { proof?: Proof; proofBy?: string; proofTime?: number };

export class Nearby {
  /** The devices around that show a code. */
  devices: Showing[] = [];
  /** Why the search cannot be done. */
  deaf: CommandError | null = null;
  /** How the devices of the vault stand. */
  readonly standing = new Map<Id, Standing>();
  readonly blocked = new Set<string>();
  addresses = ["192.168.1.5:4829"];
  triggers: Triggers = { onLaunch: true, onChange: true, everyMinutes: 15 };
  onMetered = false;
  /** Whether the network is metered. */
  metered = false;
  /** What the key is kept under; null where that is no passphrase. */
  passphrase: string | null = null;
  #typed: string[] = [];
  #code: Code | null = null;
  #shownAt: number[] = [];
  #looking = false;
  #joining: { from: Showing; preview: JoinPreview } | null = null;
  #passed = 0;

  constructor(private readonly desk: Desk, private readonly hasVault: () => boolean) {}

  #now(): number {
    return this.desk.now() + this.#passed;
  }
  /** Lets time go by. */
  pass(ms: number): void {
    this.#passed += ms;
    if (this.#code && this.#code.until <= this.#now()) this.#over({ error: TROUBLES.expired });
  }
  #tell(): void {
    this.desk.happen(() => {});
  }

  // ---- this device shows a code ----

  show(): ShownCode {
    if (this.desk.paused()) throw TROUBLES.paused;
    this.#shownAt = this.#shownAt.filter((at) => this.#now() - at < WITHIN);
    if (this.#shownAt.length >= CODES) throw error("pairing_too_many", "Five codes were shown within ten minutes, and more would help whoever guesses.", `Try again in ${Math.ceil((WITHIN - (this.#now() - (this.#shownAt[0] ?? 0))) / 1000)} seconds; if it was not you who used them up, somebody in this network tries codes, and an invitation file serves meanwhile.`);
    this.#shownAt.push(this.#now());
    const { world } = this.desk;
    world.sync.mode = "nearby";
    if (world.sync.state === "manual") world.sync.state = "idle";
    const number = this.desk.next();
    const digits = String(48_291_760 + (this.#shownAt.length - 1) * 1_111).slice(0, 8);
    this.#code = { number, code: `${digits.slice(0, 4)} ${digits.slice(4)}`, addresses: this.addresses, name: world.devices.find((one) => one.here)?.name ?? "", joining: null, words: [], paired: null, error: null, until: this.#now() + GOOD };
    this.#tell();
    return this.shown() as ShownCode;
  }
  shown(): ShownCode | null {
    if (!this.#code) return null;
    const { until, ...rest } = this.#code;
    const over = rest.paired !== null || rest.error !== null;
    return structuredClone({ ...rest, leftMs: over ? 0 : Math.max(0, until - this.#now()) });
  }
  stop(): void {
    this.#over({ error: TROUBLES.withdrawn });
  }
  #over(end: Partial<Code>): void {
    if (!this.#code || this.#code.paired !== null || this.#code.error !== null) return;
    this.#code = { ...this.#code, code: "", ...end };
    this.#tell();
  }
  /** Somebody types a code on another device. */
  typedElsewhere(name: string, code: string): void {
    const live = this.#code;
    if (!live || live.code === "") return;
    if (live.code.replace(" ", "") !== code.replace(" ", "")) {
      this.#over({ error: TROUBLES.wrongTry });
      return;
    }
    this.#code = { ...live, code: "", joining: { name, platform: "linux" }, words: ["amber", "river", "stone", "lamp"], until: this.#now() + 300_000 };
    this.#tell();
  }
  /** The person at the other device says yes or no to the preview. */
  answeredElsewhere(yes: boolean): void {
    const name = this.#code?.joining?.name;
    if (!name) return;
    if (!yes) return this.#over({ error: TROUBLES.declined });
    this.#enter(name);
    this.#over({ paired: name });
  }
  #enter(name: string): DeviceRef {
    const id = fakeId(0xe0 + this.desk.world.devices.length);
    const now = this.desk.now();
    this.desk.happen((world) => {
      world.devices.push({ id, name, here: false, platform: "linux", added: now, fingerprint: "51c0 9d2e 83fa 1b47 60d5 c2e8 7f39 0a64", lastSeen: now, removed: false, removedTime: null, removedBy: null, quarantined: 0 });
      world.sync.destinations.push({ id, name, kind: "device", state: "Connected · has everything", missingThere: 0, missingHere: 0, lastSeen: now });
    });
    this.standing.set(id, { connected: true, address: "192.168.1.7:4829", clockAheadMs: 0, proof: "code", proofTime: now });
    return { id, name, here: false };
  }

  // ---- this device types one ----

  look(): void {
    this.#looking = this.deaf === null;
    this.#tell();
  }
  stopLooking(): void {
    this.#looking = false;
  }
  found(): FoundDevices {
    const devices = this.#looking ? this.devices.filter((one) => one.announced).map(({ name, address }) => ({ name, address })) : [];
    return { looking: this.#looking, devices, error: this.deaf };
  }
  /** A device begins to show a code, or stops. */
  arrive(...devices: Showing[]): void {
    this.devices = devices;
    this.#tell();
  }
  begin(place: string, typed: string, passphrase: string | null): JoinPreview {
    this.#joining = null;
    if (this.hasVault() && this.passphrase !== null && passphrase !== this.passphrase) throw error("wrong_passphrase", "That passphrase is not right.", "Type it again. Nobody can reset it; without it the data stays closed.");
    const code = typed.replace(/[\s-]/g, "");
    if (!/^\d{8}$/.test(code)) throw TROUBLES.digits;
    const isAddress = /:\d+$/.test(place.trim());
    const from = this.devices.find((one) => (isAddress ? one.address === place.trim() : one.announced && one.name.toLowerCase() === place.trim().toLowerCase()));
    if (!from) throw isAddress ? TROUBLES.unreachable : TROUBLES.nobody;
    if (from.code === "") throw TROUBLES.none;
    if (from.code !== code) {
      from.code = "";
      throw TROUBLES.wrong;
    }
    from.code = "";
    const { world } = this.desk;
    const mine = this.hasVault();
    const own = world.lists.filter((one) => !one.deleted).map((one) => one.title);
    const preview: JoinPreview = {
      name: from.name, platform: "linux", tasks: from.tasks, notes: from.notes, lists: from.lists, words: ["amber", "river", "stone", "lamp"], checkWords: isAddress,
      bringsTasks: mine ? world.tasks.filter((one) => !one.deleted).length : 0, bringsNotes: mine ? world.notes.filter((one) => !one.deleted).length : 0,
      sameLists: mine ? from.lists.filter((title) => own.includes(title)) : [],
      leftBehind: mine ? world.devices.filter((one) => !one.here && !one.removed).map((one) => one.name) : [],
    };
    this.#joining = { from, preview };
    return structuredClone(preview);
  }
  async finish(same: SameLists, first: boolean): Promise<void> {
    const joining = this.#joining;
    this.#joining = null;
    if (!joining) throw TROUBLES.cancelled;
    const { world } = this.desk;
    if (first) this.desk.replace({ ...world, lists: [], tasks: [], notes: [], conflicts: [], activity: [], pending: {}, devices: world.devices.filter((one) => one.here), sync: { ...world.sync, destinations: [] } });
    const { from } = joining;
    this.desk.happen((now) => {
      // Those that stayed in the vault of before are not of this one.
      now.devices = now.devices.filter((one) => one.here);
      now.sync.destinations = [];
      Object.assign(now.sync, { mode: "nearby", state: "idle", error: null });
      for (const title of from.lists) if (same === "keepBoth" || !now.lists.some((one) => one.title === title && !one.deleted)) now.lists.push(list(this.desk.next(), title));
      now.tasks.push(task(this.desk.next(), `From ${from.name}`, { when: new Date(this.desk.now()).toISOString().slice(0, 10) }, this.desk.now()));
    });
    this.#enter(from.name);
  }
  cancel(): void {
    this.#joining = null;
  }

  // ---- how the others stand ----

  set(triggers: Triggers, onMetered: boolean): NearbyView {
    this.triggers = triggers;
    this.onMetered = onMetered;
    this.#tell();
    return this.view();
  }
  addAddress(address: string): void {
    if (!/^\S+:\d+$/.test(address.trim())) throw error("invalid", `'${address.trim()}' is not an address: give it as the other device shows it, such as 192.168.1.5:4829.`);
    if (!this.#typed.includes(address.trim())) this.#typed.push(address.trim());
    this.#tell();
  }
  removeAddress(address: string): void {
    this.#typed = this.#typed.filter((one) => one !== address);
    this.#tell();
  }
  block(id: Id): void {
    this.blocked.add(`key-${id}`);
    this.#tell();
  }
  unblock(key: string): void {
    this.blocked.delete(key);
    this.#tell();
  }
  view(): NearbyView {
    const { world } = this.desk;
    const on = world.sync.mode === "nearby";
    const devices = world.devices.filter((one) => !one.here).map((one): NearbyDevice => {
      const { proof, proofBy, proofTime, ...known } = this.standing.get(one.id) ?? {};
      const key = `key-${one.id}`;
      const blocked = this.blocked.has(key);
      const state = { connected: false, address: null, clockAheadMs: null, error: null, ...(on ? known : {}) };
      return { id: one.id, ...state, connected: state.connected && !one.removed && !blocked, proof: proof ?? "letIn", proofBy: proof === "founded" ? null : proofBy ?? "Laptop", proofTime: proofTime ?? one.added, key, blocked };
    });
    return structuredClone({
      on, running: on && !this.desk.paused(), addresses: on ? this.addresses : [], devices, error: null, asksForPassphrase: this.passphrase !== null,
      typed: this.#typed.map((address) => ({ address, connected: false, error: on ? TROUBLES.unreachable : null })),
      triggers: this.triggers, onMetered: this.onMetered, metered: on && this.metered && !this.onMetered,
      blockedKeys: [...this.blocked].filter((key) => !devices.some((one) => one.key === key)),
    });
  }
}
