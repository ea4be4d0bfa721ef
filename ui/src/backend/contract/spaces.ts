// What travels where.

import type { DeviceRef, Id, Space } from "./app";
import type { WaitingItem } from "./sync";

/** What giving a list another space would do. Everything in it goes with it. */
export type SpacePreview = {
  list: Id;
  title: string;
  from: Space;
  to: Space;
  /** Lists that move, itself among them. */
  lists: number;
  tasks: number;
  notes: number;
  /** True when fewer ways of travelling may carry it than before. */
  narrower: boolean;
  /** Tags and attachments that only they use and that move along. */
  along: number;
  /** Other devices that hold copies now. */
  holders: DeviceRef[];
  /** Copies went out in a file or folder, to nobody in particular. */
  wentOut: boolean;
  /** The person has to say what becomes of those copies. */
  asksAboutCopies: boolean;
};
/** What becomes of copies that other devices hold. remove: they are asked to remove theirs. */
export type Copies = "leave" | "remove";
/** What waits for approval, by list. It is approved as one batch. */
export type ApprovalView = { list: Id; title: string; changes: number; items: WaitingItem[] };
