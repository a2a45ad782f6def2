// The outbox on disk: IndexedDB, one row per own message until a day after its tick.
import { openTable } from "../kit/database.dom";
import { BadWire, Fields } from "../kit/fields.std";
import { problem } from "../relay/codec.std";
import { isConversationId, isGroup, isMessageId, isUserId, type MessageId, type UserId } from "../relay/ids.std";
import { takenOver, type Entry, type Passed, type Tick } from "./outbox.std";

const NAME = "talkhub-outbox";
const STORE = "entries";

export interface OutboxStore {
  load(user: UserId): Promise<Entry[]>;
  put(entry: Entry, durability?: "strict" | "relaxed"): Promise<void>;
  remove(ids: readonly MessageId[]): Promise<void>;
  /** Gives these to the tab `by`, unless another tab was faster. */
  claim(entries: readonly Entry[], by: string): Promise<Entry[]>;
}

/** Rejects where the browser refuses storage, such as in some private windows. */
export async function openOutboxStore(factory: IDBFactory): Promise<OutboxStore> {
  const table = await openTable(factory, NAME, STORE, "id", entryOf);
  return {
    load: table.load,
    put: table.put,
    remove: table.remove,
    claim: (entries, by) => {
      const tabs = new Map(entries.map((entry) => [entry.id, entry.tab]));
      return table.change([...tabs.keys()], (now) => (now.tab === tabs.get(now.id) ? takenOver(now, by) : null));
    },
  };
}

function entryOf(input: unknown): Entry {
  const from = new Fields(input, "entry");
  const body = from.text("body");
  if (body === "") throw new BadWire("an entry without text");
  return {
    id: from.kind("id", isMessageId),
    user: from.kind("user", isUserId),
    conversation: from.kind("conversation", isConversationId),
    group: from.kind("group", isGroup),
    body,
    at: from.number("at"),
    order: from.number("order"),
    tab: from.text("tab"),
    ...(from.has("writer") ? { writer: from.text("writer") } : {}),
    emitted: from.flag("emitted"),
    ...(from.has("refused") ? { refused: from.one("refused", problem) } : {}),
    ...(from.has("ticked") ? { ticked: from.one("ticked", tickOf) } : {}),
    ...(from.has("passed") ? { passed: from.one("passed", passedOf) } : {}),
  };
}

function tickOf(input: unknown): Tick {
  const from = new Fields(input, "tick");
  return { history: from.text("history"), at: from.number("at") };
}

function passedOf(input: unknown): Passed {
  const from = new Fields(input, "passed on");
  return { receipt: from.text("receipt"), at: from.number("at") };
}
