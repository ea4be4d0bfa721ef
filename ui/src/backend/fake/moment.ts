// The moment and the zone in which tests take place, whatever day and place it is: tests/setup.ts gives them to the clock.

/** A Wednesday afternoon. */
export const TEST_NOW = Date.parse("2026-11-18T14:32:00Z");
/** The zone of the words that tests expect. */
export const TEST_ZONE = "Etc/UTC";
