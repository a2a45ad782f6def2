// The outbox on disk: IndexedDB, one row per unsent message. Where it is refused the caller goes on in memory.
import type { Entry } from "./outbox.std";
import { BadWire, decoded, Fields } from "../kit/fields.std";
import { isConversationId, isGroup, isMessageId, isUserId, type MessageId, type UserId } from "../relay/ids.std";
import { problem } from "../relay/codec.std";

const NAME = "talkhub-outbox";
const STORE = "entries";

export interface OutboxStore {
  load(user: UserId): Promise<Entry[]>;
  put(entry: Entry): Promise<void>;
  remove(id: MessageId): Promise<void>;
  clear(user: UserId): Promise<void>;
}

/** Rejects where the browser refuses storage, such as in some private windows. */
export async function openOutboxStore(factory: IDBFactory): Promise<OutboxStore> {
  const database = await new Promise<IDBDatabase>((resolve, reject) => {
    const asked = factory.open(NAME, 1);
    asked.onupgradeneeded = () => {
      asked.result.createObjectStore(STORE, { keyPath: "id" }).createIndex("user", "user");
    };
    asked.onsuccess = () => resolve(asked.result);
    asked.onerror = () => reject(asked.error);
    asked.onblocked = () => reject(new Error("the outbox is held by an older page"));
  });
  database.onversionchange = () => database.close();
  const write = (act: (store: IDBObjectStore) => void): Promise<void> =>
    new Promise((resolve, reject) => {
      // Strict: a message counts as kept only when it is on disk.
      const transaction = database.transaction(STORE, "readwrite", { durability: "strict" });
      transaction.oncomplete = () => resolve();
      transaction.onerror = () => reject(transaction.error);
      transaction.onabort = () => reject(transaction.error);
      act(transaction.objectStore(STORE));
    });
  const load = (user: UserId): Promise<Entry[]> =>
    new Promise((resolve, reject) => {
      const asked = database.transaction(STORE, "readonly").objectStore(STORE).index("user").getAll(user);
      asked.onsuccess = () => resolve(asked.result.flatMap((row: unknown) => decoded(entryOf, row) ?? []));
      asked.onerror = () => reject(asked.error);
    });
  return {
    load,
    put: (entry) => write((store) => store.put(entry)),
    remove: (id) => write((store) => store.delete(id)),
    clear: async (user) => {
      const entries = await load(user);
      await write((store) => entries.forEach((entry) => store.delete(entry.id)));
    },
  };
}

/** What lies in the browser's storage is outside too: it is read like anything from a wire. */
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
    emitted: from.flag("emitted"),
    ...(from.has("refused") ? { refused: from.one("refused", problem) } : {}),
  };
}
