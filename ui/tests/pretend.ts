// Another date for the whole test run: `HOLDFAST_PRETEND=2028-02-29T23:40:00-03:30 TZ=America/St_Johns npm test`.
// The tests give their own moment and zone to the interface's clock, so nothing may come out differently.

const real = Date;

/** Shifts the system's clock, as far as scripts see it, so that it now says `moment`. */
export function pretend(moment: string | undefined): void {
  if (!moment) return;
  const shift = real.parse(moment) - real.now();
  if (Number.isNaN(shift)) throw new Error(`HOLDFAST_PRETEND is no moment: ${moment}`);
  globalThis.Date = new Proxy(real, {
    construct: (target, given: unknown[], self) => (given.length === 0 ? new target(target.now() + shift) : (Reflect.construct(target, given, self) as Date)),
    apply: (target) => new target(target.now() + shift).toString(),
    get: (target, key) => (key === "now" ? () => target.now() + shift : (Reflect.get(target, key) as unknown)),
  });
}
