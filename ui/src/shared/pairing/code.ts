// The eight digits that one device shows and the other one is told.

/** What a person typed or pasted, without spaces and hyphens. */
export function digitsOf(typed: string): string {
  return typed.replace(/[\s\u00a0-]/g, "");
}
/** Whether it can be a code at all: a wrong one would be burned for nothing. */
export function isCode(typed: string): boolean {
  return /^\d{8}$/.test(digitsOf(typed));
}
/** "4829 1760" as it is read aloud: digit by digit. */
export function spoken(code: string): string {
  return code.split(" ").map((half) => [...half].join(" ")).join(", ");
}
/** "2:00", "0:07" */
export function clockOf(ms: number): string {
  const seconds = Math.max(0, Math.ceil(ms / 1000));
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
}
